"""The metrics of aggregated APIs.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/controllers/status/metrics/metrics.go
"""

from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, counter


class AggregatorMetrics:
    """Which APIServices are unavailable."""

    def __init__(self) -> None:
        self._available: dict[str, bool] = {}
        self._unavailable = Computed(
            "aggregator_unavailable_apiservice",
            "[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.",
            ("name",),
            lambda: {(name,): float(not available) for name, available in self._available.items()},
        )
        self._changes = counter(
            "aggregator_unavailable_apiservice_total",
            "[ALPHA] Counter of APIServices which are marked as unavailable broken down by APIService name and reason.",
            *("name", "reason"),
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._unavailable, self._changes]

    def checked(self, name: str, *, available: bool) -> None:
        """Note whether an APIService is available."""
        self._available[name] = available

    def became_unavailable(self, name: str, reason: str) -> None:
        """Count an APIService that was available."""
        self._changes.labels(name, reason).inc()

    def forget(self, name: str) -> None:
        """Show an APIService no more."""
        self._available.pop(name, None)
