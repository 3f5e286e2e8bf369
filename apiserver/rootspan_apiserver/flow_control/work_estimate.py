"""What a request is estimated to cost: seats while it executes, and seats that are held for some time after it.

A list costs by the number and the size of the objects that it reads. So does a watch that begins with the present state, until that has
been sent. A write costs by the watchers that receive its event, after it has been answered.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request/width.go, list_work_estimator.go, mutating_work_estimator.go,
config.go (the numbers); staging/src/k8s.io/apiserver/pkg/storage/cacher/delegator/interface.go
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from rootspan_apiserver.flow_control.seat_seconds import SCALE, seat_seconds
from rootspan_apiserver.kube.go_numbers import parse_int
from rootspan_apiserver.kube.request_info import RequestInfo, is_true

BYTES_PER_SEAT = 100_000
CACHED_BYTES = 1_000_000
"""The most that a list from the cache holds in memory at once."""
LARGEST_OBJECT = 1_500_000
MOST_LIST_SEATS = 100
MOST_MUTATING_SEATS = 10
WATCHES_PER_SEAT = 10
EVENT_SECONDS = 0.005
SERVICE_SECONDS = 0.003
"""How long a request is supposed to take before that is known."""
_MUTATING = frozenset({"create", "update", "patch", "delete"})

Parameter = Callable[[str], str | None]
"""Returns the first value of a query parameter."""
Statistics = Callable[[RequestInfo], "ObjectStatistics | None"]
"""Returns the statistics of the resource of a request; None if they are not known."""


@dataclass(frozen=True, slots=True)
class ObjectStatistics:
    """How many objects there are of a resource, and how many bytes one has on average."""

    count: int
    average_bytes: int


class WorkEstimate:
    """What a request costs.

    Attributes:
        initial_seats: Its seats while it executes.
        final_seats, additional_seconds: The seats that are held after it has been answered, and for how long.
        seats: The most that it holds at once.
        final_work, work: What it costs after its answer, and in all, in seat-seconds.
    """

    __slots__ = ("additional_seconds", "final_seats", "final_work", "initial_seats", "seats", "work")

    def __init__(self, initial_seats: int = 1, final_seats: int = 0, additional_seconds: float = 0.0) -> None:
        self.initial_seats = initial_seats
        self.final_seats = final_seats
        self.additional_seconds = additional_seconds
        self.seats = max(initial_seats, final_seats)
        self.final_work = seat_seconds(final_seats, additional_seconds)
        self.work = seat_seconds(initial_seats, SERVICE_SECONDS) + self.final_work

    def narrowed(self, seats: int) -> "WorkEstimate":
        """Return the same work, with no more than `seats` after the answer."""
        if self.final_seats <= seats:
            return self
        return WorkEstimate(self.initial_seats, seats, self.final_work / seats / SCALE)


ONE_SEAT = WorkEstimate()


class WorkEstimator:
    """Estimates requests.

    Args:
        statistics: Returns the statistics of the resource of a request.
        watches: Returns how many watches a write concerns.
    """

    def __init__(self, statistics: Statistics, watches: Callable[[RequestInfo], int]) -> None:
        self._statistics = statistics
        self._watches = watches

    def of_list(self, info: RequestInfo, parameter: Parameter, max_seats: int) -> WorkEstimate:
        """Return the cost of a list or watch; one request of its priority level may have `max_seats`, 0 says nothing."""
        most = min(max_seats or MOST_LIST_SEATS, MOST_LIST_SEATS)
        try:
            limit = parse_int(parameter("limit") or "0")
            parse_int(parameter("timeoutSeconds") or "0")
        except ValueError:
            return WorkEstimate(most)
        if info.verb == "watch" and not _sends_state(parameter):
            return ONE_SEAT
        statistics = self._statistics(info)
        if statistics is None:
            return ONE_SEAT
        cached = info.verb == "watch" or not _is_read_from_storage(parameter, limit)
        return WorkEstimate(max(1, min(_seats(statistics, info, parameter, limit=limit, cached=cached), most)))

    def of_write(self, info: RequestInfo, max_seats: int) -> tuple[WorkEstimate, int]:
        """Return the cost of a write, and how many watches it concerns; -1 if that does not matter."""
        if info.resource == "serviceaccounts" and info.subresource == "token":
            return ONE_SEAT, -1
        watches = self._watches(info)
        if watches < WATCHES_PER_SEAT:
            return ONE_SEAT, watches
        wanted = math.ceil(watches / WATCHES_PER_SEAT)
        final = min(wanted, max_seats or MOST_MUTATING_SEATS, MOST_MUTATING_SEATS)
        return WorkEstimate(1, final, wanted * EVENT_SECONDS / final), watches


def is_write(info: RequestInfo) -> bool:
    """Return whether a request is estimated as a write."""
    return info.verb in _MUTATING


def _sends_state(parameter: Parameter) -> bool:
    """Return whether a watch begins with the present state."""
    wanted = parameter("sendInitialEvents")
    return (wanted is not None and is_true(wanted)) or parameter("resourceVersion") in (None, "", "0")


def _is_read_from_storage(parameter: Parameter, limit: int) -> bool:
    """Return whether upstream's estimate takes a list for one that the watch cache cannot answer."""
    match parameter("resourceVersionMatch") or "":
        case "NotOlderThan":
            return False
        case "":
            if parameter("continue"):
                return True
            return limit > 0 and parameter("resourceVersion") not in (None, "", "0")
    return True


def _seats(statistics: ObjectStatistics, info: RequestInfo, parameter: Parameter, *, limit: int, cached: bool) -> int:
    count, average = statistics.count, statistics.average_bytes
    if average <= 0 and count:
        average = LARGEST_OBJECT
    loaded = min(limit, count) if limit > 0 else count
    if info.name:
        loaded = 1
    elif not cached and (parameter("fieldSelector") or parameter("labelSelector")):
        loaded = max(loaded, count // 2)
    held = loaded * average
    return math.ceil((min(held, CACHED_BYTES) if cached else held) / BYTES_PER_SEAT)
