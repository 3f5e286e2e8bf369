"""One recorded request: its SERVER span, from the first ASGI event to the last.

The span ends when the last event of the response has been sent, or the connection is gone, so that a background task does
not stretch it. After an answer of 500 or more it waits for the application to return, with the time of the answer as its
end: frameworks answer first and raise afterwards, and only the exception says what the error was.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from types import MappingProxyType
from typing import Any

from opentelemetry.trace import Span

from rootspan.continuation import Scope
from rootspan.route import route_of
from rootspan.server_attributes import method_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RecordResponse = Callable[[Span, int | None, BaseException | None], None]

_GONE = frozenset({"http.disconnect", "websocket.disconnect"})


class Exchange:
    """Passes the events of one connection through, and ends the span in time.

    Args:
        span: A recording span.
        names_after_route: Whether the span, which is called after the method, is to be named after the route as well.
        record_response: Called with the span, the status and the exception, before the span ends.
    """

    _status: int | None = None
    _trailers = False
    _answered: int | None = None
    _ended = False

    def __init__(
        self,
        span: Span,
        scope: Scope,
        receive: Receive,
        send: Send,
        names_after_route: bool,
        record_response: RecordResponse,
    ) -> None:
        self._span = span
        self._scope = scope
        self._receive = receive
        self._send = send
        self._names_after_route = names_after_route
        self._record_response = record_response

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] in _GONE:
            self._answer()
        return message

    async def send(self, message: Message) -> None:
        match message.get("type"):
            case "http.response.body":
                last = not message.get("more_body", False) and not self._trailers
            case "http.response.start":
                if isinstance(status := message.get("status"), int):
                    self._status = int(status)
                self._trailers = message.get("trailers", False)
                last = False
            case event:
                last = self._is_last(event, message)
        await self._send(message)
        if last:
            self._answer()

    def _is_last(self, event: str | None, message: Message) -> bool:
        match event:
            case "http.response.pathsend":
                return not self._trailers
            case "http.response.zerocopysend":
                return not message.get("more_body", False) and not self._trailers
            case "http.response.trailers":
                return not message.get("more_trailers", False)
            case "websocket.accept":
                self._status = 101
            case "websocket.http.response.start":
                if isinstance(status := message.get("status"), int):
                    self._status = int(status)
            case "websocket.http.response.body":
                return not message.get("more_body", False)
            case "websocket.close":
                self._status = self._status or 403
                return True
        return False

    def _answer(self) -> None:
        if self._answered is None:
            self._answered = time.time_ns()
            if self._status is None or self._status < 500:
                self._end(self._answered)

    def returned(self) -> None:
        """The application has returned. Servers answer 500 in place of one that never started its response."""
        if not self._ended:
            if self._answered is None and self._status is None:
                self._status = 500
            self._end(self._answered)

    def raised(self, error: BaseException) -> None:
        """The application has raised. Servers answer 500 to an exception before the response has started.

        That it was cancelled after its answer says nothing of the request.
        """
        if not self._ended:
            failed = isinstance(error, Exception)
            if self._status is None and failed:
                self._status = 500
            self._end(self._answered, error if failed or self._answered is None else None)

    def _end(self, end_time: int | None, error: BaseException | None = None) -> None:
        self._ended = True
        span = self._span
        self._record_response(span, self._status, error)
        if (route := route_of(self._scope)) is not None:
            span.set_attribute("http.route", route)
        elif (attributes := getattr(span, "attributes", None)) is not None:
            if type(attributes) is MappingProxyType:  # the SDK's: to copy it costs less than to miss a key
                attributes = attributes.copy()
            route = attributes.get("http.route")
        if route is not None and self._names_after_route:
            method = method_of(self._scope)
            if getattr(span, "name", method) == method:
                span.update_name(f"{method} {route}")
        span.end(end_time)


def type_name(error: BaseException) -> str:
    """The `error.type` of an exception: the name of its class with its module, and nothing of its message."""
    error_type = type(error)
    if error_type.__module__ == "builtins":
        return error_type.__qualname__
    return f"{error_type.__module__}.{error_type.__qualname__}"
