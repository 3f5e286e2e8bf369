"""How long the layers of a slow request took, for its audit event.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/request/webhook_duration.go
"""

from contextvars import ContextVar
from time import perf_counter
from types import TracebackType

from rootspan_apiserver.kube.go_durations import format_duration

_PREFIX = "apiserver.latency.k8s.io/"
_LONGEST = frozenset({"apf-queue-wait", "authorization", "validating-webhook"})
"""Layers of which the longest time counts; those of the others are added up."""


class LatencyTrackers:
    """The seconds of each layer in one request."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def add(self, layer: str, seconds: float) -> None:
        """Count some seconds of a layer."""
        before = self._seconds.get(layer, 0.0)
        self._seconds[layer] = max(before, seconds) if layer in _LONGEST else before + seconds

    def annotations(self, total: float) -> dict[str, str]:
        """Return the annotations of a request that took `total` seconds."""
        layers = self._seconds | {"total": total}
        return {_PREFIX + layer: format_duration(round(seconds * 1e9)) for layer, seconds in layers.items()}


LATENCY_TRACKERS: ContextVar[LatencyTrackers | None] = ContextVar("latency_trackers", default=None)
"""Those of the request that is being served; None outside of requests that are audited."""


class Tracked:
    """A context manager: the time inside is counted as that of a layer."""

    __slots__ = ("_layer", "_started")

    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        track(self._layer, perf_counter() - self._started)


def track(layer: str, seconds: float) -> None:
    """Count some seconds of a layer of the present request."""
    if (trackers := LATENCY_TRACKERS.get()) is not None:
        trackers.add(layer, seconds)
