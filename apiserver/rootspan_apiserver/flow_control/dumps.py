"""The state of flow control as text: a line for each priority level, queue or request.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller_debug.go
"""

import time
from collections.abc import Iterable, Iterator, Sequence

from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.flow_control.queue_set import QueueSet
from rootspan_apiserver.flow_control.seat_seconds import shown
from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.go_numbers import format_bool

_NARROWEST = 8
_NEVER = "0001-01-01T00:00:00Z"
_LEVELS = (
    *("PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests", "ExecutingRequests"),
    *("DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests"),
)
_QUEUES = (
    *("PriorityLevelName", "Index", "PendingRequests", "ExecutingRequests", "SeatsInUse", "NextDispatchR"),
    *("InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum"),
)
_REQUESTS = (
    *("PriorityLevelName", "FlowSchemaName", "QueueIndex", "RequestIndexInQueue", "FlowDistingsher", "ArriveTime"),
    *("InitialSeats", "FinalSeats", "AdditionalLatency", "StartTime"),
)
_DETAILS = ("UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource")


def levels(flow: FlowController) -> str:
    """Return a line for each priority level."""
    rows = []
    for name, level in sorted(flow.levels.items()):
        queues = level.queues
        active = sum(bool(each.waiting) for each in queues.queues)
        counts = (queues.waiting, queues.executing, queues.dispatched, queues.rejected, 0, queues.cancelled)
        rows.append([name, str(active), format_bool(queues.idle), format_bool(level.quiescing), *map(str, counts)])
    return _table(_LEVELS, rows)


def queues(flow: FlowController) -> str:
    """Return a line for each queue."""
    rows = []
    for name, level in flow.levels.items():
        for index, queue in enumerate(level.queues.queues):
            counts = (index, len(queue.waiting), len(queue.executing), queue.seats_in_use)
            sums = (str(queue.initial_seats), str(queue.seats), shown(queue.work))
            rows.append([name, *map(str, counts), shown(queue.next_dispatch_r), *sums])
    return _table(_QUEUES, rows)


def requests(flow: FlowController, *, details: bool) -> str:
    """Return a line for each request that waits or executes, with its `details` if they are wanted."""
    since = time.time() - time.monotonic()
    rows = [
        [name, *_request(request, queue, place, since), *(_details(request) if details else ())]
        for name, level in flow.levels.items()
        for request, queue, place in _of(level.queues)
    ]
    return _table((*_REQUESTS, *_DETAILS) if details else _REQUESTS, rows)


def _of(queue_set: QueueSet) -> Iterator[tuple[QueuedRequest, int, int]]:
    """Yield each request with the index of its queue and its place among those that wait there, -1 for none."""
    for index, queue in enumerate(queue_set.queues):
        for place, request in enumerate(queue.waiting):
            yield request, index, place
        for request in queue.executing:
            yield request, index, -1
    for request in queue_set.without_queue:
        yield request, -1, -1


def _request(request: QueuedRequest, queue: int, place: int, since: float) -> list[str]:
    estimate = request.estimate
    return [
        request.schema,
        str(queue),
        str(place),
        request.flow,
        _time(request.arrived + since),
        str(estimate.initial_seats),
        str(estimate.final_seats),
        format_duration(round(estimate.additional_seconds * 1e9)),
        _time(request.started + since) if request.started is not None else _NEVER,
    ]


def _details(request: QueuedRequest) -> list[str]:
    info = request.info
    subject = (info.path, info.namespace, info.name, info.group_version, info.resource, info.subresource)
    return [request.user.name, info.verb, *subject]


def _time(seconds: float) -> str:
    """Return a time in UTC as Go's RFC3339Nano has it."""
    whole, nanoseconds = divmod(round(seconds * 1e9), 1_000_000_000)
    fraction = f".{nanoseconds:09d}".rstrip("0").rstrip(".")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f"{fraction}Z"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the lines, with a comma after each cell but the last, and columns of the same width."""
    lines = [[f"{cell}," for cell in row[:-1]] + [row[-1]] for row in (head, *rows)]
    widths = [max(_NARROWEST, 1 + max(map(len, column))) for column in zip(*lines, strict=True)]
    widths[-1] = 0
    return "".join("".join(map(str.ljust, line, widths)) + "\n" for line in lines)
