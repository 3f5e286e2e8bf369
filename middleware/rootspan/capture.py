"""More about a recorded request than is recorded by default: chosen headers, and the exception with its stack trace.

Each is a middleware of its own, to be put inside `TracingMiddleware`: what they add is on the current span, and they do
nothing for a request that is not recorded.
"""

from collections.abc import Iterable

from opentelemetry.trace import Span, get_current_span

from rootspan.continuation import Scope
from rootspan.exchange import Message, Receive, Send
from rootspan.middleware import ASGIApp
from rootspan.redaction import REDACTED, text

SENSITIVE_HEADERS = frozenset(
    {b"authorization", b"cookie", b"proxy-authorization", b"set-cookie", b"x-api-key", b"x-auth-token", b"x-csrf-token"}
)
"""Headers of which only the presence is recorded, even when they are asked for."""

_MOST_VALUES = 8
_RESPONSE_STARTS = {
    "http": ("http.response.start",),
    "websocket": ("websocket.accept", "websocket.http.response.start"),
}


class CapturedHeaders:
    """Records chosen headers, as `http.request.header.<name>` and `http.response.header.<name>`: lists of strings.

    Args:
        app: The ASGI application, inside `TracingMiddleware`.
        request: Names of request headers. The value of a sensitive one is recorded as `REDACTED`.
        response: Names of response headers, likewise.
    """

    def __init__(self, app: ASGIApp, *, request: Iterable[str] = (), response: Iterable[str] = ()) -> None:
        self.app = app
        self._request = frozenset(name.lower().encode("latin-1") for name in request)
        self._response = frozenset(name.lower().encode("latin-1") for name in response)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        span = get_current_span()
        if scope["type"] not in _RESPONSE_STARTS or not span.is_recording():
            await self.app(scope, receive, send)
            return
        _record(span, "http.request.header", self._request, scope.get("headers") or ())

        async def captured(message: Message) -> None:
            if message["type"] in _RESPONSE_STARTS[scope["type"]]:
                _record(span, "http.response.header", self._response, message.get("headers") or ())
            await send(message)

        await self.app(scope, receive, captured)


def _record(span: Span, prefix: str, names: frozenset[bytes], headers: Iterable[tuple[bytes, bytes]]) -> None:
    values: dict[bytes, list[str]] = {}
    for name, value in headers:
        name = name.lower()
        if name in names and len(recorded := values.setdefault(name, [])) < _MOST_VALUES:
            recorded.append(REDACTED if name in SENSITIVE_HEADERS else text(value))
    for name, recorded in values.items():
        span.set_attribute(f"{prefix}.{name.decode('latin-1')}", recorded)


class CapturedExceptions:
    """Records what the application raises as an `exception` event, with its message and its stack trace.

    Both may contain secrets: use the middleware only for applications whose exceptions do not.

    Args:
        app: The ASGI application, inside `TracingMiddleware`; inside the framework's own error handling too, where that
            answers before it raises, or does not raise at all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            span = get_current_span()
            if span.is_recording():
                span.record_exception(error)
            raise
