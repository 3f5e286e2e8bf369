"""Webhooks and a collector that die, hang and lie: every request is answered, as it must be, and the limits are kept."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.apiserver.admission.parts import server_tls
from tests.apiserver.campaign import Campaign
from tests.apiserver.chaos.liars import WAYS, LyingCollector, LyingWebhook, listening
from tests.apiserver.chaos.workload import WITHIN
from tests.apiserver.end_to_end.outside import (
    CONFIG_MAPS,
    administering,
    config_map,
    register,
    started,
    tracing_configuration,
)
from tests.apiserver.end_to_end.processes import Server
from tests.apiserver.etcd.processes import free_ports

pytestmark = pytest.mark.anyio

CLIENTS = 8
POLICIES = ("fail", "ignore")
MOST_MEMORY = 500
"""MiB of the process at its peak, which is 120 here: it has 8 MiB for each answer, of which `CLIENTS` can be under way."""


def names(campaign: Campaign) -> Iterator[str]:
    """Yield each way with each policy once, then any without end; the name of an object says what befalls it."""
    for policy in POLICIES:
        yield from (f"{policy}-{way}-0" for way in (*WAYS, "refused"))
    random = campaign.random("names")
    for number in count(1):
        yield f"{random.choice(POLICIES)}-{random.choice(WAYS)}-{number}"


async def expect(client: httpx.AsyncClient, name: str) -> str:
    """Create an object: what is wrong with the answer, "" if it is as the name says."""
    policy, way = name.split("-", 1)[0], name.split("-", 1)[1].rpartition("-")[0]
    obj = config_map(name)
    obj["metadata"]["labels"] = {"policy": f"{policy}-{way}" if way in ("refused", "good") else policy}
    answer = await client.post(CONFIG_MAPS, json=obj)
    if policy == "ignore" or way == "good":
        return "" if answer.status_code == 201 else f"{name}: {answer.status_code} {answer.text}"
    failed = answer.status_code == 500 and "failed calling webhook" in answer.json()["message"]
    return "" if failed else f"{name}: {answer.status_code} {answer.text}"


async def create(client: httpx.AsyncClient, campaign: Campaign) -> list[str]:
    """Create objects until the time is over, and each way has come: what was wrong."""
    wrong: list[str] = []
    loop = asyncio.get_running_loop()
    end, wanted = loop.time() + campaign.seconds, 2 * (len(WAYS) + 1)
    numbered = enumerate(names(campaign))

    async def run() -> None:
        for number, name in numbered:
            if number >= wanted and loop.time() >= end:
                return
            wrong.append(await expect(client, name))

    await asyncio.gather(*(run() for _ in range(CLIENTS)))
    print(f"{len(wrong)} requests")
    return [each for each in wrong if each]


async def prepare(client: httpx.AsyncClient, ports: dict[str, int]) -> None:
    """Register a webhook for each policy at each of the ports, for objects with that label; only a good one gets time."""
    for suffix, port in ports.items():
        for policy in POLICIES:
            answer = await register(
                client,
                f"https://127.0.0.1:{port}/",
                name=f"{policy}{suffix}",
                failurePolicy=policy.capitalize(),
                timeoutSeconds=30 if suffix == "-good" else 1,
                objectSelector={"matchLabels": {"policy": f"{policy}{suffix}"}},
            )
            assert answer.status_code == 201, answer.text


def peak_memory(server: Server) -> int:
    """The most memory that the process has had, in MiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


async def test_no_request_is_lost_to_broken_parts(tmp_path: Path, campaign: Campaign) -> None:
    """A webhook that fails costs its request 500, or nothing if it may be ignored; a collector costs nothing; SIGTERM ends the server."""
    webhook, collector = LyingWebhook(), LyingCollector(campaign.random("collector"))
    async with AsyncExitStack() as stack:
        spans = await stack.enter_async_context(listening(collector.serve))
        port = await stack.enter_async_context(listening(webhook.serve, server_tls()))
        tracing = tracing_configuration(tmp_path, endpoint=f"127.0.0.1:{spans}", samplingRatePerMillion=1_000_000)
        server = await stack.enter_async_context(started(tmp_path, tracing))
        client = await stack.enter_async_context(administering(server))
        await prepare(client, {"": port, "-good": port, "-refused": free_ports(1)[0]})
        async with asyncio.timeout(campaign.seconds + WITHIN):
            wrong = await create(client, campaign)
        assert not wrong, "\n".join(wrong)
        stored = {item["metadata"]["name"] for item in (await client.get(CONFIG_MAPS)).json()["items"]}
        assert {name.split("-", 1)[1].rpartition("-")[0] for name in stored if name.startswith("fail-")} == {"good"}
        assert {name.split("-", 1)[1].rpartition("-")[0] for name in stored if name.startswith("ignore-")} >= set(WAYS)
        assert webhook.redirected == 0
        assert collector.connections
        print(f"{peak_memory(server)} MiB, {collector.connections} connections to the collector")
        assert peak_memory(server) < MOST_MEMORY
        assert await asyncio.to_thread(server.process.stop) == 0
    # Warnings about connections that webhooks have closed may be there: they are errors in this process alone.
    assert " ERROR " not in server.process.stderr, server.process.stderr
