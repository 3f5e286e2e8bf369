"""A queue of items to work on, each at most once at a time, and again, after growing pauses, while that fails.

Upstream: staging/src/k8s.io/client-go/util/workqueue/queue.go, rate_limiting_queue.go
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Generic, TypeVar

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.telemetry.queue_metrics import QueueMetrics, QueueNumbers

logger = logging.getLogger(__name__)
T = TypeVar("T", bound=Hashable)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "api-priority-and-fairness-config-consumer": "priority_and_fairness_config_queue",
        "apiservice-availability": "RemoteAvailabilityController",
        "cluster-authentication-trust": "cluster_authentication_trust_controller",
        "customresourcedefinitions": "crd_naming_condition_controller",
        "garbage-collector-controller": "garbage_collector_attempt_to_delete",
        "ipallocator-repair-controller": "ipaddresses",
        "namespace-controller": "namespace",
        "persistentvolume-protection-controller": "pvprotection",
        "persistentvolumeclaim-protection-controller": "pvcprotection",
        "resourcequota-controller": "resourcequota_primary",
        "root-ca-certificate-publisher-controller": "root_ca_cert_publisher",
        "serviceaccount-controller": "serviceaccount",
        "volumeattributesclass-protection-controller": "vacprotection",
    }
)
"""The names that queues have upstream, by those of their controllers; others have the same."""


class AgainError(Exception):
    """The work is not complete, though nothing failed: the item is worked on again after a pause."""


class WorkQueue(Generic[T]):
    """A rate-limited work queue: an item added while it is being worked on is worked on again afterwards.

    `name` is that of the controller; the metrics show the `numbers` of the queue.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.numbers = QueueNumbers()
        self.numbers.depth = lambda: len(self._waiting)
        self._added: dict[T, float] = {}
        self._waiting: deque[T] = deque()
        self._wanted: set[T] = set()
        self._working: set[T] = set()
        self._failures: dict[T, int] = {}
        self._work = asyncio.Event()

    def add(self, item: T) -> None:
        """Have `item` worked on."""
        if item not in self._wanted:
            self._wanted.add(item)
            self.numbers.adds.inc()
            self._added[item] = monotonic()
            if item not in self._working:
                self._waiting.append(item)
                self._work.set()

    def add_after(self, item: T, seconds: float) -> None:
        """Have `item` worked on once some time has passed."""
        asyncio.get_running_loop().call_later(seconds, self.add, item)

    def shown_in(self, metrics: QueueMetrics) -> None:
        """Show the numbers of the queue in `metrics`."""
        metrics.include(NAMES.get(self.name, self.name), self.numbers)

    async def run(self, work: Callable[[T], Awaitable[None]], workers: int = 1) -> None:
        """Work on the added items, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._run(work))

    async def _run(self, work: Callable[[T], Awaitable[None]]) -> None:
        while True:
            while not self._waiting:
                self._work.clear()
                await self._work.wait()
            item = self._waiting.popleft()
            self._wanted.discard(item)
            self._working.add(item)
            begun = self.numbers.begun[item] = monotonic()
            self.numbers.waiting_time.observe(begun - self._added.pop(item, begun))
            try:
                await work(item)
            except AgainError:
                self._later(item)
            except StatusError as exc:
                logger.info("%s: %s: %s", self.name, item, exc.message)
                self._later(item)
            except Exception:
                logger.exception("%s: %s", self.name, item)
                self._later(item)
            else:
                self._failures.pop(item, None)
            finally:
                self._working.discard(item)
                del self.numbers.begun[item]
                self.numbers.work_time.observe(monotonic() - begun)
                if item in self._wanted:
                    self._waiting.append(item)
                    self._work.set()

    def _later(self, item: T) -> None:
        times = self._failures[item] = self._failures.get(item, 0) + 1
        self.numbers.retries.inc()
        pause = min(FIRST_PAUSE * 2.0 ** min(times - 1, 16), LONGEST_PAUSE)
        self.add_after(item, pause)
