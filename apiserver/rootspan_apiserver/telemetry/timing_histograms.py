"""Histograms of a ratio over time: how long it was in each bucket, in nanoseconds.

The sum of a histogram is the integral of the ratio over time.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/timing_ratio_histogram.go,
staging/src/k8s.io/component-base/metrics/prometheusextension/timing_histogram.go
"""

import time
from collections.abc import Callable, Sequence

from rootspan_apiserver.telemetry.metric_types import Family, TimeDistribution


class TimedRatio:
    """A number that goes up and down, as a fraction of a limit, in a histogram over time.

    Attributes:
        highest: The greatest number since it was last replaced.
    """

    __slots__ = ("_clock", "_distribution", "_limit", "_number", "_since", "_spent", "highest")

    def __init__(self, distribution: TimeDistribution, clock: Callable[[], float] = time.monotonic) -> None:
        self._distribution = distribution
        self._clock = clock
        self._since = clock()
        self._number = self.highest = 0
        self._limit = 1.0
        self._spent: dict[int, float] = {}

    def add(self, amount: int) -> None:
        """Change the number by `amount`."""
        now, number, spent = self._clock(), self._number, self._spent
        spent[number] = spent.get(number, 0.0) + now - self._since
        self._since = now
        self._number = number = number + amount
        if number > self.highest:
            self.highest = number

    def set_limit(self, limit: float) -> None:
        """Replace the limit."""
        self.bring_up_to_date()
        self._limit = limit

    def bring_up_to_date(self) -> None:
        """Put the time until now into the histogram."""
        self.add(0)
        for number, seconds in self._spent.items():
            self._distribution.spend(number / self._limit, seconds)
        self._spent.clear()


def timing_histogram(name: str, description: str, *names: str, bounds: Sequence[float]) -> Family[TimeDistribution]:
    """Return a histogram over time."""
    text = f"EXPERIMENTAL: [ALPHA] {description}"
    return Family("histogram", name, text, names, lambda: TimeDistribution(bounds))
