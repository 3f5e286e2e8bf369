"""One HTTP request or websocket connection: what its status, its error and its end are.

They are decided here once, and the span, the duration in the metrics and whatever else is recorded follow from it.

* The **end** is when the last event of the response has been sent, or when the application learns that the client has
  disconnected. A background task of the framework does not stretch it. Trailers count only where the server supports them.
* An answer of 500 or more waits for the application to return, and keeps the time of the answer as its end: frameworks
  answer first and raise afterwards, and only the exception says what the error was.
* The **status** is the one that was sent; 500 where the application raised or returned before it started a response,
  since servers then answer 500; 101 for an accepted websocket, 403 for one that was closed before.
* The **error** is the exception that the application raised, unless the answer was complete by then.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from rootspan.continuation import Scope

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_GONE = frozenset({"http.disconnect", "websocket.disconnect"})


class Exchange(ABC):
    """Passes the events of one connection through, and calls `finish` once, when it is over.

    Args:
        scope: The scope of the connection.
        receive: The server's `receive`.
        send: The server's `send`.
        waits: Whether the end is not before the application has returned, for one that does all of its work in the
            request, like the filters of an API server.
    """

    _status: int | None = None
    _trailers = False
    _answered: int | None = None
    _finished = False

    def __init__(self, scope: Scope, receive: Receive, send: Send, waits: bool = False) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._waits = waits

    @abstractmethod
    def finish(self, status: int | None, error: BaseException | None, end_time: int | None) -> None:
        """Record the exchange. `end_time` is in nanoseconds since the epoch; None is now."""

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
                if message.get("trailers", False):
                    self._trailers = "http.response.trailers" in (self.scope.get("extensions") or ())
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
            if not self._waits and (self._status is None or self._status < 500):
                self._end(self._answered)

    def returned(self) -> None:
        """Note that the application has returned."""
        if not self._finished:
            if self._answered is None and self._status is None:
                self._status = 500
            self._end(self._time())

    def raised(self, error: BaseException) -> None:
        """Note that the application has raised. That it was cancelled after its answer says nothing of the request."""
        if not self._finished:
            failed = isinstance(error, Exception)
            if self._status is None and failed:
                self._status = 500
            is_late = self._answered is not None and (not failed or (self._status or 0) < 500)
            self._end(self._time(), None if is_late else error)

    def _time(self) -> int | None:
        return None if self._waits else self._answered

    def _end(self, end_time: int | None, error: BaseException | None = None) -> None:
        self._finished = True
        self.finish(self._status, error, end_time)


def type_name(error: BaseException) -> str:
    """Return the `error.type` of an exception: the name of its class with its module, and nothing of its message."""
    error_type = type(error)
    if error_type.__module__ == "builtins":
        return error_type.__qualname__
    return f"{error_type.__module__}.{error_type.__qualname__}"


def error_type_of(status: int | None, error: BaseException | None) -> str | None:
    """Return the `error.type` of an exchange: its exception's, or its status from 500 on; None if it did not fail."""
    if error is not None:
        return type_name(error)
    return str(status) if status is not None and status >= 500 else None
