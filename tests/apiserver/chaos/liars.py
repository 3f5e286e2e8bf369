"""Webhooks and collectors that die, hang and lie."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import orjson

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PAUSE = 0.05


def _whole(body: bytes, head: bytes = JSON) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def _review(request: dict[str, Any], **changes: Any) -> bytes:
    answer = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"}
    return orjson.dumps(answer | {"response": {"uid": request["uid"], "allowed": True}} | changes)


ANSWERS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "good": lambda request: _whole(_review(request)),
    "garbage": lambda request: bytes(range(256)) * 40,
    "not-json": lambda request: _whole(b"\xff\xfe{]"),
    "wrong-kind": lambda request: _whole(orjson.dumps({"kind": "Pod", "apiVersion": "v1"})),
    "wrong-uid": lambda request: _whole(_review(request, response={"uid": "x", "allowed": True})),
    "wrong-type": lambda request: _whole(_review(request, response=[{"allowed": "yes"}])),
    "deep": lambda request: _whole(b'{"a":' * 20_000),
    "redirect": lambda request: _whole(b"", b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\n"),
    "unavailable": lambda request: _whole(b"no", b"HTTP/1.1 503 No\r\nContent-Type: text/plain\r\n"),
    "cut": lambda request: JSON + b"Content-Length: 1000\r\n\r\n" + _review(request)[:50],
    "cut-chunks": lambda request: JSON + b"Transfer-Encoding: chunked\r\n\r\n20\r\n" + _review(request)[:20],
    "headers": lambda request: JSON + b"X: y\r\n" * 100_000,
    "nothing": lambda request: b"",
}
"""What a webhook answers before it closes the connection."""
WAYS = (*ANSWERS, "hangs", "slow", "endless")


async def _end(reader: asyncio.StreamReader) -> None:
    """Return when the client has closed the connection."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        await reader.read()


class LyingWebhook:
    """Answers a review as the name of its object says: `…-WAY-NUMBER`. `redirected` counts requests elsewhere."""

    def __init__(self) -> None:
        self.redirected = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        request = orjson.loads(await reader.readexactly(length))["request"]
        if b"/elsewhere" in head.split(b"\r\n")[0]:
            self.redirected += 1
        way = request["name"].split("-", 1)[1].rpartition("-")[0]
        if answer := ANSWERS.get(way):
            writer.write(answer(request))
            await writer.drain()
            return
        gone = asyncio.create_task(_end(reader))
        if way == "slow":
            writer.write(JSON + b"Content-Length: 100000\r\n\r\n")
        elif way == "endless":
            writer.write(JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        while not gone.done():
            if way != "hangs":
                writer.write(b" " if way == "slow" else b"10000\r\n" + b" " * 65536 + b"\r\n")
                await writer.drain()
            await asyncio.wait({gone}, timeout=0 if way == "endless" else PAUSE)


class LyingCollector:
    """Answers each connection in another way; `connections` counts them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        way = self._random.randrange(6)
        if way == 0:
            return
        writer.write(
            (b"", b"HTTP/1.1 503 No\r\n\r\n", bytes(range(256)) * 64, settings, settings + b"A" * 9000)[way - 1]
        )
        await writer.drain()
        if way == 1:
            await reader.read()
        await reader.read(1)


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server on the port that is given; its connections are cut at the end of the block."""
    tasks: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await serve(reader, writer)
                writer.close()
        finally:
            if not writer.is_closing():
                writer.transport.abort()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(served(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: writer.close())

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
