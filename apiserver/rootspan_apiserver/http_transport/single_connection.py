"""One connection to a server, behind httpx's interface for transports.

httpx's own transport has a connection pool, a cancel scope for each read and a parser in Python, which cost more than etcd's work on a
small request; its import takes a third of the time in which the server starts. This one has one connection, asyncio's protocols, a
timer for each wait, and the parser of httptools. The client, its spans and its headers are those of httpx.

A connection that its server has closed, or that was idle for `IDLE` seconds, is replaced before anything is sent. A response that is
not read to its end closes its connection. While `READ_AHEAD` bytes of a stream wait for their reader, the socket is not read.
"""

import asyncio
import select
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import httptools
import httpx

IDLE = 30.0
READ_AHEAD = 1 << 20
KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, option, value)
        for option, value in (
            (getattr(socket, "TCP_KEEPIDLE", None), 15),
            (getattr(socket, "TCP_KEEPINTVL", None), 5),
            (getattr(socket, "TCP_KEEPCNT", None), 3),
        )
        if option is not None
    ),
]
"""A watch may be silent for hours; without keep-alive it would not notice the loss of its server."""


class SingleConnectionTransport(httpx.AsyncBaseTransport):
    """Sends one request at a time to `http` URLs or, by `tls`, to `https` ones."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._connection: _Connection | None = None
        self._origin: tuple[bytes, bytes, int | None] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return when the head of the response is there.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: nothing was sent.
            httpx.TransportError: the request may have reached the server.
        """
        timeouts = request.extensions["timeout"]
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port)
        connection = self._connection
        if connection is None or origin != self._origin or not connection.usable():
            if connection is not None:
                connection.close()
            self._connection = connection = await self._connect(url, timeouts["connect"])
            self._origin = origin
        assert isinstance(request.stream, httpx.ByteStream)
        return await connection.exchange(request, b"".join(request.stream), timeouts["read"])

    async def _connect(self, url: httpx.URL, seconds: float) -> "_Connection":
        loop = asyncio.get_running_loop()
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop), url.host, port, ssl=self._tls if secure else None
                )
        except TimeoutError as exc:
            raise httpx.ConnectTimeout(f"no connection within {seconds:g} s") from exc
        except (OSError, ssl.SSLError) as exc:
            raise httpx.ConnectError(str(exc)) from exc
        return connection

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Connection(asyncio.Protocol):
    """A connection and the response that is being received on it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._lost = False
        self._free_since = loop.time()
        self._waiter: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._response: _Received | None = None
        self._descriptor = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, and have the system probe silent connections."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        sock: socket.socket = transport.get_extra_info("socket")
        for option in KEEP_ALIVE:
            sock.setsockopt(*option)
        self._descriptor = sock.fileno()

    def data_received(self, data: bytes) -> None:
        """Parse, and wake the reader."""
        response = self._response
        if response is None:  # nothing was asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as exc:
            self._fail(httpx.RemoteProtocolError(str(exc)))
            return
        if response.size > READ_AHEAD and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. The `on_` methods are called by the parser."""
        self._received.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Keep the status."""
        response = self._received
        response.status = self._parser.get_status_code()
        response.has_head = True

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        response = self._received
        response.chunks.append(body)
        response.size += len(body)

    def on_message_complete(self) -> None:
        """Note the end of the response."""
        response = self._received
        response.complete = True
        response.keep_alive = self._parser.should_keep_alive()

    @property
    def _received(self) -> "_Received":
        assert self._response is not None, "bytes are parsed only while a response is awaited"
        return self._response

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the response that is not complete."""
        self._lost = True
        response = self._response
        if response is not None and not response.complete and response.error is None:
            gone = "Server disconnected without sending a response."
            response.error = httpx.ReadError(str(exc)) if exc else httpx.RemoteProtocolError(gone)
        self._wake()

    def usable(self) -> bool:
        """Return whether another request may be sent.

        The end of the connection may be in the socket before the event loop has read it; a request sent then would have an unknown
        outcome for no reason.
        """
        if self._lost or self._response is not None or self._loop.time() - self._free_since >= IDLE:
            return False
        return not _readable(self._descriptor)

    def close(self) -> None:
        """Drop the connection at once."""
        self._lost = True
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: httpx.Request, body: bytes, seconds: float | None) -> httpx.Response:
        """Send a request and wait for the head of the response; `seconds` bounds each wait, in seconds."""
        assert self._transport is not None
        self._response = response = _Received()
        head = [request.method.encode(), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
        for name, value in request.headers.raw:
            head += (name, b": ", value, b"\r\n")
        head += (b"\r\n", body)
        self._transport.write(b"".join(head))
        try:
            while not response.has_head:
                await self._wait(response, seconds)
        except BaseException:
            self.close()
            raise
        stream = _Body(self, response, seconds)
        return httpx.Response(response.status, headers=response.headers, stream=stream, request=request)

    async def _wait(self, response: "_Received", seconds: float | None) -> None:
        """Return when there is more of the response. Raises httpx.TransportError if there will be no more."""
        if response.error is not None:
            raise response.error
        self._waiter = waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._fail, httpx.ReadTimeout("")) if seconds is not None else None
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
        if response.error is not None:
            raise response.error

    async def next_chunk(self, response: "_Received", seconds: float | None) -> bytes | None:
        """Return the next bytes of the body, None at its end."""
        while not response.chunks:
            if response.complete:
                return None
            await self._wait(response, seconds)
        chunk = response.chunks.popleft()
        response.size -= len(chunk)
        if response.size <= READ_AHEAD < response.size + len(chunk) and self._transport is not None:
            self._transport.resume_reading()
        return chunk

    def release(self, response: "_Received") -> None:
        """Make the connection free for the next request, or close it if the response is not complete or asks for that."""
        if response.complete and response.keep_alive and not self._lost:
            self._response = None
            self._free_since = self._loop.time()
        else:
            self.close()

    def _fail(self, error: httpx.TransportError) -> None:
        self._received.error = error
        self.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _readable(descriptor: int) -> bool:
    poll = select.poll()  # select() itself refuses descriptors from 1,024 on
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class _Received:
    """What has been received of one response."""

    __slots__ = ("chunks", "complete", "error", "has_head", "headers", "keep_alive", "size", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.complete = False
        self.keep_alive = True
        self.chunks: deque[bytes] = deque()
        self.size = 0
        self.error: httpx.TransportError | None = None


class _Body(httpx.AsyncByteStream):
    """The body of a response as it arrives."""

    def __init__(self, connection: _Connection, response: _Received, seconds: float | None) -> None:
        self._connection = connection
        self._response = response
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._connection.next_chunk(self._response, self._seconds)) is not None:
            yield chunk

    async def aclose(self) -> None:
        """Free the connection."""
        self._connection.release(self._response)
