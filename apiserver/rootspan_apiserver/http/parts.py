"""The parts a request is served with, put together once by the application."""

from asyncio import Event
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """kube-apiserver's limits and their defaults. Times in seconds, sizes in bytes."""

    body: int = 3 * 1024 * 1024
    request_timeout: float = 60.0
    min_request_timeout: float = 1800.0
    max_requests_in_flight: int = 400
    max_mutating_requests_in_flight: int = 200
    queue_wait: float = 15.0


@dataclass(frozen=True, slots=True)
class Parts:
    """`tokens` issues those of service accounts. `checks` are the health checks by name, each raising when it fails; `readiness` those
    asked by `/readyz` only. `shutting_down` is set when the server is told to stop: `/readyz` fails from then on. `stopping` is set when
    it stops listening: watches end then. `audit` takes the audit events, and must not block. `dialect` is that of the spans.
    """

    registry: Registry
    store: Store
    admission: AdmissionChain
    tracing: Tracing
    authenticator: Authenticator
    authorizer: Authorizer
    tokens: ServiceAccountTokens
    metrics: Metrics = field(default_factory=Metrics)
    shutting_down: Event = field(default_factory=Event)
    stopping: Event = field(default_factory=Event)
    checks: Mapping[str, Check] = field(default_factory=dict)
    readiness: Mapping[str, Check] = field(default_factory=dict)
    limits: Limits = Limits()
    audit: Callable[[dict[str, Any]], None] | None = None
    dialect: Dialect = DEFAULT
