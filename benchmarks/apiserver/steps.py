"""How long one request holds the event loop: `python benchmarks/apiserver/steps.py [--objects=N] [--where] [NAME...]`.

The server runs in a process of its own, on asyncio's event loop, whose steps are timed: for each request of the table the CPU time of the
longest step is printed, in milliseconds, next to the CPU time that the server spent and the longest answer to `/livez` meanwhile. Only
the first is honest on a busy machine. With `--where`, the stack of each step longer than 50 ms is printed. NAMEs choose requests.
"""

import argparse
import asyncio
import gc
import multiprocessing
import os
import socket
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from connection import Connection
from hostile_requests import Attack, attacks, prepared

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.kubeconfig import Access, read

PROBE = 0.01
"""Seconds between two health probes."""
LONG = 0.05
"""Seconds of a step whose stack is printed."""


class Steps:
    """Times the steps of asyncio's event loops in this process; `longest` is in seconds of CPU."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        self._begun = 0.0
        run = asyncio.events.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            self._begun = begun = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - begun)
            self._begun = 0.0

        asyncio.events.Handle._run = timed  # type: ignore[method-assign, assignment]  # the only place where all steps pass

    def watch(self, thread: int) -> None:
        """Print the stacks of the long steps of a thread, for ever."""
        shown = 0.0
        while True:
            time.sleep(LONG / 5)
            begun = self._begun
            if begun and begun != shown and time.clock_gettime(self._clock) - begun > LONG:
                shown = begun
                frame = sys._current_frames().get(thread)
                if frame is not None:
                    lines = traceback.format_stack(frame)[-12:]
                    print("".join(lines), file=sys.stderr, flush=True)


async def _serve(flags: list[str], pipe: Pipe, steps: Steps) -> None:
    async with apiserver(Options.parse(flags)) as running:
        gc.freeze()
        pipe.send(running.kubeconfig)
        loop = asyncio.get_running_loop()
        while (command := await loop.run_in_executor(None, pipe.recv)) != "stop":
            if command == "reset":
                steps.longest = 0.0
            pipe.send((steps.longest, time.process_time()))


def serve(flags: list[str], pipe: Pipe, where: bool) -> None:
    """Serve until told to stop; answer with the longest step and the CPU time so far."""
    sys.setswitchinterval(0.001)
    steps = Steps()
    if where:
        threading.Thread(target=steps.watch, args=(threading.get_ident(),), daemon=True).start()
    with asyncio.Runner() as runner:
        runner.run(_serve(flags, pipe, steps))


class Server:
    """A server in another process."""

    def __init__(self, flags: list[str], *, where: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=serve, args=(flags, there, where))
        self._process.start()
        self.access: Access = read(self._pipe.recv())

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def measured(self, command: str = "show") -> tuple[float, float]:
        """Return the longest step so far and the CPU time, in seconds; "reset" begins again."""
        self._pipe.send(command)
        found: tuple[float, float] = self._pipe.recv()
        return found

    def stop(self) -> None:
        self._pipe.send("stop")
        self._process.join()


class Exchange:
    """One connection, on which whole answers are read and dropped."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._address = access.server.removeprefix("https://").split(":")
        self._context = ssl.create_default_context(cadata=access.ca_bundle.decode())

    async def request(self, attack: Attack) -> tuple[int, int, bytes]:
        """Return the status, the number of bytes in the answer and its first kilobyte. The connection is used once."""
        host, port = self._address
        reader, writer = await asyncio.open_connection(host, int(port), ssl=self._context)
        head = (
            f"{attack.method} {attack.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._access.token}\r\n"
            f"Accept: {attack.accept}\r\nContent-Type: {attack.content_type}\r\nContent-Length: {len(attack.body)}\r\n"
            f"Connection: close\r\n{attack.headers}\r\n"
        )
        writer.write(head.encode() + attack.body)
        answer = await reader.readuntil(b"\r\n\r\n")
        size, first = 0, b""
        while chunk := await reader.read(1 << 20):
            size += len(chunk)
            first = first or chunk[:1000]
            if attack.ends_with and attack.ends_with in chunk:
                break
        writer.close()
        return int(answer.split(b" ", 2)[1]), size, first


def probe(access: Access, pipe: Pipe) -> None:
    """Ask for the health of the server on one connection, again and again; send the slowest answer when asked."""
    host, port = access.server.removeprefix("https://").split(":")
    context = ssl.create_default_context(cadata=access.ca_bundle.decode())
    connection = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
    request = f"GET /livez HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {access.token}\r\n\r\n".encode()
    slowest = 0.0
    while True:
        begun = time.perf_counter()
        connection.sendall(request)
        connection.recv(1 << 16)
        slowest = max(slowest, time.perf_counter() - begun)
        if pipe.poll(PROBE):
            pipe.recv()
            pipe.send(slowest)
            slowest = 0.0


class Prober:
    """Probes the server's health from a process of its own."""

    def __init__(self, access: Access) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=probe, args=(access, there), daemon=True)
        self._process.start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()

    def slowest(self) -> float:
        """Return the seconds of the slowest answer since the last call."""
        self._pipe.send("show")
        found: float = self._pipe.recv()
        return found


def peak(pid: int) -> float:
    """Return the largest resident memory of a process so far, in MB."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def _chosen(names: list[str], objects: int) -> Iterator[Attack]:
    for attack in attacks(objects):
        if not names or any(name in attack.name for name in names):
            yield attack


async def _prepare(access: Access, objects: int) -> None:
    connection = await Connection.open(access)
    for preparation in prepared(objects):
        await connection.request(preparation.method, preparation.path, preparation.body)
    connection.writer.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--where", action="store_true")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    os.nice(5)
    server = Server(["--secure-port=0"], where=given.where)
    exchange = Exchange(server.access)

    async def run(attack: Attack) -> tuple[int, int, bytes]:
        found = await asyncio.gather(*(exchange.request(attack) for _ in range(given.at_once)))
        return found[0]

    try:
        asyncio.run(_prepare(server.access, given.objects))
        prober = Prober(server.access)
        print(f"{'request':46}{'status':>7}{'step ms':>9}{'CPU ms':>9}{'livez ms':>10}{'peak MB':>9}")
        for attack in _chosen(given.names, given.objects):
            prober.slowest()
            _, before = server.measured("reset")
            status, size, first = asyncio.run(run(attack))
            longest, after = server.measured()
            slowest = prober.slowest()
            print(
                f"{attack.name:46}{status:>7}{longest * 1000:>9.0f}{(after - before) * 1000:>9.0f}"
                f"{slowest * 1000:>10.0f}{peak(server.pid):>9.0f}",
                flush=True,
            )
            if status not in attack.expected:
                print("   ", size, first[:300].decode(errors="replace"))
        prober.stop()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
