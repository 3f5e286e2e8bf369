"""The filters and handlers before a real store, behind a real socket."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from rootspan.testing import SpanRecorder, recording_provider
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.audit.backend import Outcome
from rootspan_apiserver.audit.event import AuditEvent
from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.service_account_keys import generated
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountSettings, ServiceAccountTokens
from rootspan_apiserver.authn.tokens import StaticTokens
from rootspan_apiserver.authn.union import UnionAuthenticator
from rootspan_apiserver.authz.authorizer import ALLOW, NO_OPINION, AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.authz.privileged_groups import PrivilegedGroups
from rootspan_apiserver.authz.union import UnionAuthorizer
from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.filters.auditor import Auditor
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.handlers.routes import application
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import ASGIApp
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, User
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.resources.flowcontrol import bootstrap
from rootspan_apiserver.serving.http import Address, listen, serving
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing

ISSUER = "https://kubernetes.default.svc"
USERS = StaticTokens({"admin": User("admin", "u1", ("system:masters",)), "bob": User("bob", "u2")})


class Cautious:
    """Lets everybody ask for the version, and whom it knows for discovery and about themselves."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        known = ALL_AUTHENTICATED in attributes.user.groups
        if attributes.is_resource:
            return ALLOW if known and attributes.resource.startswith("selfsubject") else NO_OPINION
        return ALLOW if attributes.path == "/version" or (known and attributes.path.startswith("/api")) else NO_OPINION


class Kept:
    """A backend that keeps the events, and for which nobody waits."""

    def __init__(self) -> None:
        self.events: list[JSONObject] = []

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        self.events += [event.document for event in events]
        return None

    async def aclose(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server; `filtered` puts filters before its handlers anew, with an auditor."""

    registry: Registry
    tracing: Tracing
    metrics: Metrics
    lifecycle: Lifecycle
    filtered: Callable[[Auditor | None], ASGIApp]
    address: Address
    client: httpx.AsyncClient
    recorder: SpanRecorder


def with_uids(objects: Sequence[JSONObject]) -> list[JSONObject]:
    """Return the objects as if they were stored."""
    return [{**each, "metadata": {**each["metadata"], "uid": str(uuid.uuid4())}} for each in objects]


async def etcd_up() -> None:
    """The check of a store that is always there."""


@asynccontextmanager
async def serve(limits: Limits = Limits(), *, dialect: Dialect = DEFAULT) -> AsyncIterator[Server]:  # noqa: B008 - frozen
    provider, recorder = recording_provider(service="apiserver")
    tracing = Tracing(provider, dialect)
    registry = builtin_registry()
    async with (
        EmbeddedEtcd(None) as embedded,
        EtcdClient([URL], transport=embedded.transport) as etcd,
        Storage(etcd, tracing, resources=registry.resources()) as storage,
    ):
        assert await storage.wait_ready(5)
        settings = ServiceAccountSettings(keys=generated(), issuers=(ISSUER,), jwks_uri=f"{ISSUER}/keys")
        tokens = ServiceAccountTokens(settings, ServiceAccountObjects(storage, registry))
        authenticator = UnionAuthenticator([USERS, tokens, AnonymousAuthenticator()], [ISSUER])
        authorizer = UnionAuthorizer([PrivilegedGroups(), Cautious()])
        metrics, lifecycle = Metrics(), Lifecycle()
        flow = FlowController(400, metrics)
        flow.configure(
            with_uids([*bootstrap.mandatory_levels(), *bootstrap.suggested_levels()]),
            with_uids([*bootstrap.mandatory_schemas(), *bootstrap.suggested_schemas()]),
        )
        handlers = application(
            registry=registry,
            store=Store(storage, registry.resources()),
            admission=AdmissionChain([], metrics.admission),
            authenticator=authenticator,
            authorizer=authorizer,
            tokens=tokens,
            metrics=metrics,
            lifecycle=lifecycle,
            etcd_check=etcd_up,
            flow=flow,
        )
        lifecycle.started.set()

        def filtered(auditor: Auditor | None) -> ASGIApp:
            return chain(
                handlers,
                authenticator=authenticator,
                authorizer=authorizer,
                registry=registry,
                tracing=tracing,
                metrics=metrics,
                auditor=auditor,
                flow=flow,
                limits=limits,
                dialect=dialect,
            )

        traced = dialect.server_span(filtered(None), tracer_provider=provider)
        headers = {"authorization": "Bearer admin", "user-agent": "tester/1.0", "accept": "application/json"}
        async with (
            serving(traced, listen("127.0.0.1", 0), stopping=lifecycle.stopping.set) as address,
            httpx.AsyncClient(base_url=address.url, headers=headers, timeout=10, trust_env=False) as client,
        ):
            yield Server(
                registry=registry,
                tracing=tracing,
                metrics=metrics,
                lifecycle=lifecycle,
                filtered=filtered,
                address=address,
                client=client,
                recorder=recorder,
            )


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve() as server:
        yield server


@pytest.fixture
def client(server: Server) -> httpx.AsyncClient:
    return server.client
