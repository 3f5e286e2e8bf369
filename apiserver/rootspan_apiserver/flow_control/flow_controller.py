"""The configuration of flow control, and the way of a request through it.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go, apf_filter.go
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from rootspan_apiserver.flow_control.borrowing import borrow
from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.flow_schemas import FlowSchema
from rootspan_apiserver.flow_control.priority_level import PriorityLevel, is_whole
from rootspan_apiserver.flow_control.seat_seconds import SCALE
from rootspan_apiserver.flow_control.watch_tracker import WatchTracker
from rootspan_apiserver.flow_control.work_estimate import (
    ONE_SEAT,
    Parameter,
    Statistics,
    WorkEstimate,
    WorkEstimator,
    is_write,
)
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.flowcontrol.bootstrap import mandatory_levels, mandatory_schemas
from rootspan_apiserver.telemetry.flow_metrics import FlowNumbers
from rootspan_apiserver.telemetry.in_flight_metrics import EXECUTING, WAITING
from rootspan_apiserver.telemetry.metric_types import Labels
from rootspan_apiserver.telemetry.metrics import Metrics

CATCH_ALL = "catch-all"
_REMEMBERED = 4096
"""How many kinds of requests are remembered with their schemas."""
_LONGEST_REMEMBERED = 512
_LISTS = frozenset({"list", "watch"})


class Rejected(Exception):  # noqa: N818 - an answer, not a fault
    """A request is refused."""


class FlowController:
    """Decides which requests execute.

    Until `configure` is called, only the mandatory schemas and levels are there.

    Args:
        seats: How many seats the levels share.
        statistics: Returns the statistics of the resource of a request.

    Attributes:
        levels: The priority levels by name, those among them that go once their last request has been served.
        watches: Those that writes concern.
    """

    def __init__(
        self,
        seats: int,
        metrics: Metrics,
        statistics: Statistics = lambda info: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seats = seats
        self._metrics = metrics.flow_control
        self._in_flight = metrics.in_flight
        self._clock = clock
        self._schemas: list[FlowSchema] = []
        self._matched: dict[tuple[object, ...], FlowSchema] = {}
        self._objects: tuple[list[JSONObject], list[JSONObject]] = ([], [])
        self.levels: Mapping[str, PriorityLevel] = MappingProxyType({})
        self.watches = WatchTracker()
        self._estimator = WorkEstimator(statistics, self.watches.concerned)
        self._metrics.refresh = self._refresh
        self._metrics.progress = self._progress
        self._metrics.dispatch_times = self._dispatch_times
        self.configure((), ())

    def configure(self, levels: Iterable[JSONObject], schemas: Iterable[JSONObject]) -> None:
        """Follow these objects, and the mandatory ones that are not among them.

        A level whose object is deleted stays until its last request has been served. A schema whose level is not there matches nothing.
        """
        self._objects = list(levels), list(schemas)
        found = {each["metadata"]["name"]: each for each in self._objects[0] if is_whole(each)}
        named = {each["metadata"]["name"]: each for each in self._objects[1]}
        mandatory = {each["metadata"]["name"]: each for each in mandatory_schemas()}
        known = [FlowSchema(each) for each in (mandatory | named).values()]
        for each in mandatory_levels():
            found.setdefault(each["metadata"]["name"], each)
        self._schemas = sorted((each for each in known if each.priority_level in found), key=lambda each: each.order)
        self._matched.clear()
        present = {name: self._level(each) for name, each in found.items()}
        for name, level in self.levels.items():
            if name not in present and not level.queues.idle:
                level.quiescing = True
                present[name] = level
        shares = sum(each.shares for each in present.values())
        for level in present.values():
            level.divide(self._seats, shares)
        self.levels = MappingProxyType(present)
        self.adjust()
        self._in_flight.limit(EXECUTING, sum(each.nominal for each in present.values()))
        room = sum(each.queuing.queues * each.queuing.queue_length for each in present.values())
        self._in_flight.limit(WAITING, room or 1)

    def _level(self, obj: JSONObject) -> PriorityLevel:
        level = self.levels.get(obj["metadata"]["name"])
        if level is None:
            return PriorityLevel(obj, self._metrics, self._clock)
        level.configure(obj)
        return level

    def adjust(self) -> None:
        """End a period of borrowing."""
        self._metrics.fair_fraction.labels().set(borrow(self.levels.values(), self._seats))

    def schema_of(self, user: User, info: RequestInfo) -> FlowSchema:
        """Return the schema of a request: the first that matches it."""
        subject = (
            (info.api_group, info.resource, info.subresource, info.namespace) if info.is_resource_request else info.path
        )
        key = (user.name, user.groups, info.verb, subject)
        schema = self._matched.get(key)
        if schema is None:
            schema = next((each for each in self._schemas if each.matches(user, info)), None)
            if schema is None:
                schema = next(each for each in self._schemas if each.name == CATCH_ALL)
            if len(info.path) <= _LONGEST_REMEMBERED:
                if len(self._matched) >= _REMEMBERED:
                    self._matched.clear()
                self._matched[key] = schema
        return schema

    def arrive(
        self, schema: FlowSchema, level: PriorityLevel, user: User, info: RequestInfo, parameter: Parameter
    ) -> QueuedRequest:
        """Let a request execute (it is `started`), or wait for its turn.

        Raises:
            Rejected: There is no seat, and its queue is full.
        """
        numbers = level.flow_numbers(schema.name)
        estimate = self._estimate(level, info, parameter, numbers)
        numbers.estimated_seats.observe(estimate.seats)
        request = QueuedRequest(user, info, schema.name, estimate, numbers)
        if queues := level.queuing.queues:
            if queues > 1:
                request.flow = schema.flow_of(user, info)
            request.hand = level.hand(schema.name, request.flow)
        if reason := level.queues.arrive(request):
            numbers.rejected(reason)
            numbers.waited_in_vain.observe(0.0)
            raise Rejected(reason)
        if request.started is not None and not level.exempt:
            numbers.waited.observe(0.0)
        return request

    async def wait(self, level: PriorityLevel, request: QueuedRequest, seconds: float) -> None:
        """Wait until a request may execute, no longer than `seconds`.

        Raises:
            Rejected: The time is over.
        """
        loop = asyncio.get_running_loop()
        request.turn = loop.create_future()
        timer = loop.call_later(max(seconds, 0.0), self._give_up, level, request)
        try:
            executes = await request.turn
        except asyncio.CancelledError:
            if request.started is None:
                self._give_up(level, request)
            else:
                self.finish(level, request)
            raise
        finally:
            timer.cancel()
        waited = request.numbers.waited if executes else request.numbers.waited_in_vain
        waited.observe(self._clock() - request.arrived)
        if not executes:
            self._reap(level)
            raise Rejected("time-out")

    def finish(self, level: PriorityLevel, request: QueuedRequest) -> None:
        """Free the seats of a request, at once or after the time for which it was estimated to need them."""
        if seconds := level.queues.finish(request):
            asyncio.get_running_loop().call_later(seconds, level.queues.release, request)
        if request.started is not None:
            numbers = request.numbers
            taken = numbers.watch_time if request.info.verb == "watch" else numbers.regular_time
            taken.observe(level.queues.changed - request.started)
        self._reap(level)

    @staticmethod
    def _give_up(level: PriorityLevel, request: QueuedRequest) -> None:
        if request.started is not None:
            return
        level.queues.give_up(request)
        request.numbers.rejected("time-out")
        if request.turn is not None and not request.turn.done():
            request.turn.set_result(False)

    def _reap(self, level: PriorityLevel) -> None:
        """Remove a level whose object is deleted, once it is idle."""
        if level.quiescing and level.queues.idle:
            self.configure(*self._objects)

    def _estimate(
        self, level: PriorityLevel, info: RequestInfo, parameter: Parameter, numbers: FlowNumbers
    ) -> WorkEstimate:
        if info.verb in _LISTS:
            return self._estimator.of_list(info, parameter, level.max_seats)
        if is_write(info):
            estimate, watches = self._estimator.of_write(info, level.max_seats)
            if watches >= 0:
                numbers.watches.observe(watches)
            return estimate
        return ONE_SEAT

    def _refresh(self) -> None:
        for level in self.levels.values():
            level.count_time()

    def _progress(self) -> dict[Labels, float]:
        return {(name,): level.progress for name, level in self.levels.items()}

    def _dispatch_times(self) -> dict[str, tuple[float, ...]]:
        return {
            name: tuple(each / SCALE for each in level.queues.last_dispatch)
            for name, level in self.levels.items()
            if level.queues.last_dispatch is not None
        }
