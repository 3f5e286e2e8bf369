"""The metrics of the steps of a request: authentication, authorization, admission; and those of watches.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/metrics.go, staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from time import perf_counter
from types import TracebackType

from rootspan_apiserver.telemetry.metric_types import AnyFamily, Distribution, Family, counter, histogram
from rootspan_apiserver.telemetry.pod_security_metrics import PodSecurityMetrics
from rootspan_apiserver.telemetry.policy_metrics import MatchConditionMetrics, PolicyMetrics
from rootspan_apiserver.telemetry.webhook_metrics import AdmissionWebhookMetrics

_ACCESS_SECONDS = tuple(0.001 * 2**power for power in range(15))
_ADMISSION_SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5)
_WEBHOOK_SECONDS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 25.0)
_EVENT_BYTES = tuple(1024.0 * 2**power for power in range(8))


class AccessMetrics:
    """The attempts of authentication and authorization."""

    def __init__(self) -> None:
        self._users = counter(
            "authenticated_user_requests",
            "[ALPHA] Counter of authenticated requests broken out by username.",
            "username",
        )
        self._authentications = counter(
            "authentication_attempts", "[ALPHA] Counter of authenticated attempts.", "result"
        )
        self._authentication_time = histogram(
            "authentication_duration_seconds",
            "[ALPHA] Authentication duration in seconds broken out by result.",
            "result",
            bounds=_ACCESS_SECONDS,
        )
        self._authorizations = counter(
            "authorization_attempts_total",
            "[ALPHA] Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or "
            "'error'.",
            "result",
        )
        self._authorization_time = histogram(
            "authorization_duration_seconds",
            "[ALPHA] Authorization duration in seconds broken out by result.",
            "result",
            bounds=_ACCESS_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [
            self._users,
            self._authentications,
            self._authentication_time,
            self._authorizations,
            self._authorization_time,
        ]

    def authenticated(self, user: str, seconds: float) -> None:
        """Count a request of a user."""
        self._users.labels(_user_label(user)).inc()
        self._attempt("success", seconds)

    def unauthenticated(self, seconds: float) -> None:
        """Count a request whose credentials are not valid."""
        self._attempt("failure", seconds)

    def _attempt(self, result: str, seconds: float) -> None:
        self._authentications.labels(result).inc()
        self._authentication_time.labels(result).observe(seconds)

    def authorized(self, verdict: str, seconds: float, *, failed: bool = False) -> None:
        """Count a decision: `allow`, `deny` or something else. One that failed and allows nothing is an error."""
        result = "error" if failed and verdict != "allow" else _RESULTS.get(verdict, "no-opinion")
        self._authorizations.labels(result).inc()
        self._authorization_time.labels(result).observe(seconds)


_RESULTS: Mapping[str, str] = {"allow": "allowed", "deny": "denied"}


def _user_label(name: str) -> str:
    """Return a name that few users share, so that there are few series."""
    if name in ("admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"):
        return name
    return "email_id" if "@" in name else "other"


class AdmissionMetrics:
    """The time of admission: of each plugin, and of each of the two phases.

    Attributes:
        webhooks, pod_security: The metrics of these plugins.
        policies, match_conditions: The metrics of CEL expressions.
    """

    def __init__(self) -> None:
        self.webhooks = AdmissionWebhookMetrics()
        self.pod_security = PodSecurityMetrics()
        self.policies = PolicyMetrics()
        self.match_conditions = MatchConditionMetrics()
        self._plugins = histogram(
            "apiserver_admission_controller_admission_duration_seconds",
            "[STABLE] Admission controller latency histogram in seconds, identified by name and broken out for each operation and API "
            "resource and type (validate or admit).",
            *("name", "type", "operation", "rejected"),
            bounds=_ADMISSION_SECONDS,
        )
        self._steps = histogram(
            "apiserver_admission_step_admission_duration_seconds",
            "[STABLE] Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type "
            "(validate or admit).",
            *("type", "operation", "rejected"),
            bounds=_ADMISSION_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        parts = (self.webhooks, self.pod_security, self.policies, self.match_conditions)
        return [self._plugins, self._steps, *(family for part in parts for family in part.families())]

    def plugin(self, name: str, phase: str, operation: str) -> AbstractContextManager[None]:
        """Measure the work of one plugin, which is in the block; `phase` is admit or validate."""
        return _Measured(self._plugins, (name, phase, operation))

    def step(self, phase: str, operation: str) -> AbstractContextManager[None]:
        """Measure one phase of a request, which is in the block."""
        return _Measured(self._steps, (phase, operation))


class _Measured(AbstractContextManager[None]):
    """Measures a block; what it raises is a rejection."""

    __slots__ = ("_family", "_labels", "_started")

    def __init__(self, family: Family[Distribution], labels: tuple[str, ...]) -> None:
        self._family = family
        self._labels = labels

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        rejected = "false" if kind is None else "true"
        self._family.labels(*self._labels, rejected).observe(perf_counter() - self._started)


class WatchMetrics:
    """The events sent to watchers."""

    def __init__(self) -> None:
        kind = ("group", "version", "resource")
        self._events = counter("apiserver_watch_events_total", "[ALPHA] Number of events sent in watch clients", *kind)
        self._sizes = histogram(
            "apiserver_watch_events_sizes",
            "[ALPHA] Watch event size distribution in bytes",
            *kind,
            bounds=_EVENT_BYTES,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._events, self._sizes]

    def event(self, group: str, version: str, resource: str, size: int) -> None:
        """Count one event of `size` bytes."""
        self._events.labels(group, version, resource).inc()
        self._sizes.labels(group, version, resource).observe(size)
