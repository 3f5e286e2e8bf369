"""The requests that the HTTP server itself answers, before the application and without authentication.

Upstream: Go's net/http/server.go (globalOptionsHandler, sendExpectationFailed)
"""

from typing import Any

_MOST_READ = 4096
"""Bytes of the body of `OPTIONS *` that are read."""
_CLOSE = (b"connection", b"close")


async def general_options(scope: Any, receive: Any, send: Any) -> None:
    """Answer `OPTIONS *`, which is about the server rather than a resource. After a long body the connection is closed."""
    size, more = 0, True
    while more and size <= _MOST_READ:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        size, more = size + len(message["body"]), message["more_body"]
    await _empty(send, 200, *([_CLOSE] if size > _MOST_READ else []))


async def expectation_failed(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request with an `Expect` header other than `100-continue`."""
    await _empty(send, 417, _CLOSE)


async def _empty(send: Any, status: int, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
