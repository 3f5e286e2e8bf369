"""Thread CPU time of one request in one process, measured in pairs: every variant in every round, in rotated order.

A difference is taken within a round, between neighbours in time, and the median over the rounds is reported: so a noisy
machine moves all of them together. Ratios of differences are comparable between machines; microseconds are not.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from subjects import App, Message

HEADERS = [
    (b"host", b"shop.example:8080"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"authorization", b"Bearer 0123456789"),
    (b"connection", b"keep-alive"),
    (b"cache-control", b"no-cache"),
]
TRACE_HEADERS = [
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    (b"tracestate", b"vendor=opaque,other=value"),
    (b"baggage", b"user=1,tenant=2"),
]
HUNDRED_HEADERS = HEADERS + [(b"x-header-%d" % number, b"value") for number in range(92)]

Cell = Callable[[int], Awaitable[None]]


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    pass


def requests(app: App, path: str = "/things/1", headers: list[tuple[bytes, bytes]] = HEADERS) -> Cell:
    raw_path = path.encode()

    async def run(count: int) -> None:
        for _ in range(count):
            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": path,
                "raw_path": raw_path,
                "query_string": b"limit=10",
                "root_path": "",
                "headers": headers,
                "client": ("198.51.100.7", 50123),
                "server": ("127.0.0.1", 8080),
                "state": {},
            }
            await app(scope, _receive, _send)

    return run


def calls(get: Callable[[], Awaitable[Any]]) -> Cell:
    async def run(count: int) -> None:
        for _ in range(count):
            await get()

    return run


def measure(
    cells: Mapping[str, Cell], *, rounds: int, count: int, clock: Callable[[], float] = time.thread_time
) -> dict[str, float]:
    """Returns the CPU time of one request, in microseconds, for each cell: the first as it is, the others over the first."""
    names = list(cells)
    times: dict[str, list[float]] = {name: [] for name in names}

    async def rotate() -> None:
        for name in names:
            await cells[name](max(20, count // 10))
        for turn in range(rounds):
            start = turn % len(names)
            for name in names[start:] + names[:start]:
                before = clock()
                await cells[name](count)
                times[name].append((clock() - before) / count * 1e6)

    asyncio.run(rotate())
    base = times[names[0]]
    added = {name: statistics.median(b - a for a, b in zip(base, times[name], strict=True)) for name in names[1:]}
    return {names[0]: statistics.median(base), **added}
