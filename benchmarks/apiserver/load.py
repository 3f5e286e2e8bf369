"""The loads: one operation on a number of connections for some seconds, and what it costs."""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count

from client import Client, RefusedError, Target
from processes import cpu_seconds

NAMESPACE = "rootspan-benchmark"
PATH = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
LISTED = "/api/v1/namespaces/rootspan-benchmark-list/configmaps"
OBJECTS = 500
Request = tuple[str, str, bytes, str]
JSON, MERGE = "application/json", "application/merge-patch+json"


@dataclass(frozen=True)
class Cost:
    """Of one load: requests per second, milliseconds of latency, and milliseconds of CPU per request."""

    throughput: float
    median: float
    p99: float
    cpu: float
    requests: int


def config_map(name: str, value: str = "1") -> bytes:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value * 300}}
    return json.dumps(obj).encode()


def _operations(run: str) -> dict[str, Callable[[int, int], Request]]:
    """Return what request number `turn` of connection `number` is, for each operation."""
    return {
        "get": lambda number, turn: ("GET", f"{PATH}/{run}-{number}", b"", JSON),
        "list of 500": lambda number, turn: ("GET", f"{LISTED}?limit={OBJECTS}", b"", JSON),
        "create": lambda number, turn: ("POST", PATH, config_map(f"{run}-{number}-{turn}"), JSON),
        "update": lambda number, turn: (
            "PUT",
            f"{PATH}/{run}-{number}",
            config_map(f"{run}-{number}", f"{turn % 10}"),
            JSON,
        ),
        "patch": lambda number, turn: ("PATCH", f"{PATH}/{run}-{number}", b'{"data":{"b":"%d"}}' % turn, MERGE),
    }


OPERATIONS = tuple(_operations(""))


async def prepare(target: Target, run: str, connections: int) -> None:
    """Create what the loads read and change. Waits until the default service account admission allows the namespaces."""
    client = await Client.open(target)
    for path in (PATH, LISTED):
        name = path.split("/")[4]
        body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).encode()
        await _created(client, "/api/v1/namespaces", body)
    for number in range(OBJECTS):
        await _created(client, LISTED, config_map(f"c{number:03}"))
    for number in range(connections):
        await _created(client, PATH, config_map(f"{run}-{number}"))
    client.close()


async def _created(client: Client, path: str, body: bytes) -> None:
    try:
        await client.request("POST", path, body)
    except RefusedError as exc:
        if "AlreadyExists" not in str(exc):
            raise


async def clean(target: Target) -> None:
    """Delete the objects that the loads created."""
    client = await Client.open(target)
    for path in (PATH, LISTED):
        await client.request("DELETE", path)
    client.close()


async def load(target: Target, pids: set[int], run: str, operation: str, connections: int, seconds: float) -> Cost:
    """Send the operation on the connections for some seconds, each its own requests one after the other."""
    make = _operations(run)[operation]
    clients = [await Client.open(target) for _ in range(connections)]
    turns = count(time.time_ns())
    for number, client in enumerate(clients):
        await client.request(*make(number, next(turns)))
        client.timings.clear()

    async def send(number: int, client: Client, end: float) -> None:
        while time.perf_counter() < end:
            await client.request(*make(number, next(turns)))

    before, begun = cpu_seconds(pids), time.perf_counter()
    await asyncio.gather(*(send(number, client, begun + seconds) for number, client in enumerate(clients)))
    took, cpu = time.perf_counter() - begun, cpu_seconds(pids) - before
    timings = sorted(timing for client in clients for timing in client.timings)
    for client in clients:
        client.close()
    return Cost(
        throughput=len(timings) / took,
        median=statistics.median(timings) * 1000,
        p99=timings[min(len(timings) - 1, len(timings) * 99 // 100)] * 1000,
        cpu=cpu / len(timings) * 1000,
        requests=len(timings),
    )


def document(cost: Cost) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(cost).items()}
