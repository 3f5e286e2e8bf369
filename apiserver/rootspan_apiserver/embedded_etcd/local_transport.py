"""The embedded etcd of another process, behind httpx's interface for transports."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from itertools import count

import httpx

from rootspan_apiserver.embedded_etcd.errors import EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.local_frames import ANSWER, LocalProtocol, request
from rootspan_apiserver.embedded_etcd.local_server import CHECK

HEADERS = httpx.Headers({"Content-Type": "application/json"})
_GONE = "the process of the embedded etcd closed the connection"


class LocalClient:
    """The connection of this process to the Unix socket at `path`, which all transports share. It is made again when it was lost."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()

    def transport(self) -> "LocalTransport":
        """Return a transport that reaches the embedded etcd at any URL."""
        return LocalTransport(self)

    async def connection(self) -> "_Connection":
        """Raises httpx.ConnectError."""
        if self._connection is not None and self._connection.is_open:
            return self._connection
        async with self._connecting:
            if self._connection is None or not self._connection.is_open:
                try:
                    _, self._connection = await asyncio.get_running_loop().create_unix_connection(
                        _Connection, self._path
                    )
                except OSError as exc:
                    raise httpx.ConnectError(f"the process of the embedded etcd does not answer: {exc}") from exc
        return self._connection

    async def check(self) -> None:
        """Return if changes can be kept.

        Raises:
            EmbeddedEtcdError: they cannot, or the process does not answer.
        """
        try:
            connection = await self.connection()
            received = connection.ask(CHECK, b"")
            status, body, _ = await received.next(None)
        except httpx.TransportError as exc:
            raise EmbeddedEtcdError(str(exc)) from exc
        if status != 200:
            raise EmbeddedEtcdError(body.decode())

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class LocalTransport(httpx.AsyncBaseTransport):
    """Sends requests over the connection of `client`; closing it withdraws its watches."""

    def __init__(self, client: LocalClient) -> None:
        self._client = client
        self._streams: set[_Lines] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return when the first frame of the answer is there.

        Raises:
            httpx.ConnectError: nothing was sent.
            httpx.TransportError: the request may have been carried out.
        """
        connection = await self._client.connection()
        assert isinstance(request.stream, httpx.ByteStream)
        received = connection.ask(request.url.raw_path, b"".join(request.stream))
        seconds = request.extensions["timeout"]["read"]
        try:
            status, body, is_last = await received.next(seconds)
        except BaseException:
            connection.withdraw(received)
            raise
        if is_last:
            return httpx.Response(status, headers=HEADERS, stream=httpx.ByteStream(body))
        lines = _Lines(connection, received, body, self._streams)
        self._streams.add(lines)
        return httpx.Response(status, headers=HEADERS, stream=lines)

    async def aclose(self) -> None:
        """Withdraw the watches."""
        while self._streams:
            await self._streams.pop().aclose()


class _Received:
    """The frames of one answer that have not been read."""

    __slots__ = ("error", "frames", "number", "waiter")

    def __init__(self, number: int) -> None:
        self.number = number
        self.frames: deque[tuple[int, bytes, bool]] = deque()
        self.error: httpx.TransportError | None = None
        self.waiter: asyncio.Future[None] | None = None

    async def next(self, seconds: float | None) -> tuple[int, bytes, bool]:
        """Return the status and the body of the next frame, and whether it is the last. Raises httpx.TransportError.

        Args:
            seconds: how long the frame may be awaited.
        """
        if not self.frames and self.error is None:
            loop = asyncio.get_running_loop()
            self.waiter = loop.create_future()
            timer = loop.call_later(seconds, self.fail, httpx.ReadTimeout("")) if seconds is not None else None
            try:
                await self.waiter
            finally:
                self.waiter = None
                if timer is not None:
                    timer.cancel()
        if self.frames:
            return self.frames.popleft()
        assert self.error is not None
        raise self.error

    def fail(self, error: httpx.TransportError) -> None:
        self.error = error
        self.wake()

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class _Connection(LocalProtocol):
    """The connection, and the answers that are awaited on it."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(1)
        self._awaited: dict[int, _Received] = {}

    def ask(self, path: bytes, body: bytes) -> _Received:
        """Send a request. Return what receives its answer."""
        received = _Received(next(self._numbers) & 0xFFFFFFFF)
        if not self.is_open:
            received.error = httpx.ConnectError(_GONE)
            return received
        self._awaited[received.number] = received
        self.send(request(received.number, path, body))
        return received

    def withdraw(self, received: _Received) -> None:
        """Do not wait for an answer any more."""
        if self._awaited.pop(received.number, None) is not None and self.is_open:
            self.send(request(received.number, b"", b""))

    def frame_received(self, frame: bytes) -> None:
        number, status, last = ANSWER.unpack_from(frame)
        received = self._awaited.get(number)
        if received is None:  # withdrawn
            return
        received.frames.append((status, frame[ANSWER.size :], bool(last)))
        if last:
            del self._awaited[number]
        received.wake()

    def closed(self) -> None:
        for received in self._awaited.values():
            received.fail(httpx.RemoteProtocolError(_GONE))
        self._awaited.clear()


class _Lines(httpx.AsyncByteStream):
    """The lines of a watch, the first of which has been received."""

    def __init__(self, connection: _Connection, received: _Received, first: bytes, streams: "set[_Lines]") -> None:
        self._connection = connection
        self._received = received
        self._first = first
        self._streams = streams

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        while True:
            _, line, is_last = await self._received.next(None)
            if is_last:
                return
            yield line

    async def aclose(self) -> None:
        """Withdraw the watch."""
        self._streams.discard(self)
        self._connection.withdraw(self._received)
