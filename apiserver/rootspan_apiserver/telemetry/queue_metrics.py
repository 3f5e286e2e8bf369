"""The metrics of work queues.

Upstream: staging/src/k8s.io/component-base/metrics/prometheus/workqueue/metrics.go, staging/src/k8s.io/client-go/util/workqueue/metrics.go
"""

from collections.abc import Callable, Mapping
from time import monotonic
from types import MappingProxyType

from rootspan_apiserver.telemetry.metric_types import (
    AnyFamily,
    Computed,
    Distribution,
    Labels,
    Number,
    counter,
    histogram,
)

SECONDS = tuple(10.0**power for power in range(-8, 2))
_GAUGES: Mapping[str, str] = MappingProxyType(
    {
        "depth": "[BETA] Current depth of workqueue",
        "unfinished_work_seconds": (
            "[BETA] How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate "
            "stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases."
        ),
        "longest_running_processor_seconds": (
            "[BETA] How many seconds has the longest running processor for workqueue been running."
        ),
    }
)


class QueueNumbers:
    """What is counted of one queue.

    Attributes:
        adds, retries: How many items were added, and how many were added again because their work failed.
        waiting_time, work_time: The seconds that items wait, and that the work on them takes.
        depth: The number of items that wait.
        begun: When the work on each item that is being worked on began, by any key of it.
    """

    def __init__(self) -> None:
        self.adds = Number()
        self.retries = Number()
        self.waiting_time = Distribution(SECONDS)
        self.work_time = Distribution(SECONDS)
        self.depth: Callable[[], int] = int
        self.begun: dict[object, float] = {}

    def running(self) -> list[float]:
        """Return for how many seconds each item has been worked on."""
        now = monotonic()
        return [now - begun for begun in self.begun.values()]


class QueueMetrics:
    """The metrics of all queues of a server, by the names of the queues."""

    def __init__(self) -> None:
        self._queues: dict[str, QueueNumbers] = {}
        self._adds = counter("workqueue_adds_total", "[BETA] Total number of adds handled by workqueue", "name")
        self._retries = counter(
            "workqueue_retries_total", "[BETA] Total number of retries handled by workqueue", "name"
        )
        self._waiting = histogram(
            "workqueue_queue_duration_seconds",
            "[BETA] How long in seconds an item stays in workqueue before being requested.",
            "name",
            bounds=SECONDS,
        )
        self._work = histogram(
            "workqueue_work_duration_seconds",
            "[BETA] How long in seconds processing an item from workqueue takes.",
            "name",
            bounds=SECONDS,
        )
        read: dict[str, Callable[[QueueNumbers], float]] = {
            "depth": lambda queue: queue.depth(),
            "unfinished_work_seconds": lambda queue: sum(queue.running()),
            "longest_running_processor_seconds": lambda queue: max(queue.running(), default=0.0),
        }
        self._gauges = [
            Computed(f"workqueue_{name}", description, ("name",), self._each(read[name]))
            for name, description in _GAUGES.items()
        ]

    def include(self, name: str, numbers: QueueNumbers) -> None:
        """Show the numbers of a queue from now on."""
        self._queues[name] = numbers
        self._adds.include(numbers.adds, name)
        self._retries.include(numbers.retries, name)
        self._waiting.include(numbers.waiting_time, name)
        self._work.include(numbers.work_time, name)

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        return [self._adds, self._retries, self._waiting, self._work, *self._gauges]

    def _each(self, read: Callable[[QueueNumbers], float]) -> Callable[[], Mapping[Labels, float]]:
        return lambda: {(name,): read(queue) for name, queue in self._queues.items()}
