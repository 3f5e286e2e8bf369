"""What the server costs: `python benchmarks/apiserver [--quick]`.

Each figure is of a fresh process with the embedded store in memory, tracing off as by default: seconds from the start of the process to the
first answer, resident memory, the time of one request after another on one connection (and of sixteen at once), and how long after the
answer to a write its event reaches a watcher, medians. The reference is kube-apiserver v1.36.2 with
etcd 3.6 on a machine of the same kind; compare ratios, not milliseconds.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from connection import CONFIG_MAPS, Connection
from lag import lag

from rootspan_apiserver.serving.kubeconfig import Access, read

WRITERS = 16
REFERENCE = {
    "ready (s)": 2.2,
    "memory (MB)": 314.0,
    "create (ms)": 2.0,
    "get (ms)": 0.8,
    "list of 500 (ms)": 5.0,
    "patch (ms)": 1.4,
    "get, 16 connections (1/s)": 4900.0,
    "watch event after the answer, 16 writers (ms)": 0.6,
}


async def measure(access: Access, rounds: int) -> dict[str, float]:
    connection = await Connection.open(access)

    async def median(make: Callable[[int], tuple[str, str, bytes, str]], count: int) -> float:
        connection.timings.clear()
        for number in range(count):
            await connection.request(*make(number))
        return statistics.median(connection.timings) * 1000

    def created(number: int) -> tuple[str, str, bytes, str]:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}"}, "data": {"a": "1" * 300}}
        return "POST", CONFIG_MAPS, json.dumps(body).encode(), "application/json"

    def patched(number: int) -> tuple[str, str, bytes, str]:
        return "PATCH", f"{CONFIG_MAPS}/c{number}", b'{"data":{"b":"2"}}', "application/merge-patch+json"

    found = {
        "create (ms)": await median(created, max(rounds, 500)),
        "get (ms)": await median(lambda number: ("GET", f"{CONFIG_MAPS}/c{number}", b"", ""), rounds),
        "list of 500 (ms)": await median(lambda _: ("GET", f"{CONFIG_MAPS}?limit=500", b"", ""), rounds // 5),
        "patch (ms)": await median(patched, rounds),
    }
    many = [await Connection.open(access) for _ in range(WRITERS)]
    begun = time.perf_counter()

    async def get_all(connection: Connection) -> None:
        for number in range(rounds):
            await connection.request("GET", f"{CONFIG_MAPS}/c{number % 500}")

    await asyncio.gather(*map(get_all, many))
    found["get, 16 connections (1/s)"] = WRITERS * rounds / (time.perf_counter() - begun)
    for each in (connection, *many):
        each.writer.close()
    return found


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    rounds = 200 if "--quick" in sys.argv else 1000
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        command = [sys.executable, "-m", "rootspan", "apiserver", "--secure-port=0", f"--write-kubeconfig={kubeconfig}"]
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            process.stdout.readline()
            found = {"ready (s)": time.perf_counter() - begun}
            access = read(kubeconfig.read_text())
            found |= asyncio.run(measure(access, rounds))
            found[f"watch event after the answer, {WRITERS} writers (ms)"] = lag(access, WRITERS, rounds // 5)
            found["memory (MB)"] = resident(process.pid)
            process.terminate()
    print(f"{'':48}{'Rootspan':>10}{'reference':>12}")
    for name, value in REFERENCE.items():
        print(f"{name:48}{found[name]:>10.2f}{value:>12.1f}")


if __name__ == "__main__":
    main()
