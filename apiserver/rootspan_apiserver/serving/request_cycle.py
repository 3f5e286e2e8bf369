"""One request and its response on a connection, as ASGI has them.

A response of an application that fails or stops before its end is cut rather than completed.

Upstream: Go's net/http/server.go (chunkWriter.writeHeader)
"""

import asyncio
import logging
import re
from collections.abc import Callable, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

ASGIApp = Callable[..., Any]
logger = logging.getLogger(__name__)
MAX_UNREAD = 256 * 1024
"""Bytes of a request that are read after its response. A connection on which more would follow is closed."""
_IN_NAME = re.compile(rb"[^!#-'*+\-.0-9A-Z^_`a-z|~]")
_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_REASONS = {status.value: status.phrase for status in HTTPStatus}
# A webhook may choose any code of three digits, and Go's server writes it.
_STATUS = {code: f"{code} {_REASONS.get(code, f'status code {code}')}\r\n".encode() for code in range(100, 1000)}
_INTERNAL_ERROR = b"Internal Server Error"


class RequestCycle:
    """Calls the application for one request.

    Args:
        scope: The scope of the request.
        transport: Where the response is written.
        flow: Says when the client reads too slowly, and resumes reading.
        default_headers: Headers of every response.
        keep_alive: Whether the connection may be used for another request.
        expects_continue: Whether the client waits for `100 Continue` before it sends the body.
        unread: Returns the bytes of the body that are still to come, None if that is not known.
        on_upgrade: Is called when the response is 101: what follows is no HTTP.
        on_response: Is called when the response is complete.
    """

    def __init__(
        self,
        *,
        scope: MutableMapping[str, Any],
        transport: asyncio.Transport,
        flow: FlowControl,
        default_headers: Sequence[tuple[bytes, bytes]],
        keep_alive: bool,
        expects_continue: bool,
        unread: Callable[[], int | None],
        on_upgrade: Callable[[], None],
        on_response: Callable[[], None],
    ) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.message_event = asyncio.Event()
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.body_error = ""
        self.response_started = False
        self.response_complete = False
        self._transport = transport
        self._flow = flow
        self._default_headers = default_headers
        self._waiting_for_continue = expects_continue
        self._unread = unread
        self._on_upgrade = on_upgrade
        self._on_response = on_response
        self._head: list[bytes] = []
        self._left: int | None = None
        """Bytes of the response that are still to come, None if there is no Content-Length."""
        self._has_body = self._chunked = True

    async def run_asgi(self, app: ASGIApp) -> None:
        """Call the application. If it is cancelled because the server stops, the connection is cut."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self._cut()
        except Exception:
            logger.exception("the application failed: %s %s", self.scope["method"], self.scope["path"])
            if self.response_started:
                self._cut()
            else:
                await self._send_500()
        else:
            if not self.response_started and not self.disconnected:
                logger.error("the application did not answer: %s %s", self.scope["method"], self.scope["path"])
                await self._send_500()
            elif not self.response_complete:
                self._cut()
        finally:
            self._on_response = self._on_upgrade = _nothing
            self._unread = _none

    async def receive(self) -> MutableMapping[str, Any]:
        """Return a part of the body, or that the client disconnected; `reason` is what is wrong with a malformed body."""
        if self._waiting_for_continue and not self._transport.is_closing():
            self._waiting_for_continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self.disconnected and not self.response_complete:
            self._flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        if self.body_error:
            return {"type": "http.disconnect", "reason": self.body_error}
        message = {"type": "http.request", "body": bytes(self.body), "more_body": self.more_body}
        self.body = bytearray()
        return message

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Write a part of the response.

        Raises:
            RuntimeError: it is not the next part, a header has invalid characters, or the content is not as long as its Content-Length.
        """
        if self._flow.write_paused and not self.disconnected:
            await self._flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._start(message["status"], message.get("headers", ()))
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._write(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"the application sent {kind} at the wrong time")

    def _start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        method, version = self.scope["method"], self.scope["http_version"]
        content = [b"HTTP/1.0 " if version == "1.0" else b"HTTP/1.1 ", _STATUS[status]]
        self._has_body = method != "HEAD" and status >= 200 and status not in (204, 304)
        told_length = says_close = False
        for name, value in (*self._default_headers, *headers):
            if _IN_NAME.search(name) or _IN_VALUE.search(value):
                raise RuntimeError(f"the header {name!r}: {value!r} of a response is not valid")
            key = name.lower()
            if key == b"content-length":
                if status in (204, 304) or status < 200:
                    continue
                told_length, self._left = True, int(value)
            elif key == b"transfer-encoding":
                continue
            elif key == b"connection":
                says_close = says_close or b"close" in value.lower()
            content += (name, b": ", value, b"\r\n")
        if status == 101:
            self.keep_alive, says_close = False, True
        else:
            self._check_unread()
            self.keep_alive = (
                self.keep_alive and not says_close and (version != "1.0" or told_length or not self._has_body)
            )
        if version == "1.0":
            if self.keep_alive:
                content.append(b"connection: keep-alive\r\n")
        elif not self.keep_alive and not says_close:
            content.append(b"connection: close\r\n")
        self._chunked = self._has_body and not told_length and version != "1.0"
        if self._chunked:
            content.append(b"transfer-encoding: chunked\r\n")
        content.append(b"\r\n")
        self.response_started, self._waiting_for_continue = True, False
        if status == 101:
            self._left, self._has_body = None, True
            self._on_upgrade()
        if told_length:
            # The content follows at once, so that both are written together.
            self._head = content
        else:
            self._transport.write(b"".join(content))

    def _check_unread(self) -> None:
        """A connection on which much of the request would follow is not used again."""
        unread = (self._unread() or 0) + len(self.body)
        if self._waiting_for_continue or self.body_error or unread >= MAX_UNREAD:
            self.keep_alive = False

    def _write(self, body: bytes, *, more: bool) -> None:
        content, self._head = self._head, []
        if not self._has_body:
            self._left = 0
        elif self._chunked:
            if body:
                content += (b"%x\r\n" % len(body), body, b"\r\n")
            if not more:
                content.append(b"0\r\n\r\n")
        else:
            if self._left is not None:
                if len(body) > self._left:
                    raise RuntimeError("the content of a response is longer than its Content-Length")
                self._left -= len(body)
            content.append(body)
        if content:
            self._transport.write(content[0] if len(content) == 1 else b"".join(content))
        if more:
            return
        if self._left:
            raise RuntimeError("the content of a response is shorter than its Content-Length")
        self.response_complete = True
        self.message_event.set()
        self._on_response()

    async def _send_500(self) -> None:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(_INTERNAL_ERROR)),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": _INTERNAL_ERROR})

    def _cut(self) -> None:
        self.disconnected = True
        self._transport.abort()


def _nothing() -> None:
    """Replace the callback, so that a finished cycle does not keep its protocol alive."""


def _none() -> None:
    """The same for the bytes that are unread."""
