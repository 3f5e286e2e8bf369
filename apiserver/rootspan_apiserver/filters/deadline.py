"""How long a request may take: the server's time-out, or the shorter one the client names in `?timeout=`.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go
"""

import asyncio

from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import FILTER, error_response
from rootspan_apiserver.kube.asgi import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.status import StatusError, bad_request, timeout


class Deadline:
    """Answers 504 when the time is over, 400 to a time-out that is not a duration.

    Args:
        seconds: The server's own time-out.
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        if is_long_running(request.info, scope):
            await self._app(scope, receive, send)
            return
        try:
            limit = self._limit(request)
        except StatusError as error:
            await error_response(request, error, writer=FILTER).send(request, send)
            return
        request.time_limit = limit
        begun = late = False
        clock = asyncio.timeout(limit)

        async def sending(message: Message) -> None:
            nonlocal begun, late
            # A request that never waits for anything is done before the clock can interrupt it.
            late = not begun and asyncio.get_running_loop().time() >= (clock.when() or 0)
            if late:
                raise TimeoutError
            begun = True
            await send(message)

        try:
            async with clock:
                await self._app(scope, receive, sending)
        except TimeoutError:
            if begun or not (late or clock.expired()):
                raise
            refusal = timeout("request did not complete within the allotted timeout")
            await error_response(request, refusal, writer=FILTER).send(request, send)

    def _limit(self, request: Request) -> float:
        """Return the seconds this request may take. Raises StatusError 400."""
        if b"timeout=" not in request.scope.get("query_string", b"") or not (wanted := request.parameter("timeout")):
            return self._seconds
        try:
            seconds = parse_duration(wanted) / 1e9
        except ValueError as error:
            raise bad_request(f"invalid timeout specified in the request URL - {error}") from error
        return min(self._seconds, seconds) if seconds > 0 else self._seconds
