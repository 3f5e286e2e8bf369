"""What the server counts of itself, under kube-apiserver's own names, in a registry of the instance.

https://kubernetes.io/docs/reference/instrumentation/metrics/. The durations carry the trace id of sampled requests as exemplars, shown to
a scraper that asks for OpenMetrics.
"""

from functools import lru_cache

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

_SECONDS = (
    0.005,
    0.025,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    1.0,
    1.25,
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    8.0,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
)
_REQUEST = ("verb", "dry_run", "group", "version", "resource", "subresource", "scope", "component")
_VERBS = {"get": "GET", "list": "LIST", "watch": "WATCH", "deletecollection": "DELETECOLLECTION"}
_METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
_READS = frozenset({"get", "list", "watch"})


def scope_of(info: RequestInfo) -> str:
    """`resource`, `namespace` or `cluster`: how much of the store a request is about; "" for what is not a resource."""
    if info.name or info.verb == "create":
        return "resource"
    if info.namespace:
        return "namespace"
    return "cluster" if info.is_resource_request else ""


def verb_of(info: RequestInfo, content_type: str = "") -> str:
    """The verb as metrics and spans report it: the HTTP method, or LIST, WATCH, APPLY, DELETECOLLECTION."""
    if info.verb == "patch" and content_type.startswith("application/apply-patch"):
        return "APPLY"
    return _VERBS.get(info.verb) or _METHODS.get(info.verb) or info.verb.upper()


class Metrics:
    """The counters of one server; `registry` is what `/metrics` shows."""

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
        return self.reading if info.verb in _READS else self.mutating

    def long_running(self, info: RequestInfo) -> Gauge:
        return self._long_running.labels(verb_of(info), *_subject(info))

    def rejected(self, priority_level: str, flow_schema: str, reason: str) -> None:
        self._rejected.labels(priority_level, flow_schema, reason).inc()

    def observe(
        self, info: RequestInfo, *, verb: str, dry_run: str, code: int, seconds: float, trace_id: int | None
    ) -> None:
        """Counts one finished request.

        Args:
            seconds: from its arrival to the end of its answer.
            trace_id: of its trace, None where nothing was recorded.
        """
        labels = (verb, dry_run, *_subject(info))
        self._request_labels(*labels, str(code)).inc()
        exemplar = {"trace_id": f"{trace_id:032x}"} if trace_id is not None else None
        self._duration_labels(*labels).observe(seconds, exemplar)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The body and the content type of `/metrics`: OpenMetrics, with exemplars, where asked."""
        if "application/openmetrics-text" in accept:
            text = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call] # prometheus_client left it untyped
            return text, openmetrics.CONTENT_TYPE_LATEST
        return exposition.generate_latest(self.registry), exposition.CONTENT_TYPE_PLAIN_0_0_4


def _subject(info: RequestInfo) -> tuple[str, str, str, str, str, str]:
    """The labels that say what a request was about: group, version, resource, subresource, scope and component."""
    return info.api_group, info.api_version, info.resource, info.subresource, scope_of(info), "apiserver"
