"""A server whose connections a test handles itself, and requests to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """A server that does `handle` with each connection."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v3/kv/range"
        self.connections = 0
        self.ended = asyncio.Event()


@contextlib.asynccontextmanager
async def peer(handle: Handler) -> AsyncIterator[Peer]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await handle(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        found.ended.set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.create_task(connected(reader, writer)))

    handlers: list[asyncio.Task[None]] = []
    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    found = Peer(server.sockets[0].getsockname()[1])
    async with server:
        yield found
        await asyncio.gather(*handlers)


async def request_read(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(2)


def post(url: str, seconds: float = 30.0) -> httpx.Request:
    timeouts = {"connect": 1.0, "pool": 1.0, "write": seconds, "read": seconds}
    headers = {"Host": "etcd", "Content-Length": "2"}
    return httpx.Request("POST", url, headers=headers, content=b"{}", extensions={"timeout": timeouts})
