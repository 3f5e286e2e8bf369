"""The frames between the embedded etcd in one process and its clients in others.

A connection carries the requests of a whole process at once, each with a number of its own; the answers come in any order. What is
written during one turn of the event loop goes out together, so that a busy process pays for few system calls.

    request:  length (4 bytes), number (4), length of the path (2), path, body; an empty path withdraws the request of that number
    answer:   length (4 bytes), number (4), HTTP status (2), 1 if it is the last frame of this answer, body
"""

import asyncio
import struct
from collections.abc import Iterator

LENGTH = struct.Struct("<I")
REQUEST = struct.Struct("<IH")
ANSWER = struct.Struct("<IHB")


def request(number: int, path: bytes, body: bytes) -> bytes:
    """Return the frame of a request."""
    return b"".join((LENGTH.pack(REQUEST.size + len(path) + len(body)), REQUEST.pack(number, len(path)), path, body))


def answer(number: int, status: int, body: bytes, *, last: bool = True) -> bytes:
    """Return a frame of an answer."""
    return b"".join((LENGTH.pack(ANSWER.size + len(body)), ANSWER.pack(number, status, last), body))


class LocalProtocol(asyncio.Protocol):
    """One end of a connection. A subclass overrides `frame_received` and `closed`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._outgoing: list[bytes] = []
        self._writable = asyncio.Event()
        self._writable.set()

    def frame_received(self, frame: bytes) -> None:
        """Take what followed the length of a frame."""
        raise NotImplementedError

    def closed(self) -> None:
        """The connection is closed."""
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, frame: bytes) -> None:
        """Send a frame at the end of this turn of the event loop."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(frame)

    async def drained(self) -> None:
        """Return when the other end has taken most of what was sent."""
        await self._writable.wait()

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        if self._transport is not None:
            self._transport.write(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._writable.set()
        self.closed()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        for frame in self._split(data):
            self.frame_received(frame)

    def _split(self, data: bytes) -> Iterator[bytes]:
        if self._received:
            self._received += data
            data = bytes(self._received)
            self._received.clear()
        at, end = 0, len(data)
        while end - at >= LENGTH.size:
            behind = at + LENGTH.size + LENGTH.unpack_from(data, at)[0]
            if behind > end:
                break
            yield data[at + LENGTH.size : behind]
            at = behind
        self._received += data[at:]
