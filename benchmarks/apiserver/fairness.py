"""What a flood of one user does to another: `python benchmarks/apiserver/fairness.py [--url URL --flooder TOKEN --other TOKEN]`.

One user gets an object again and again on one connection, with pauses, for some seconds: first alone, then while another user floods the
server from a process of its own, with requests that never end. The figures are the median and the 99th percentile of the first user, how
many requests of the second were served and how many refused, and the ratio of the percentiles. Without `--url` a server is started; a
server of another kind needs two tokens of users that may get config maps in `default`.
"""

import argparse
import asyncio
import multiprocessing
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from connection import CONFIG_MAPS

from rootspan_apiserver.serving.kubeconfig import read

PAUSE = 0.004
REFUSED = b"429"


@dataclass
class Caller:
    """One keep-alive connection of a user. It takes the status, whatever it is."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    token: str

    @classmethod
    async def open(cls, url: str, token: str) -> "Caller":
        host, port = url.removeprefix("https://").split(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return cls(*await asyncio.open_connection(host, int(port), ssl=context), token)

    async def call(self, path: str) -> bytes:
        """Return the status of a GET."""
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        self.writer.write(head.encode())
        answer = await self.reader.readuntil(b"\r\n\r\n")
        lines = answer.lower().split(b"\r\n")
        length = next((line for line in lines if line.startswith(b"content-length:")), b"")
        if length:
            await self.reader.readexactly(int(length.split(b":")[1]))
        else:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readexactly(2)
        return lines[0].split(b" ")[1]


async def times(url: str, token: str, seconds: float) -> list[float]:
    """Return the milliseconds of each request of the quiet user."""
    caller, found = await Caller.open(url, token), []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        await caller.call(f"{CONFIG_MAPS}/none")
        found.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(PAUSE)
    caller.writer.close()
    return found


async def flood(url: str, token: str, connections: int, path: str, pipe: Pipe) -> None:
    """Flood the server until the pipe says that it is enough, then send how many requests were served, and refused."""
    served = refused = 0
    callers = [await Caller.open(url, token) for _ in range(connections)]

    async def go_on(caller: Caller) -> None:
        nonlocal served, refused
        while True:
            if await caller.call(path) == REFUSED:
                refused += 1
            else:
                served += 1

    tasks = [asyncio.create_task(go_on(caller)) for caller in callers]
    pipe.send("flooding")
    await asyncio.to_thread(pipe.recv)
    for task in tasks:
        task.cancel()
    pipe.send((served, refused))


def run_flood(url: str, token: str, connections: int, path: str, pipe: Pipe) -> None:
    asyncio.run(flood(url, token, connections, path, pipe))


@contextmanager
def started(flags: list[str]) -> Iterator[tuple[str, str, str]]:
    """Run a server. Yield its URL, and the tokens of the flooder and of the other user."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig, tokens = Path(folder) / "kubeconfig", Path(folder) / "tokens.csv"
        tokens.write_text("flood,flooder,u1\nquiet,other,u2\n")
        options = ["--secure-port=0", f"--write-kubeconfig={kubeconfig}", f"--token-auth-file={tokens}", *flags]
        command = [sys.executable, "-m", "rootspan", "apiserver", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield read(kubeconfig.read_text()).server, "flood", "quiet"
            process.terminate()


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[int(len(values) * part)]


def measure(url: str, flooder: str, other: str, arguments: argparse.Namespace) -> None:
    context = multiprocessing.get_context("spawn")
    quiet = asyncio.run(times(url, other, arguments.seconds))
    here, there = context.Pipe()
    process = context.Process(target=run_flood, args=(url, flooder, arguments.connections, arguments.path, there))
    process.start()
    here.recv()
    flooded = asyncio.run(times(url, other, arguments.seconds))
    here.send("enough")
    served, refused = here.recv()
    process.join()
    for name, values in (("alone", quiet), ("flooded", flooded)):
        print(
            f"{name:10} median {statistics.median(values):8.2f} ms   99th {percentile(values, 0.99):8.2f} ms   {len(values)} requests"
        )
    print(
        f"the flood: {served / arguments.seconds:.0f} served and {refused / arguments.seconds:.0f} refused per second"
    )
    print(f"ratio of the 99th percentiles: {percentile(flooded, 0.99) / percentile(quiet, 0.99):.1f}")
    print(f"ratio of the medians: {statistics.median(flooded) / statistics.median(quiet):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url")
    parser.add_argument("--flooder", default="flood")
    parser.add_argument("--other", default="quiet")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--path", default=f"{CONFIG_MAPS}/none")
    arguments, flags = parser.parse_known_args()
    if arguments.url:
        measure(arguments.url, arguments.flooder, arguments.other, arguments)
        return
    with started(flags) as (url, flooder, other):
        measure(url, flooder, other, arguments)


if __name__ == "__main__":
    main()
