"""The requests that execute or wait, reads apart from writes: the most in the last second, and the fraction of their limits over time.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go, priority-and-fairness.go (requestWatermark)
"""

import time
from collections.abc import Callable

from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed
from rootspan_apiserver.telemetry.timing_histograms import TimedRatio, timing_histogram

READ_ONLY, MUTATING = "readOnly", "mutating"
READS = frozenset({"get", "list", "watch"})
"""The verbs that change nothing."""
EXECUTING, WAITING = "executing", "waiting"
_RATIOS = (0.0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
PERIOD = 1.0
"""Seconds that a watermark is for."""


class Watermark:
    """The most requests at once in the last full period."""

    __slots__ = ("_clock", "_last", "_since", "ratio")

    def __init__(self, ratio: TimedRatio, clock: Callable[[], float]) -> None:
        self.ratio = ratio
        self._clock = clock
        self._since = clock()
        self._last = 0

    def add(self, amount: int) -> None:
        """Count so many more requests, or fewer."""
        if self._clock() - self._since >= PERIOD:
            self._turn()
        self.ratio.add(amount)

    def value(self) -> int:
        """Return the most at once."""
        self._turn()
        return self._last

    def _turn(self) -> None:
        passed = self._clock() - self._since
        if passed >= PERIOD:
            self._last = self.ratio.highest if passed < 2 * PERIOD else 0
            self.ratio.highest = 0
            self._since += passed - passed % PERIOD


class InFlightMetrics:
    """The requests by phase and kind. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._ratios = timing_histogram(
            "apiserver_flowcontrol_read_vs_write_current_requests",
            "Observations, at the end of every nanosecond, of the number of requests (as a fraction of the relevant limit) waiting or in "
            "regular stage of execution",
            *("phase", "request_kind"),
            bounds=_RATIOS,
        )
        self._marks = {
            (phase, kind): Watermark(TimedRatio(self._ratios.labels(phase, kind), clock), clock)
            for phase in (EXECUTING, WAITING)
            for kind in (READ_ONLY, MUTATING)
        }
        self._executing = self._gauge(
            "apiserver_current_inflight_requests",
            "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
            EXECUTING,
        )
        self._waiting = self._gauge(
            "apiserver_current_inqueue_requests",
            "[ALPHA] Maximal number of queued requests in this apiserver per request kind in last second.",
            WAITING,
        )

    def mark(self, phase: str, *, mutating: bool) -> Watermark:
        """Return what counts the requests of a phase and kind."""
        return self._marks[phase, MUTATING if mutating else READ_ONLY]

    def limit(self, phase: str, limit: int) -> None:
        """Set how many requests may be in a phase, for both kinds."""
        for kind in (READ_ONLY, MUTATING):
            self._marks[phase, kind].ratio.set_limit(limit)

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        for each in self._marks.values():
            each.ratio.bring_up_to_date()
        return [self._executing, self._waiting, self._ratios]

    def _gauge(self, name: str, description: str, phase: str) -> Computed:
        return Computed(
            name,
            description,
            ("request_kind",),
            lambda: {(kind,): mark.value() for (of, kind), mark in self._marks.items() if of == phase},
        )
