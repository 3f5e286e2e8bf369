"""The metrics at `/metrics/slis`: the last result of each health check, and how many there were.

Upstream: staging/src/k8s.io/component-base/metrics/prometheus/slis/metrics.go
"""

from rootspan_apiserver.telemetry.exposition import exposition
from rootspan_apiserver.telemetry.metric_types import counter, gauge
from rootspan_apiserver.telemetry.process_metrics import process_start


class HealthMetrics:
    """The results of health checks, by name and by the endpoint that ran them."""

    def __init__(self) -> None:
        self._last = gauge(
            "kubernetes_healthcheck", "[STABLE] This metric records the result of a single healthcheck.", "name", "type"
        )
        self._total = counter(
            "kubernetes_healthchecks_total",
            "[STABLE] This metric records the results of all healthcheck.",
            *("name", "type", "status"),
        )

    def observe(self, name: str, endpoint: str, *, passed: bool) -> None:
        """Record the result of one check."""
        self._last.labels(name, endpoint).set(float(passed))
        self._total.labels(name, endpoint, "success" if passed else "error").inc()

    def reset(self) -> None:
        """Forget all results."""
        self._last.reset()
        self._total.reset()

    def page(self) -> bytes:
        """Return the metrics as text."""
        return exposition((self._last, self._total, process_start()))
