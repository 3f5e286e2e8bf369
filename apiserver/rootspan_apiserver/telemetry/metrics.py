"""The server's metrics, with the names of kube-apiserver (https://kubernetes.io/docs/reference/instrumentation/metrics/).

Durations have the trace ids of sampled requests as exemplars, which are in the answer to a scraper that accepts OpenMetrics.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go
"""

from functools import lru_cache
from types import MappingProxyType

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    exposition,
)
from prometheus_client.openmetrics import exposition as openmetrics

from rootspan_apiserver.kube.request_info import RequestInfo

# fmt: off
_SECONDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0,
)
# fmt: on
_REQUEST = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
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
_READS = frozenset({"get", "list", "watch"})


def scope_of(info: RequestInfo) -> str:
    """Return how much a request is about: `resource` (one object), `namespace` or `cluster`; "" if it is not about a resource."""
    if info.name or info.verb == "create":
        return "resource"
    if info.namespace:
        return "namespace"
    return "cluster" if info.is_resource_request else ""


def verb_of(info: RequestInfo, content_type: str = "") -> str:
    """Return the verb as metrics and spans report it: the HTTP method, or LIST, WATCH, APPLY, DELETECOLLECTION."""
    if info.verb == "patch" and content_type.startswith("application/apply-patch"):
        return "APPLY"
    return _VERBS.get(info.verb) or info.verb.upper()


class Metrics:
    """The metrics of one server; `registry` holds all of them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = Counter(
            "apiserver_request_total",
            "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, "
            "and HTTP response code.",
            (*_REQUEST, "code"),
            registry=self.registry,
        )
        self._durations = Histogram(
            "apiserver_request_duration_seconds",
            "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, "
            "scope and component.",
            _REQUEST,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._in_flight = Gauge(
            "apiserver_current_inflight_requests",
            "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
            ("request_kind",),
            registry=self.registry,
        )
        self.reading = self._in_flight.labels("readOnly")
        self.mutating = self._in_flight.labels("mutating")
        self._long_running = Gauge(
            "apiserver_longrunning_requests",
            "Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. "
            "Not all requests are tracked this way.",
            ("verb", "group", "version", "resource", "subresource", "scope", "component"),
            registry=self.registry,
        )
        self._rejected = Counter(
            "apiserver_flowcontrol_rejected_requests_total",
            "Number of requests rejected by API Priority and Fairness subsystem",
            ("priority_level", "flow_schema", "reason"),
            registry=self.registry,
        )
        self._request_labels = lru_cache(maxsize=4096)(self._requests.labels)
        self._duration_labels = lru_cache(maxsize=4096)(self._durations.labels)

    def in_flight(self, info: RequestInfo) -> Gauge:
        """Return the gauge of the requests in flight of this kind."""
        return self.reading if info.verb in _READS else self.mutating

    def long_running(self, info: RequestInfo) -> Gauge:
        """Return the gauge of the long-running requests like this one."""
        return self._long_running.labels(verb_of(info), *_subject(info))

    def rejected(self, priority_level: str, flow_schema: str, reason: str) -> None:
        """Count a request that flow control rejected."""
        self._rejected.labels(priority_level, flow_schema, reason).inc()

    def observe(
        self, info: RequestInfo, *, verb: str, dry_run: str, code: int, seconds: float, trace_id: int | None
    ) -> None:
        """Count one finished request.

        Args:
            info: What it was about.
            verb: As `verb_of` returns it.
            dry_run: `All` for a dry run, else "".
            code: The status of the response.
            seconds: The time from the arrival of the request to the end of the response.
            trace_id: The id of its trace; None if nothing was recorded.
        """
        labels = (verb, dry_run, *_subject(info))
        self._request_labels(*labels, str(code)).inc()
        exemplar = {"trace_id": f"{trace_id:032x}"} if trace_id is not None else None
        self._duration_labels(*labels).observe(seconds, exemplar)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return body and content type of `/metrics`: OpenMetrics with exemplars if `accept` (the `Accept` header) names it."""
        if "application/openmetrics-text" in accept:
            text = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call] # untyped in prometheus_client
            return text, openmetrics.CONTENT_TYPE_LATEST
        return exposition.generate_latest(self.registry), exposition.CONTENT_TYPE_PLAIN_0_0_4


def _subject(info: RequestInfo) -> tuple[str, str, str, str, str, str]:
    """Return the labels for the subject of a request: group, version, resource, subresource, scope and component."""
    return info.api_group, info.api_version, info.resource, info.subresource, scope_of(info), "apiserver"
