"""How many requests execute at once where API Priority and Fairness is off: so many reads, so many writes, and no queue.

Upstream: staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go
"""

from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.too_many_requests import too_many_requests
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.users import MASTERS
from rootspan_apiserver.telemetry.in_flight_metrics import EXECUTING, READS, Watermark
from rootspan_apiserver.telemetry.metrics import Metrics


class MaxInFlight:
    """Answers 429 to a request too many, unless its user is in `system:masters`. A limit of 0 is none."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self._app = app
        self._metrics = metrics
        self._limits = {False: limits.max_requests_in_flight, True: limits.max_mutating_requests_in_flight}
        self._executing = {False: 0, True: 0}
        self._marks: dict[bool, Watermark] = {}
        for mutating, limit in self._limits.items():
            mark = self._marks[mutating] = metrics.in_flight.mark(EXECUTING, mutating=mutating)
            mark.ratio.set_limit(limit or 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        mutating = request.info.verb not in READS
        limit = self._limits[mutating]
        if not limit or is_long_running(request.info, scope):
            await self._app(scope, receive, send)
        elif self._executing[mutating] < limit:
            self._count(mutating, 1)
            try:
                await self._app(scope, receive, send)
            finally:
                self._count(mutating, -1)
        elif MASTERS in request.user.groups:
            await self._app(scope, receive, send)
        else:
            self._metrics.terminated(request.info, 429)
            await too_many_requests(1).send(request, send)

    def _count(self, mutating: bool, amount: int) -> None:
        self._executing[mutating] += amount
        self._marks[mutating].add(amount)
