"""How many requests execute at once: API Priority and Fairness.

A request finds its flow schema and waits for a seat of that schema's priority level. Watches and other long-running requests hold none.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go
"""

import math
import uuid

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.flow_schemas import SCHEMAS, SHARES, schema_of
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.priority_level import PriorityLevel, Rejected
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.media_types import TEXT
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
        self._metrics = metrics
        self._wait = limits.queue_wait
        seats = limits.max_requests_in_flight + limits.max_mutating_requests_in_flight
        total = sum(SHARES.values())
        self._levels = {name: PriorityLevel(math.ceil(seats * share / total)) for name, share in SHARES.items()}
        self._schema_uids = {schema.name: str(uuid.uuid4()) for schema in SCHEMAS}
        self._level_uids = {name: str(uuid.uuid4()) for name in (*SHARES, "exempt")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        with request.tracing.span(operations.PRIORITY_AND_FAIRNESS):
            schema = schema_of(request.user, request.info)
            request.flow_schema_uid = self._schema_uids[schema.name]
            request.priority_level_uid = self._level_uids[schema.priority_level]
            level = self._levels.get(schema.priority_level)
            if level is None or is_long_running(request.info, scope):
                await self._app(scope, receive, send)
                return
            try:
                await level.enter(request.user.name, self._wait)
            except Rejected as exc:
                self._metrics.rejected(schema.priority_level, schema.name, exc.reason)
                await _TOO_MANY.send(request, send)
                return
            try:
                await self._app(scope, receive, send)
            finally:
                level.leave()
