"""A TCP proxy before one member of etcd that lets a fault befall one request, or some at random."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from pybase64 import b64encode


class Fault(enum.Enum):
    """What befalls a request."""

    LOST = "etcd carries it out; the connection breaks instead of the answer"
    SILENT = "etcd carries it out; nothing is ever answered"
    CUT_SHORT = "etcd carries it out; the connection breaks in the middle of the answer"
    DELAYED = "etcd carries it out; the answer comes later than others"
    TIMED_OUT = "etcd carries it out; the answer is that it timed out"
    NOT_SENT = "it does not reach etcd; the connection breaks"
    LATE = "the connection breaks; it reaches etcd when the test says so"
    NO_LEADER = "it does not reach etcd; the answer is that there is no leader"


CARRIED_OUT = (Fault.LOST, Fault.SILENT, Fault.CUT_SHORT, Fault.DELAYED, Fault.TIMED_OUT)
ANSWERS = {
    Fault.TIMED_OUT: b'{"error":"etcdserver: request timed out","code":14,"message":"etcdserver: request timed out"}',
    Fault.NO_LEADER: b'{"error":"etcdserver: no leader","code":14,"message":"etcdserver: no leader"}',
}


async def nobody() -> None:
    """Acts in between, and does nothing."""


@dataclass
class Misfortune:
    """A `fault` that befalls the first request to `path` for `key`; `meanwhile` is done before the client notices."""

    fault: Fault
    path: str
    key: bytes
    meanwhile: Callable[[], Awaitable[None]] = nobody
    happened: bool = False
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def befalls(self, path: str, body: bytes) -> bool:
        return not self.happened and path == self.path and b'"key":"%b"' % b64encode(self.key) in body

    async def release(self) -> bytes:
        """Send the request that is `LATE` to etcd: the body of its answer."""
        self.let_go()
        return await self._answers.get()

    def let_go(self) -> None:
        """Send the request that is `LATE` to etcd."""
        self._released.set()

    async def befall(
        self, carry_out: Callable[[], Awaitable[bytes]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.happened = True
        done = await carry_out() if self.fault in CARRIED_OUT else b""
        await self.meanwhile()
        if self.fault in (Fault.CUT_SHORT, Fault.DELAYED):
            whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(done), done)
            writer.write(whole if self.fault is Fault.DELAYED else whole[: -len(done) // 2])
            await writer.drain()
            if self.fault is Fault.DELAYED:
                return
        if answer := ANSWERS.get(self.fault):
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            return
        if self.fault is Fault.SILENT:
            await reader.read()
        writer.close()
        if self.fault is Fault.LATE:
            await self._released.wait()
            self._answers.put_nowait(await carry_out())


class Proxy:
    """`requests` are the paths of all requests, in order; `chance` may name what befalls one, given its path."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connections: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.misfortune: Misfortune | None = None
        self.chance: Callable[[str], Misfortune | None] = _nothing

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        connection.add_done_callback(lambda _: writer.transport.abort())

    def cut(self) -> None:
        """Break every connection, watches too."""
        for connection in self._connections:
            connection.cancel()

    async def aclose(self) -> None:
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            stack.enter_context(contextlib.suppress(asyncio.IncompleteReadError, ConnectionError))
            answers, etcd = await stack.enter_async_context(_connected(self._port))
            answering = asyncio.create_task(_copy(answers, writer))
            stack.callback(answering.cancel)
            while not writer.is_closing():
                await self._forward(reader, writer, etcd)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, etcd: asyncio.StreamWriter
    ) -> None:
        head, body = await _message(reader)
        path = head.split(b" ", 2)[1].decode()
        self.requests.append(path)
        misfortune = self.misfortune
        if misfortune is None or not misfortune.befalls(path, body):
            misfortune = self.chance(path)
        if misfortune is not None:
            await misfortune.befall(lambda: _exchange(self._port, head + body), reader, writer)
        else:
            etcd.write(head + body)
            await etcd.drain()


def _nothing(_path: str) -> None:
    """Nothing befalls any request."""


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of a request or an answer that tells its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
    return head, await reader.readexactly(int(length))


async def _exchange(port: int, request: bytes) -> bytes:
    """The body of the answer to one request, on a connection of its own."""
    async with _connected(port) as (reader, writer):
        writer.write(request)
        _, body = await _message(reader)
    return body


@contextlib.asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is cut at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def proxying(port: int) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the etcd that listens on `port`, and its URL."""
    proxy = Proxy(port)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        try:
            yield proxy, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            await proxy.aclose()
