"""A server that is killed at random among clients that write: what it acknowledged is there, once, and watches show each change once."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.apiserver.campaign import Campaign
from tests.apiserver.chaos.serving import last_revision
from tests.apiserver.chaos.watching import check_watches, watching
from tests.apiserver.chaos.workload import WITHIN, Memory, working
from tests.apiserver.end_to_end.processes import SERVING, Child, rootspan
from tests.apiserver.etcd.processes import Member, etcd, free_ports

pytestmark = pytest.mark.anyio

LONGEST_LIFE = 1.5
"""Seconds until the next kill, at most."""


class Crashing:
    """The process of a server on one port, over one store, that is killed and started again."""

    def __init__(self, folder: Path, *flags: str) -> None:
        (folder / "tokens.csv").write_text('token,admin,admin,"system:masters"\n')
        self._port = free_ports(1)[0]
        self._flags = (
            f"--secure-port={self._port}",
            f"--cert-dir={folder / 'certificates'}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            *flags,
        )
        self._stack = AsyncExitStack()
        self._process: Child | None = None

    async def start(self) -> None:
        self._process = await asyncio.to_thread(self._stack.enter_context, rootspan("apiserver", *self._flags))
        await asyncio.to_thread(self._process.wrote, SERVING)

    async def kill(self) -> None:
        assert self._process is not None
        process, self._process = self._process, None
        await asyncio.to_thread(process.end)
        assert "Traceback" not in process.stderr, process.stderr

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the server, which runs at the beginning of the block and is ended at its end."""
        async with self._stack:
            await self.start()
            tls = ssl.create_default_context()
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
            async with httpx.AsyncClient(
                base_url=f"https://127.0.0.1:{self._port}",
                headers={"authorization": "Bearer token"},
                verify=tls,
                timeout=WITHIN,
                trust_env=False,
            ) as client:
                yield client
            await self.kill()


async def crash(campaign: Campaign, server: Crashing, member: Member | None, memory: Memory) -> int:
    """Kill the server, or the etcd below it, or both, until the time is over: how often."""
    random = campaign.random("crashes")
    loop = asyncio.get_running_loop()
    end, kills = loop.time() + campaign.seconds, 0
    while not kills or loop.time() < end:
        await asyncio.sleep(random.random() * min(LONGEST_LIFE, campaign.seconds))
        async with asyncio.timeout(WITHIN):
            await memory.more_writes(10)
        both = campaign.is_long and random.random() < 0.5
        if member is None or both:
            await server.kill()
        if member is not None:
            await asyncio.to_thread(member.kill)
            await asyncio.to_thread(member.start)
        if member is None or both:
            await server.start()
        kills += 1
    return kills


@pytest.mark.parametrize("store", ["a data directory", "etcd"])
async def test_acknowledged_writes_survive_crashes(tmp_path: Path, campaign: Campaign, store: str) -> None:
    """kill -9 of the store, the server or both among five clients: nothing acknowledged is lost, no revision or uid comes twice."""
    memory = Memory()
    async with AsyncExitStack() as stack:
        member = stack.enter_context(etcd(tmp_path)) if store == "etcd" else None
        flag = f"--etcd-servers={member.url}" if member else f"--data-dir={tmp_path / 'data'}"
        server = Crashing(tmp_path, flag)
        client = await stack.enter_async_context(server.serving())
        watchers = await stack.enter_async_context(watching([client, client]))
        async with working([client], memory, campaign.random("clients")):
            kills = await crash(campaign, server, member, memory)
        async with asyncio.timeout(WITHIN):
            end = await last_revision(client, "end")
            for watcher in watchers:
                await watcher.reached(end)
    print(f"{kills} crashes: {memory}, {[len(watcher.segments) for watcher in watchers]} lists")
    memory.check()
    check_watches(watchers, memory)
