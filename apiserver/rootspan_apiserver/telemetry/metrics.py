"""The server's metrics, with the names of kube-apiserver (https://kubernetes.io/docs/reference/instrumentation/metrics/).

A request costs one look-up of what it is about, and an addition to each of its metrics.

Durations have the trace ids of sampled requests as exemplars, which are in the answer to a scraper that accepts OpenMetrics.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rootspan_apiserver.dialects.v1_36 import api_server_id
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.telemetry.aggregator_metrics import AggregatorMetrics
from rootspan_apiserver.telemetry.audit_metrics import AuditMetrics
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics
from rootspan_apiserver.telemetry.body_metrics import BodyMetrics
from rootspan_apiserver.telemetry.cache_metrics import CacheMetrics
from rootspan_apiserver.telemetry.client_metrics import ClientMetrics
from rootspan_apiserver.telemetry.conversion_metrics import ConversionMetrics
from rootspan_apiserver.telemetry.encryption_metrics import EncryptionMetrics
from rootspan_apiserver.telemetry.exposition import OPEN_METRICS, TEXT_FORMAT, exposition
from rootspan_apiserver.telemetry.flow_control_metrics import FlowControlMetrics
from rootspan_apiserver.telemetry.impersonation_metrics import ImpersonationMetrics
from rootspan_apiserver.telemetry.in_flight_metrics import InFlightMetrics
from rootspan_apiserver.telemetry.metric_types import (
    AnyFamily,
    Computed,
    Distribution,
    Family,
    Labels,
    Number,
    counter,
    gauge,
    histogram,
)
from rootspan_apiserver.telemetry.process_metrics import process_metrics, registered_metrics, release_metrics
from rootspan_apiserver.telemetry.queue_metrics import QueueMetrics
from rootspan_apiserver.telemetry.service_account_metrics import ServiceAccountMetrics
from rootspan_apiserver.telemetry.step_metrics import AccessMetrics, AdmissionMetrics, WatchMetrics
from rootspan_apiserver.telemetry.storage_metrics import StorageMetrics
from rootspan_apiserver.telemetry.token_cache_metrics import TokenCacheMetrics

# fmt: off
_SECONDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)
# fmt: on
_SLI_SECONDS = _SECONDS[2:]
_BYTES = tuple(10.0**power for power in range(3, 10))
_SUBJECT = ("verb", "group", "version", "resource", "subresource", "scope", "component")
_REQUEST = ("dry_run", *_SUBJECT)
_VERBS = MappingProxyType(
    {
        "get": "GET",
        "list": "LIST",
        "watch": "WATCH",
        "deletecollection": "DELETECOLLECTION",
        "create": "POST",
        "update": "PUT",
        "patch": "PATCH",
        "delete": "DELETE",
    }
)
_CONNECTS = frozenset({"log", "exec", "portforward", "attach", "proxy"})


def scope_of(info: RequestInfo) -> str:
    """Return how much a request is about: `resource` (one object), `namespace` or `cluster`; "" if it is not about a resource."""
    if info.name or info.verb == "create":
        return "resource"
    if info.namespace:
        return "namespace"
    return "cluster" if info.is_resource_request else ""


def verb_of(info: RequestInfo, content_type: str = "") -> str:
    """Return the verb as metrics report it: the HTTP method, or LIST, WATCH, APPLY, DELETECOLLECTION."""
    if info.verb == "patch" and content_type.startswith("application/apply-patch"):
        return "APPLY"
    return _VERBS.get(info.verb) or info.verb.upper()


def normalized_verb(info: RequestInfo, method: str, content_type: str = "") -> str:
    """Return the verb as spans report it: the HTTP method, or LIST, WATCH, APPLY, CONNECT.

    A collection is listed only where no object is named, be it by a field selector.
    """
    if info.subresource in _CONNECTS:
        return "CONNECT"
    if info.verb == "patch" and content_type.startswith("application/apply-patch"):
        return "APPLY"
    if info.verb == "watch":
        return "WATCH"
    return "LIST" if method in ("GET", "HEAD") and scope_of(info) not in ("resource", "") else method


@dataclass(frozen=True, slots=True)
class _Counted:
    """The metrics of requests that are alike."""

    total: Number
    duration: Distribution
    sli_duration: Distribution
    size: Distribution | None


class Metrics:
    """The metrics of one server.

    Attributes:
        access, admission, aggregator, audit, authorization, bodies, cache, clients, conversion, encryption, flow_control, impersonation,
            in_flight, queues, service_accounts, storage, token_cache, watches: Those of the parts of the server.
        features: Returns whether the server has each feature, by its name and stage.
    """

    def __init__(self, emulated_version: str = "1.36", storage: StorageMetrics | None = None) -> None:
        self._emulated_version = emulated_version
        self.access, self.token_cache = AccessMetrics(), TokenCacheMetrics()
        self.authorization = AuthorizationMetrics(api_server_id(socket.gethostname()))
        self.admission, self.audit = AdmissionMetrics(), AuditMetrics()
        self.conversion, self.encryption = ConversionMetrics(), EncryptionMetrics()
        self.flow_control, self.in_flight = FlowControlMetrics(), InFlightMetrics()
        self.impersonation = ImpersonationMetrics()
        self.storage = storage or StorageMetrics()
        self.features: Callable[[], Mapping[Labels, float]] = dict
        self.bodies, self.service_accounts = BodyMetrics(), ServiceAccountMetrics()
        self.queues, self.watches = QueueMetrics(), WatchMetrics()
        self.aggregator = AggregatorMetrics()
        self.cache, self.clients = CacheMetrics(), ClientMetrics()
        self._requests = counter(
            "apiserver_request_total",
            "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, "
            "and HTTP response code.",
            *(*_REQUEST, "code", "system_client"),
        )
        self._durations = histogram(
            "apiserver_request_duration_seconds",
            "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, "
            "scope and component.",
            *_REQUEST,
            bounds=_SECONDS,
        )
        self._sli_durations = histogram(
            "apiserver_request_sli_duration_seconds",
            "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds "
            "for each verb, group, version, resource, subresource, scope and component.",
            *_SUBJECT,
            bounds=_SLI_SECONDS,
        )
        self._sizes = histogram(
            "apiserver_response_sizes",
            "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.",
            *_SUBJECT,
            bounds=_BYTES,
        )
        self._terminations = counter(
            "apiserver_request_terminations_total",
            "[ALPHA] Number of requests which apiserver terminated in self-defense.",
            *(*_SUBJECT, "code"),
        )
        self._long_running = gauge(
            "apiserver_longrunning_requests",
            "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and "
            "component. Not all requests are tracked this way.",
            *_SUBJECT,
        )
        self._deprecated = _deprecated_apis()
        self._counted: dict[tuple[str, ...], _Counted] = {}

    def families(self) -> list[AnyFamily]:
        """Return all families, those of the process among them."""
        own = (
            self._requests,
            self._durations,
            self._sli_durations,
            self._sizes,
            self._terminations,
            self._long_running,
            self._deprecated,
        )
        parts = (
            *(
                self.access,
                self.admission,
                self.audit,
                self.authorization,
                self.conversion,
                self.encryption,
                self.flow_control,
            ),
            *(self.impersonation, self.in_flight, self.queues, self.storage, self.token_cache, self.watches),
            *(self.aggregator, self.bodies, self.cache, self.clients, self.service_accounts),
        )
        of_parts = [family for part in parts for family in part.families()]
        enabled = Computed(
            "kubernetes_feature_enabled",
            "[BETA] This metric records the data about the stage and enablement of a k8s feature.",
            ("name", "stage"),
            self.features,
        )
        found = [*own, *of_parts, enabled, *process_metrics(), *release_metrics(self._emulated_version)]
        return [*found, registered_metrics(found)]

    def reset(self) -> None:
        """Begin to count again; gauges stay as they are."""
        for family in self.families():
            if isinstance(family, Family) and family.kind != "gauge":
                family.reset()

    def terminated(self, info: RequestInfo, code: int) -> None:
        """Count a request that was ended to protect the server."""
        subject = _subject(info) if info.is_resource_request else ("", "", "", info.path, "", "apiserver")
        self._terminations.labels(verb_of(info), *subject, str(code)).inc()

    def deprecated(self, info: RequestInfo) -> None:
        """Note a request for a deprecated version."""
        self._deprecated.labels(info.api_group, info.api_version, info.resource, info.subresource, "").set(1.0)

    def long_running(self, info: RequestInfo) -> Number:
        """Return the gauge of the long-running requests like this one."""
        return self._long_running.labels(verb_of(info), *_subject(info))

    def observe(
        self,
        info: RequestInfo,
        *,
        verb: str,
        dry_run: str,
        code: int,
        seconds: float,
        waited: float = 0.0,
        size: int = 0,
        trace_id: int | None = None,
    ) -> None:
        """Count one finished request.

        Args:
            info: What it was about.
            verb: As `verb_of` returns it.
            dry_run: `All` for a dry run, else "".
            code: The status of the response.
            seconds: The time from the arrival of the request to the end of the response.
            waited: The part of it that flow control and webhooks took, in seconds.
            size: The bytes of the response.
            trace_id: The id of its trace; None if nothing was recorded.
        """
        subject = (verb, *_subject(info))
        key = (dry_run, str(code), *subject)
        counted = self._counted.get(key) or self._make(key, subject)
        counted.total.inc()
        counted.duration.observe(seconds, trace_id)
        counted.sli_duration.observe(seconds - waited)
        if counted.size is not None:
            counted.size.observe(size)

    def _make(self, key: tuple[str, ...], subject: tuple[str, ...]) -> _Counted:
        dry_run, code = key[:2]
        self._counted[key] = made = _Counted(
            self._requests.labels(dry_run, *subject, code, ""),
            self._durations.labels(dry_run, *subject),
            self._sli_durations.labels(*subject),
            self._sizes.labels(*subject) if subject[0] in ("GET", "LIST") else None,
        )
        return made

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return body and content type of `/metrics`: OpenMetrics with exemplars if `accept` (the `Accept` header) names it."""
        if "application/openmetrics-text" in accept:
            return exposition(self.families(), open_metrics=True), OPEN_METRICS
        return exposition(self.families()), TEXT_FORMAT


def _deprecated_apis() -> Family[Number]:
    return gauge(
        "apiserver_requested_deprecated_apis",
        "[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and "
        "removed_release.",
        *("group", "version", "resource", "subresource", "removed_release"),
    )


def _subject(info: RequestInfo) -> tuple[str, str, str, str, str, str]:
    """Return the labels for the subject of a request: group, version, resource, subresource, scope and component."""
    return info.api_group, info.api_version, info.resource, info.subresource, scope_of(info), "apiserver"
