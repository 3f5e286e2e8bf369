"""API Priority and Fairness: a request waits for seats of its priority level, or is refused.

A watch holds its seats until it has sent the state that it begins with. Other requests that last hold none.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go
"""

import time

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.too_many_requests import too_many_requests
from rootspan_apiserver.flow_control.dropped_requests import DroppedRequests
from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.flow_controller import FlowController, Rejected
from rootspan_apiserver.flow_control.flow_schemas import FlowSchema
from rootspan_apiserver.flow_control.priority_level import PriorityLevel
from rootspan_apiserver.flow_control.turns import Turns
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.telemetry.in_flight_metrics import EXECUTING, READS, WAITING, Watermark
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.metrics import Metrics

LONGEST_WAIT = 60.0


class PriorityAndFairness:
    """Lets requests wait for seats, and answers 429 to those that get none in time.

    Args:
        flow: Decides.
        request_timeout: The seconds that a request may take whose client names none. It may wait for a quarter of that.
    """

    def __init__(self, app: ASGIApp, flow: FlowController, metrics: Metrics, request_timeout: float) -> None:
        self._app = app
        self._flow = flow
        self._metrics = metrics
        self._request_timeout = request_timeout
        self._dropped = DroppedRequests()
        self._turns = Turns()
        in_flight = metrics.in_flight
        self._marks = {
            mutating: (in_flight.mark(EXECUTING, mutating=mutating), in_flight.mark(WAITING, mutating=mutating))
            for mutating in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, flow = request_of(scope), self._flow
        info = request.info
        with request.tracing.span(operations.PRIORITY_AND_FAIRNESS):
            is_watch = info.verb == "watch"
            if not is_watch and is_long_running(info, scope):
                await self._app(scope, receive, send)
                return
            schema = flow.schema_of(request.user, info)
            level = flow.levels[schema.priority_level]
            if not level.exempt and not self._turns.take():
                await self._wait_for_turn(request, schema)
                schema = flow.schema_of(request.user, info)  # the configuration may have changed
                level = flow.levels[schema.priority_level]
            request.flow_schema_uid, request.priority_level_uid = schema.uid, level.uid
            executing, waiting = self._marks[info.verb not in READS]
            try:
                queued = flow.arrive(schema, level, request.user, info, request.parameter)
                if queued.started is None:
                    await self._wait(request, level, queued, waiting)
            except Rejected:
                self._metrics.terminated(info, 429)
                await too_many_requests(self._dropped.record(level.name)).send(request, send)
                return
            seat = _Seat(flow, level, queued, executing)
            if not is_watch:
                try:
                    await self._app(scope, receive, send)
                finally:
                    seat.free()
                return
            request.watch_initialized = seat.free
            watched = flow.watches.begin(info, request.parameter)
            try:
                await self._app(scope, receive, send)
            finally:
                seat.free()
                flow.watches.end(watched)

    async def _wait_for_turn(self, request: Request, schema: FlowSchema) -> None:
        begun = time.perf_counter()
        await self._turns.wait((schema.name, schema.flow_of(request.user, request.info)))
        request.waited = time.perf_counter() - begun

    async def _wait(self, request: Request, level: PriorityLevel, queued: QueuedRequest, waiting: Watermark) -> None:
        """Raises Rejected."""
        limit = self._request_timeout if request.time_limit is None else request.time_limit
        seconds = min(limit / 4, LONGEST_WAIT) - (time.time() - request.received)
        waiting.add(1)
        begun = time.perf_counter()
        try:
            await self._flow.wait(level, queued, seconds)
        finally:
            waiting.add(-1)
            seconds = time.perf_counter() - begun
            request.waited += seconds
            track("apf-queue-wait", seconds)


class _Seat:
    """The seats of a request that executes, until they are free."""

    __slots__ = ("_executing", "_flow", "_level", "_queued")

    def __init__(self, flow: FlowController, level: PriorityLevel, queued: QueuedRequest, executing: Watermark) -> None:
        self._flow = flow
        self._level = level
        self._queued: QueuedRequest | None = queued
        self._executing = executing
        executing.add(1)

    def free(self) -> None:
        """Free the seats, if that has not been done."""
        queued, self._queued = self._queued, None
        if queued is not None:
            self._executing.add(-1)
            self._flow.finish(self._level, queued)
