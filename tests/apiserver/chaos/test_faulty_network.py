"""Two servers over one etcd, each through a proxy that loses, delays, cuts and breaks what passes between them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from tests.apiserver.campaign import Campaign
from tests.apiserver.chaos.serving import last_revision, servers_over
from tests.apiserver.chaos.watching import check_watches, watching
from tests.apiserver.chaos.workload import WITHIN, Memory, working
from tests.apiserver.etcd.processes import etcd
from tests.apiserver.etcd.proxy import Fault, Misfortune, Proxy, proxying

pytestmark = pytest.mark.anyio

CHANCE = 0.03
"""Of a request that something befalls it."""
LONGEST_DELAY = 0.1
FAULTS = tuple(fault for fault in Fault for _ in range(1 if fault is Fault.SILENT else 12))
"""A silent etcd is waited for, for seconds."""
CUT_EVERY = 0.4
"""Seconds between two cuts of all connections, on the average."""


class Trouble:
    """What befalls requests through one proxy, by the numbers of `random`."""

    def __init__(self, proxy: Proxy, random: Random) -> None:
        self._proxy = proxy
        self._random = random
        self.count = 0

    def _chance(self, path: str) -> Misfortune | None:
        random = self._random
        if random.random() >= CHANCE or path == "/v3/watch":
            return None
        self.count += 1
        fault, delay = random.choice(FAULTS), random.random() * LONGEST_DELAY

        async def wait() -> None:
            await asyncio.sleep(delay)

        misfortune = Misfortune(fault, path, b"", wait)
        if fault is Fault.LATE:
            asyncio.get_running_loop().call_later(2 * delay, misfortune.let_go)
        return misfortune

    async def run(self) -> None:
        """Make trouble until cancelled."""
        before, self._proxy.chance = self._proxy.chance, self._chance
        try:
            while True:
                await asyncio.sleep(self._random.expovariate(1 / CUT_EVERY))
                self._proxy.cut()
        finally:
            self._proxy.chance = before


async def test_single_objects_are_linearizable(tmp_path: Path, campaign: Campaign) -> None:
    """Whatever gets lost, no outcome is reported that cannot be, and watches show each change once."""
    memory = Memory()
    async with AsyncExitStack() as stack:
        member = stack.enter_context(etcd(tmp_path))
        proxies = [await stack.enter_async_context(proxying(member.client_port)) for _ in range(2)]
        servers = await stack.enter_async_context(servers_over(*([url] for _, url in proxies)))
        watchers = await stack.enter_async_context(watching(servers))
        troubles = [Trouble(proxy, campaign.random("trouble", n)) for n, (proxy, _) in enumerate(proxies)]
        tasks = [asyncio.create_task(trouble.run()) for trouble in troubles]
        async with working(servers, memory, campaign.random("clients")):
            await asyncio.sleep(campaign.seconds)
            await memory.more_writes(20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(WITHIN):
            end = await last_revision(servers[0], "end")
            for watcher in watchers:
                await watcher.reached(end)
    print(f"{memory}: {sum(trouble.count for trouble in troubles)} faults")
    memory.check()
    check_watches(watchers, memory)
    assert any(trouble.count for trouble in troubles)
