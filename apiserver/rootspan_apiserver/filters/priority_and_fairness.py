"""How many requests execute at once: API Priority and Fairness.

A request finds its flow schema and waits for a seat of that schema's priority level. A watch holds no seat while it lasts, nor does another
long-running request.
"""

import math
import uuid

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.filters.flow_schemas import SCHEMAS, SHARES, schema_of
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.priority_level import PriorityLevel, Rejected
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Receive, Request, Scope, Send
from rootspan_apiserver.http.request_context import request_context
from rootspan_apiserver.http.responses import send_bytes

_TOO_MANY = b"Too many requests, please try again later.\n"


class PriorityAndFairness:
    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        seats = parts.limits.max_requests_in_flight + parts.limits.max_mutating_requests_in_flight
        total = sum(SHARES.values())
        self._levels = {name: PriorityLevel(math.ceil(seats * share / total)) for name, share in SHARES.items()}
        self._schema_uids = {schema.name: str(uuid.uuid4()) for schema in SCHEMAS}
        self._level_uids = {name: str(uuid.uuid4()) for name in (*SHARES, "exempt")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._parts.tracing.span(operations.PRIORITY_AND_FAIRNESS):
            context = request_context(scope)
            schema = schema_of(context.user, context.info)
            context.flow_schema_uid = self._schema_uids[schema.name]
            context.priority_level_uid = self._level_uids[schema.priority_level]
            level = self._levels.get(schema.priority_level)
            if level is None or is_long_running(context.info, scope):
                await self._app(scope, receive, send)
                return
            try:
                await level.enter(context.user.name, self._parts.limits.queue_wait)
            except Rejected as exc:
                self._parts.metrics.rejected(schema.priority_level, schema.name, exc.reason)
                request = Request(self._parts, scope, receive, send)
                await send_bytes(request, 429, _TOO_MANY, "text/plain; charset=utf-8", [(b"retry-after", b"1")])
                return
            try:
                await self._app(scope, receive, send)
            finally:
                level.leave()
