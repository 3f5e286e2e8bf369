"""For how long a refused client is asked to stay away: longer while more and more requests are refused.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go
"""

import time
from collections import deque
from collections.abc import Callable

MOST_SECONDS = 32


class _Dropped:
    """The refusals of one priority level."""

    def __init__(self) -> None:
        self.retry_after = 1
        self._raised = 0
        self._second = 0
        self._count = 0
        self._history: deque[tuple[int, int]] = deque()

    def record(self, second: int) -> None:
        if self._second == second:
            self._count += 1
            return
        self._history.append((self._second, self._count))
        oldest = self._second - min(2 * self.retry_after, MOST_SECONDS)
        while self._history and self._history[0][0] < oldest:
            self._history.popleft()
        self._second, self._count = second, 1
        self._adapt(second)

    def _adapt(self, second: int) -> None:
        """Double the time after three refusals a second; subtract a second after less than one a second."""
        begin = second - self.retry_after
        dropped = sum(count for then, count in self._history if begin <= then < second)
        if second - self._raised >= self.retry_after and dropped >= 3 * self.retry_after:
            self.retry_after = min(2 * self.retry_after, MOST_SECONDS)
            self._raised = second
        elif dropped < self.retry_after and self.retry_after > 1:
            self.retry_after -= 1


class DroppedRequests:
    """The refusals of each priority level; `clock` returns seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._levels: dict[str, _Dropped] = {}

    def record(self, level: str) -> int:
        """Count a refusal, and return the seconds to answer as `Retry-After`."""
        dropped = self._levels.get(level)
        if dropped is None:
            dropped = self._levels[level] = _Dropped()
        dropped.record(int(self._clock()))
        return dropped.retry_after
