"""How many requests execute at once: API Priority and Fairness.

A request finds its flow schema and waits for a seat of that schema's priority level. Watches and other long-running requests hold none.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go
"""

import math
import uuid
from time import perf_counter

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.flow_schemas import SCHEMAS, SHARES, schema_of
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.priority_level import PriorityLevel, Rejected
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.media_types import TEXT
from rootspan_apiserver.telemetry.latency_trackers import track
from rootspan_apiserver.telemetry.metrics import Metrics

_TOO_MANY = Response(
    status=429,
    body=b"Too many requests, please try again later.\n",
    content_type=TEXT,
    headers=[(b"retry-after", b"1")],
)


class PriorityAndFairness:
    """Lets a request wait for a seat, and answers 429 where it gets none in time."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self._app = app
        self._wait = limits.queue_wait
        seats = limits.max_requests_in_flight + limits.max_mutating_requests_in_flight
        total = sum(SHARES.values())
        self._flow = metrics.flow_control
        self._levels = {name: PriorityLevel(math.ceil(seats * share / total)) for name, share in SHARES.items()}
        for name, share in SHARES.items():
            self._flow.limit(name, math.ceil(seats * share / total))
        self._schema_uids = {schema.name: str(uuid.uuid4()) for schema in SCHEMAS}
        self._level_uids = {name: str(uuid.uuid4()) for name in (*SHARES, "exempt")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.PRIORITY_AND_FAIRNESS):
            schema = schema_of(request.user, request.info)
            request.flow_schema_uid = self._schema_uids[schema.name]
            request.priority_level_uid = self._level_uids[schema.priority_level]
            flow = (schema.priority_level, schema.name)
            self._flow.dispatched.labels(*flow).inc()
            level = self._levels.get(schema.priority_level)
            if is_long_running(request.info, scope):
                await self._app(scope, receive, send)
                return
            if level is not None and not await self._entered(level, request, flow):
                await _TOO_MANY.send(request, send)
                return
            started = perf_counter()
            executing = self._flow.executing.labels(*flow), self._flow.seats.labels(*flow)
            for gauge in executing:
                gauge.inc()
            try:
                await self._app(scope, receive, send)
            finally:
                for gauge in executing:
                    gauge.dec()
                self._flow.execution_time.labels(*flow, "regular").observe(perf_counter() - started)
                if level is not None:
                    level.leave()

    async def _entered(self, level: PriorityLevel, request: Request, flow: tuple[str, str]) -> bool:
        """Return whether the request has got a seat, for which it may wait."""
        started, waiting, execute = perf_counter(), self._flow.waiting.labels(*flow), "false"
        waiting.inc()
        try:
            await level.enter(request.user.name, self._wait)
            execute = "true"
        except Rejected as exc:
            self._flow.rejected.labels(*flow, exc.reason).inc()
            return False
        finally:
            waiting.dec()
            request.waited = perf_counter() - started
            track("apf-queue-wait", request.waited)
            self._flow.waiting_time.labels(*flow, execute).observe(request.waited)
        return True
