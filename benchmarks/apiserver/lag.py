"""The lag of watch events: how long after the answer to a write its event reaches a watcher.

The watcher is a process of its own; both read the same monotonic clock. A negative lag says that the event came first.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection as Pipe

from connection import CONFIG_MAPS, Connection, tls

from rootspan_apiserver.serving.kubeconfig import Access

MARK = b'"name":"lag-'


def lag(access: Access, writers: int, writes: int) -> float:
    """Return the median lag in milliseconds, of `writers` connections that create `writes` objects each."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    watcher = context.Process(target=watch, args=(access, writers * writes, there))
    watcher.start()
    here.recv()
    answered = asyncio.run(_write(access, writers, writes))
    seen: dict[str, float] = here.recv()
    watcher.join()
    return statistics.median(seen[name] - answered[name] for name in answered) * 1000


def watch(access: Access, count: int, results: Pipe) -> None:
    """Send a message once the watch has begun, then the time at which each of `count` objects was seen, by name."""
    results.send(asyncio.run(_watch(access, count, results)))


async def _watch(access: Access, count: int, results: Pipe) -> dict[str, float]:
    host, port = access.server.removeprefix("https://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=tls(access), limit=1 << 24)
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={await _current(access)}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {access.token}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    results.send("watching")
    seen: dict[str, float] = {}
    while len(seen) < count:
        line = await reader.readuntil(b"\n")
        at = line.find(MARK)
        if at >= 0:
            seen[line[at + 8 : line.index(b'"', at + 8)].decode()] = time.monotonic()
    writer.close()
    return seen


async def _current(access: Access) -> str:
    connection = await Connection.open(access)
    listed = json.loads(await connection.request("GET", f"{CONFIG_MAPS}?limit=1"))
    connection.writer.close()
    return str(listed["metadata"]["resourceVersion"])


async def _write(access: Access, writers: int, writes: int) -> dict[str, float]:
    answered: dict[str, float] = {}
    run = time.time_ns()

    async def create(number: int) -> None:
        connection = await Connection.open(access)
        for count in range(writes):
            name = f"lag-{run}-{number}-{count}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1" * 300}}
            await connection.request("POST", CONFIG_MAPS, json.dumps(body).encode())
            answered[name] = time.monotonic()
        connection.writer.close()

    await asyncio.gather(*map(create, range(writers)))
    return answered
