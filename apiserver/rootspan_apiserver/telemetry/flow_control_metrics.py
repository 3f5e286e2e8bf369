"""The metrics of API Priority and Fairness.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go
"""

from collections.abc import Callable

from rootspan_apiserver.telemetry.flow_metrics import PREFIX, FlowFamilies
from rootspan_apiserver.telemetry.metric_types import AnyFamily, Computed, Family, Labels, Number, gauge
from rootspan_apiserver.telemetry.timing_histograms import timing_histogram

_LEVEL = ("priority_level",)
_DEMAND = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.8, 4.0, 6.0)
_SEAT_USE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_REQUEST_USE = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1.0)
_BOUNDS = ("min", "max")
_DISPATCH_TIMES = (
    ("dispatch_r", "R(time of last dispatch)", 0, ()),
    ("latest_s", "S(most recently dispatched request)", 1, ()),
    ("next_s_bounds", "min and max, over queues, of S(oldest waiting request in queue)", 2, _BOUNDS),
)


def _gauge(name: str, description: str, *names: str) -> Family[Number]:
    return gauge(PREFIX + name, description, *names)


class LevelNumbers:
    """What is shown of one priority level.

    Attributes:
        nominal, lower, upper, current: The limits of its seats.
        high_watermark, average, deviation, smoothed, target: The demand for seats in the last period, and what was to be allotted.
        demand, seat_use, executing, waiting: How long each ratio lasted.
    """

    def __init__(self, metrics: "FlowControlMetrics", level: str) -> None:
        self.nominal, self.lower, self.upper, self.current = (
            family.labels(level) for family in metrics.limits.values()
        )
        self.high_watermark, self.average, self.deviation, self.smoothed, self.target = (
            family.labels(level) for family in metrics.demands.values()
        )
        self.demand = metrics.demand.labels(level)
        self.seat_use = metrics.seat_use.labels("executing", level)
        self.executing = metrics.request_use.labels("executing", level)
        self.waiting = metrics.request_use.labels("waiting", level)


class FlowControlMetrics:
    """The metrics of flow control.

    Attributes:
        refresh: Brings the histograms over time up to date; is called before they are read.
        progress: Returns the virtual time of each priority level, in seat-seconds.
        dispatch_times: Returns by priority level the virtual times at its last dispatch: its own, that of the queue served, the least
            and the greatest of all queues in which requests waited.
    """

    def __init__(self) -> None:
        self.refresh: Callable[[], None] = _nothing
        self.progress: Callable[[], dict[Labels, float]] = dict
        self.dispatch_times: Callable[[], dict[str, tuple[float, ...]]] = dict
        self.flows = FlowFamilies()
        self.limits = {
            name: _gauge(f"{name}_limit_seats", description, *_LEVEL)
            for name, description in (
                ("nominal", "[BETA] Nominal number of execution seats configured for each priority level"),
                (
                    "lower",
                    "[ALPHA] Configured lower bound on number of execution seats available to each priority level",
                ),
                (
                    "upper",
                    "[ALPHA] Configured upper bound on number of execution seats available to each priority level",
                ),
                ("current", "[ALPHA] current derived number of execution seats available to each priority level"),
            )
        }
        period = "over last adjustment period, of demand_seats"
        self.demands = {
            name: _gauge(name, f"[ALPHA] {description}", *_LEVEL)
            for name, description in (
                ("demand_seats_high_watermark", f"High watermark, {period}"),
                ("demand_seats_average", f"Time-weighted average, {period}"),
                ("demand_seats_stdev", f"Time-weighted standard deviation, {period}"),
                ("demand_seats_smoothed", "Smoothed seat demands"),
                ("target_seats", "Seat allocation targets"),
            )
        }
        self.fair_fraction = _gauge(
            "seat_fair_frac",
            "[ALPHA] Fair fraction of server's concurrency to allocate to each priority level that can use it",
        )
        self._progress = Computed(
            f"{PREFIX}current_r", "[ALPHA] R(time of last change)", _LEVEL, lambda: self.progress()
        )
        self._dispatches = [self._of_dispatch(*row) for row in _DISPATCH_TIMES]
        each = "Observations, at the end of every nanosecond, of"
        self.demand = timing_histogram(
            f"{PREFIX}demand_seats",
            f"{each} (the number of seats each priority level could use) / (nominal number of seats for that level)",
            *_LEVEL,
            bounds=_DEMAND,
        )
        self.seat_use = timing_histogram(
            f"{PREFIX}priority_level_seat_utilization",
            f"{each} utilization of seats for any stage of execution (but only initial stage for WATCHes)",
            *("phase", *_LEVEL),
            bounds=_SEAT_USE,
        )
        self.request_use = timing_histogram(
            f"{PREFIX}priority_level_request_utilization",
            f"{each} number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage "
            "for WATCHes)",
            *("phase", *_LEVEL),
            bounds=_REQUEST_USE,
        )

    def families(self) -> list[AnyFamily]:
        """Return the families."""
        self.refresh()
        return [
            *vars(self.flows).values(),
            *self.limits.values(),
            *self.demands.values(),
            self.fair_fraction,
            self._progress,
            *self._dispatches,
            self.demand,
            self.seat_use,
            self.request_use,
        ]

    def _of_dispatch(self, name: str, description: str, first: int, bounds: tuple[str, ...]) -> Computed:
        """Return a gauge of one of the times at the last dispatch, or of two that are `bounds`, from the place `first` on."""
        if not bounds:
            return Computed(
                f"{PREFIX}{name}",
                f"[ALPHA] {description}",
                _LEVEL,
                lambda: {(level,): times[first] for level, times in self.dispatch_times().items()},
            )
        return Computed(
            f"{PREFIX}{name}",
            f"[ALPHA] {description}",
            (*_LEVEL, "bound"),
            lambda: {
                (level, bound): times[first + place]
                for level, times in self.dispatch_times().items()
                for place, bound in enumerate(bounds)
            },
        )


def _nothing() -> None:
    """There is nothing to bring up to date."""
