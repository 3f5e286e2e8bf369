"""How long a request may take: the server's time-out, or the shorter one the client names in `?timeout=`."""

import asyncio
from urllib.parse import parse_qs

from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Message, Receive, Request, Scope, Send
from rootspan_apiserver.http.responses import write_filter_error
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.request_info import request_info
from rootspan_apiserver.kube.status import bad_request, timeout


class Deadline:
    """Answers 504 when the time is over, 400 to a time-out that is no duration."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        info = request_info(scope)
        if is_long_running(info, scope):
            await self._app(scope, receive, send)
            return
        limit = self._parts.limits.request_timeout
        if b"timeout=" in scope.get("query_string", b""):
            wanted = parse_qs(scope["query_string"].decode("latin-1")).get("timeout")
            if wanted:
                try:
                    seconds = parse_duration(wanted[0]) / 1e9
                except ValueError as reason:
                    error = bad_request(f"invalid timeout specified in the request URL - {reason}")
                    await write_filter_error(Request(self._parts, scope, receive, send), error, "")
                    return
                limit = min(limit, seconds) if seconds > 0 else limit
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
            error = timeout("request did not complete within the allotted timeout")
            await write_filter_error(Request(self._parts, scope, receive, send), error, "")
