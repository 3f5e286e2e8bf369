"""WebSockets (RFC 6455), as far as a watch needs them: the server sends messages, and reads nothing but pings and the end.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/httpstream/wsstream/stream.go, golang.org/x/net/websocket/hybi.go
"""

import base64
import hashlib
import struct
from collections.abc import Sequence

from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.asgi import Message, Scope, Send
from rootspan_apiserver.kube.go_url import is_request_uri
from rootspan_apiserver.kube.media_types import TEXT

TOKEN_PREFIX = "base64url.bearer.authorization.k8s.io."
"""Begins the subprotocol by which a browser, which cannot set other headers, sends a bearer token."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_NORMAL = struct.pack(">H", 1000)
_MOST_IN_CONTROL = 125


def is_websocket(scope: Scope) -> bool:
    """Return whether a request asks for an upgrade of its connection to a WebSocket."""
    upgrades, connections = _values(scope, b"upgrade"), _values(scope, b"connection")
    return upgrades[:1] == ["websocket"] and any("upgrade" in value for value in connections)


def protocols(scope: Scope) -> list[str]:
    """Return the subprotocols that the client offers."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
    return [each.strip() for value in values for each in value.split(",") if each.strip()]


def refusal(request: Request) -> Response | None:
    """Return the rejection of a malformed handshake, None if it is sound."""
    if not request.header(b"sec-websocket-key"):
        return _refused(400, b"mismatch challenge/response")
    if request.header(b"sec-websocket-version") != _VERSION:
        return _refused(400, b"missing or bad WebSocket Version", (b"sec-websocket-version", _VERSION.encode()))
    if not is_request_uri(request.header(b"origin")):
        return _refused(403, b"")
    if len(protocols(request.scope)) > 1:
        return _refused(400, b"")
    return None


class WebSocket:
    """A connection after the handshake: takes the messages of a response, and reads those of the client.

    Each part of the response is a message of its own, the end of the response closes the connection.
    """

    def __init__(self, request: Request, send: Send, *, binary: bool) -> None:
        self._scope = request.scope
        self._key = request.header(b"sec-websocket-key").encode("latin-1")
        self._receive = request.receive
        self._send = send
        self._opcode = _BINARY if binary else _TEXT
        self._read = b""
        self._skip = 0
        self._closed = False

    async def send(self, message: Message) -> None:
        """Send a message of ASGI as frames."""
        if message["type"] == "http.response.start":
            await self._send({"type": "http.response.start", "status": 101, "headers": self._handshake()})
            return
        if body := message.get("body", b""):
            await self._write(_frame(self._opcode, body))
        if not message.get("more_body", False):
            await self._send({"type": "http.response.body", "body": _frame(_CLOSE, _NORMAL)})

    async def receive(self) -> Message:
        """Return when the client has closed the connection. Pings are answered, other messages are dropped."""
        while not self._closed:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                break
            self._read += message.get("body", b"")
            await self._read_frames()
        return {"type": "http.disconnect"}

    async def _write(self, frame: bytes) -> None:
        await self._send({"type": "http.response.body", "body": frame, "more_body": True})

    async def _read_frames(self) -> None:
        while self._read and not self._closed:
            if self._skip:
                dropped = min(self._skip, len(self._read))
                self._read, self._skip = self._read[dropped:], self._skip - dropped
                continue
            head = _head(self._read)
            if head is None:
                return
            opcode, mask, begin, length = head
            if opcode < _CLOSE:
                self._read, self._skip = self._read[begin:], length
                continue
            if length > _MOST_IN_CONTROL:
                self._closed = True
                return
            if len(self._read) < begin + length:
                return
            payload, self._read = self._read[begin : begin + length], self._read[begin + length :]
            if opcode == _CLOSE:
                self._closed = True
            elif opcode == _PING:
                await self._write(_frame(_PONG, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))))

    def _handshake(self) -> Sequence[tuple[bytes, bytes]]:
        accept = base64.b64encode(hashlib.sha1(self._key + _GUID, usedforsecurity=False).digest())
        chosen = [(b"sec-websocket-protocol", each.encode("latin-1")) for each in protocols(self._scope)]
        return [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), (b"sec-websocket-accept", accept), *chosen]


def _refused(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Response:
    return Response(status=status, body=body, content_type=TEXT, headers=((b"connection", b"close"), *headers))


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for key, value in scope["headers"] if key == name]


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= _MOST_IN_CONTROL:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return struct.pack(">BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack(">BBQ", 0x80 | opcode, 127, size) + payload


def _head(data: bytes) -> tuple[int, bytes, int, int] | None:
    """Return the operation, the mask, the beginning of the payload and its length; None if they have not arrived."""
    if len(data) < 2:
        return None
    length, begin = data[1] & 0x7F, 2
    if length > _MOST_IN_CONTROL:
        size = 2 if length == 126 else 8
        begin += size
        length = int.from_bytes(data[2:begin])
    mask = b"\0" * 4
    if data[1] & 0x80:
        mask, begin = data[begin : begin + 4], begin + 4
    return (data[0] & 0x0F, mask, begin, length) if len(data) >= begin else None
