"""The metrics of impersonation.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/metrics/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, counter, histogram

_SECONDS = tuple(0.001 * 2**power for power in range(15))
_LABELS = ("mode", "decision")


class ImpersonationMetrics:
    """Counts and times the attempts to impersonate, and the questions to the authorizer that they cause."""

    def __init__(self) -> None:
        self._attempts = counter(
            "apiserver_impersonation_attempts_total",
            "[ALPHA] Total number of impersonation attempts split by mode and decision.",
            *_LABELS,
        )
        self._attempt_time = histogram(
            "apiserver_impersonation_attempts_duration_seconds",
            "[ALPHA] Latency of impersonation attempts in seconds split by mode and decision.",
            *_LABELS,
            bounds=_SECONDS,
        )
        self._checks = counter(
            "apiserver_impersonation_authorization_attempts_total",
            "[ALPHA] Total number of authorization checks made by the impersonation handler split by mode and decision.",
            *_LABELS,
        )
        self._check_time = histogram(
            "apiserver_impersonation_authorization_attempts_duration_seconds",
            "[ALPHA] Latency of authorization checks made by the impersonation handler in seconds split by mode and decision.",
            *_LABELS,
            bounds=_SECONDS,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._attempts, self._attempt_time, self._checks, self._check_time]

    def attempt(self, mode: str, *, allowed: bool, seconds: float) -> None:
        """Count one attempt to impersonate; `mode` is "" for one that no mode allows."""
        labels = (mode, _decision(allowed))
        self._attempts.labels(*labels).inc()
        self._attempt_time.labels(*labels).observe(seconds)

    def check(self, mode: str, *, allowed: bool, seconds: float) -> None:
        """Count one question to the authorizer."""
        labels = (mode, _decision(allowed))
        self._checks.labels(*labels).inc()
        self._check_time.labels(*labels).observe(seconds)


def _decision(allowed: bool) -> str:
    return "allowed" if allowed else "denied"
