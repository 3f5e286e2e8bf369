"""A server of one process under load: its CPU time for a request, read from /proc, and its throughput.

Only the server's own CPU time is counted, so the client may be slow; the two have a processor each. Variants are served
one after the other in rotated rounds; each has its own server process, which lives for the whole run.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from inprocess import HEADERS, TRACE_HEADERS

CONNECTIONS = 16
_PROCESSORS = sorted(os.sched_getaffinity(0))
_TICK = os.sysconf("SC_CLK_TCK")
_NANOSECONDS = Path(f"/proc/{os.getpid()}/schedstat").exists()


def cpu_seconds(process: int) -> float:
    """CPU time of all threads of a process, in seconds: to the nanosecond where the kernel tells it."""
    if _NANOSECONDS:
        tasks = Path(f"/proc/{process}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


class Server:
    """uvicorn with httptools and uvloop in a process of its own, serving one of the subjects."""

    def __init__(self, subject: str, otlp: str = "") -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("serve.py")), subject, str(listener.fileno()), otlp],
                pass_fds=[listener.fileno()],
            )
        os.sched_setaffinity(self._process.pid, {_PROCESSORS[0]})

    def cpu(self) -> float:
        return cpu_seconds(self._process.pid)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, done: asyncio.Event) -> None:
        self.answered = 0
        self._request = request
        self._until = until
        self._done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._request)  # type: ignore[attr-defined] # a TCP connection can be written to

    def data_received(self, data: bytes) -> None:
        self.answered += 1
        if time.perf_counter() < self._until:
            self._transport.write(self._request)  # type: ignore[attr-defined] # likewise
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._done.set()


async def _load(port: int, seconds: float, hostile: bool) -> int:
    headers = [*HEADERS[1:], *(TRACE_HEADERS if hostile else [])]
    lines = [b"GET /things/1?limit=10 HTTP/1.1", b"host: 127.0.0.1", *[name + b": " + value for name, value in headers]]
    request = b"\r\n".join([*lines, b"", b""])
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    events = [asyncio.Event() for _ in range(CONNECTIONS)]
    connections = []
    for event in events:
        _, connection = await loop.create_connection(
            lambda event=event: _Connection(request, until, event), "127.0.0.1", port
        )
        connections.append(connection)
    for event in events:
        await event.wait()
    return sum(connection.answered for connection in connections)


def measure(servers: Mapping[str, tuple[Server, bool]], *, rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """Returns for each server the CPU microseconds of a request and its requests per second: medians over the rounds.

    `added` is the median of the differences from the first server in the same round, `rps_ratio` that of the ratios.
    """
    import uvloop

    os.sched_setaffinity(0, {_PROCESSORS[-1]})
    names = list(servers)
    cpu: dict[str, list[float]] = {name: [] for name in names}
    rate: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-1, rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            server, hostile = servers[name]
            before, begin = server.cpu(), time.perf_counter()
            answered = uvloop.run(_load(server.port, seconds, hostile))
            elapsed, used = time.perf_counter() - begin, server.cpu() - before
            if turn >= 0:
                cpu[name].append(used / answered * 1e6)
                rate[name].append(answered / elapsed)
    first = names[0]
    return {
        name: {
            "cpu": statistics.median(cpu[name]),
            "added": statistics.median(b - a for a, b in zip(cpu[first], cpu[name], strict=True)),
            "rps": statistics.median(rate[name]),
            "rps_ratio": statistics.median(b / a for a, b in zip(rate[first], rate[name], strict=True)),
        }
        for name in names
    }
