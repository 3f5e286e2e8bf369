"""The metrics of requests in API Priority and Fairness, by priority level and flow schema.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go
"""

from collections.abc import Sequence
from functools import cached_property

from rootspan_apiserver.telemetry.metric_types import Distribution, Family, Number, counter, gauge, histogram

PREFIX = "apiserver_flowcontrol_"
_FLOW = ("priority_level", "flow_schema")
_SECONDS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
_LENGTHS = (0.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
_SEATS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0)
_WATCHES = (0.0, 1.0, 10.0, 100.0, 1000.0, 10000.0)
_SUBSYSTEM = "API Priority and Fairness subsystem"


def _gauge(name: str, description: str) -> Family[Number]:
    return gauge(PREFIX + name, description, *_FLOW)


def _counter(name: str, description: str, *more: str) -> Family[Number]:
    return counter(PREFIX + name, description, *_FLOW, *more)


def _histogram(name: str, description: str, *more: str, bounds: Sequence[float]) -> Family[Distribution]:
    return histogram(PREFIX + name, description, *_FLOW, *more, bounds=bounds)


class FlowFamilies:
    """The families by priority level and flow schema."""

    def __init__(self) -> None:
        stage = "initial (for a WATCH) or any (for a non-WATCH)"
        self.dispatched = _counter("dispatched_requests_total", f"[BETA] Number of requests executed by {_SUBSYSTEM}")
        self.rejected = _counter(
            "rejected_requests_total", f"[BETA] Number of requests rejected by {_SUBSYSTEM}", "reason"
        )
        self.executing = _gauge(
            "current_executing_requests",
            f"[BETA] Number of requests in {stage} execution stage in the {_SUBSYSTEM}",
        )
        self.seats = _gauge(
            "current_executing_seats",
            "[BETA] Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) "
            f"requests in the {_SUBSYSTEM}",
        )
        self.waiting = _gauge(
            "current_inqueue_requests",
            f"[BETA] Number of requests currently pending in queues of the {_SUBSYSTEM}",
        )
        self.seats_waiting = _gauge(
            "current_inqueue_seats",
            f"[ALPHA] Number of seats currently pending in queues of the {_SUBSYSTEM}",
        )
        self.queue_length = _histogram(
            "request_queue_length_after_enqueue",
            f"[ALPHA] Length of queue in the {_SUBSYSTEM}, as seen by each request after it is enqueued",
            bounds=_LENGTHS,
        )
        self.execution_time = _histogram(
            "request_execution_seconds",
            f"[ALPHA] Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the {_SUBSYSTEM}",
            "type",
            bounds=_SECONDS,
        )
        self.waiting_time = _histogram(
            "request_wait_duration_seconds",
            "[BETA] Length of time a request spent waiting in its queue",
            "execute",
            bounds=_SECONDS,
        )
        self.watches = _histogram(
            "watch_count_samples",
            "[ALPHA] count of watchers for mutating requests in API Priority and Fairness",
            bounds=_WATCHES,
        )
        self.estimated_seats = _histogram(
            "work_estimated_seats",
            "[ALPHA] Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness",
            bounds=_SEATS,
        )
        self.not_accommodated = _counter(
            "request_dispatch_no_accommodation_total",
            "[ALPHA] Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats",
        )


class FlowNumbers:
    """What is counted of the requests of one flow schema at one priority level. Each appears when it is first used."""

    def __init__(self, families: FlowFamilies, level: str, schema: str) -> None:
        self._families = families
        self._labels = (level, schema)

    @cached_property
    def dispatched(self) -> Number:
        return self._families.dispatched.labels(*self._labels)

    @cached_property
    def executing(self) -> Number:
        return self._families.executing.labels(*self._labels)

    @cached_property
    def seats(self) -> Number:
        return self._families.seats.labels(*self._labels)

    @cached_property
    def _waiting(self) -> tuple[Number, Number]:
        return self._families.waiting.labels(*self._labels), self._families.seats_waiting.labels(*self._labels)

    @cached_property
    def queue_length(self) -> Distribution:
        return self._families.queue_length.labels(*self._labels)

    @cached_property
    def regular_time(self) -> Distribution:
        return self._families.execution_time.labels(*self._labels, "regular")

    @cached_property
    def watch_time(self) -> Distribution:
        return self._families.execution_time.labels(*self._labels, "watch")

    @cached_property
    def waited(self) -> Distribution:
        """The seconds of waiting that ended with a seat."""
        return self._families.waiting_time.labels(*self._labels, "true")

    @cached_property
    def waited_in_vain(self) -> Distribution:
        return self._families.waiting_time.labels(*self._labels, "false")

    @cached_property
    def watches(self) -> Distribution:
        return self._families.watches.labels(*self._labels)

    @cached_property
    def estimated_seats(self) -> Distribution:
        return self._families.estimated_seats.labels(*self._labels)

    @cached_property
    def not_accommodated(self) -> Number:
        return self._families.not_accommodated.labels(*self._labels)

    def queued(self, requests: int, seats: int) -> None:
        """Count that so many more requests wait, for so many seats."""
        waiting, seats_waiting = self._waiting
        waiting.value += requests
        seats_waiting.value += seats

    def rejected(self, reason: str) -> None:
        """Count a request that was refused."""
        self._families.rejected.labels(*self._labels, reason).inc()
