"""Three members of etcd below two servers: members are killed and paused, the history is compacted; clients notice a pause."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from rootspan_apiserver.etcd import Compacted, EtcdClient
from tests.apiserver.campaign import Campaign
from tests.apiserver.chaos.serving import last_revision, servers_over
from tests.apiserver.chaos.watching import check_watches, watching
from tests.apiserver.chaos.workload import WITHIN, Memory, working
from tests.apiserver.etcd.processes import Member, etcd_cluster

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]  # three members and seven faults: in the long form only

LONGEST_FAULT = 3.0
"""Seconds that members are away, at most."""
BETWEEN = 20
"""Writes between two faults."""


async def leader_first(members: tuple[Member, ...]) -> list[Member]:
    """The members, the leader before the others."""
    statuses = []
    for member in members:
        async with EtcdClient([member.url]) as client:
            statuses.append(await client.status())
    return sorted(
        members, key=lambda each: statuses[members.index(each)].leader != statuses[members.index(each)].member_id
    )


@asynccontextmanager
async def killed(*members: Member) -> AsyncIterator[None]:
    for member in members:
        await asyncio.to_thread(member.kill)
    try:
        yield
    finally:
        events = [member.launch() for member in members]
        for member, ready in zip(members, events, strict=True):
            await asyncio.to_thread(member.wait, ready)


@asynccontextmanager
async def paused(*members: Member) -> AsyncIterator[None]:
    for member in members:
        member.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for member in members:
            member.send(signal.SIGCONT)


@asynccontextmanager
async def compacted(*members: Member) -> AsyncIterator[None]:
    async with EtcdClient([member.url for member in members]) as client:
        with contextlib.suppress(Compacted):
            await client.compact((await client.range(b"x")).revision)
    yield


Fault = Callable[..., contextlib.AbstractAsyncContextManager[None]]
FAULTS: dict[str, tuple[Fault, slice]] = {
    "leader killed": (killed, slice(0, 1)),
    "leader paused": (paused, slice(0, 1)),
    "follower killed": (killed, slice(1, 2)),
    "follower paused": (paused, slice(1, 2)),
    "two killed": (killed, slice(0, 2)),
    "all paused": (paused, slice(0, 3)),
    "compaction": (compacted, slice(0, 3)),
}


async def trouble(
    campaign: Campaign, cluster: tuple[Member, ...], writes: Callable[[int], Awaitable[None]]
) -> list[str]:
    """Let one fault after the other happen until the time is over: their names."""
    random = campaign.random("members")
    loop = asyncio.get_running_loop()
    end, happened = loop.time() + campaign.seconds, list[str]()
    while not happened or loop.time() < end:
        async with asyncio.timeout(WITHIN):
            await writes(BETWEEN)
            members = await leader_first(cluster)
        name = random.choice(list(FAULTS))
        fault, which = FAULTS[name]
        async with fault(*members[which]):
            await asyncio.sleep(random.random() * LONGEST_FAULT)
        happened.append(name)
    async with asyncio.timeout(WITHIN):
        await writes(BETWEEN)
    return happened


@pytest.mark.parametrize("campaign", ["long"], indirect=True)
async def test_loss_of_members_loses_nothing(tmp_path: Path, campaign: Campaign) -> None:
    """Whatever becomes of members, nothing acknowledged is lost or done twice, and no server shows anything stale."""
    memory = Memory()
    async with AsyncExitStack() as stack:
        cluster = stack.enter_context(etcd_cluster(tmp_path))
        urls = [member.url for member in cluster]
        servers = await stack.enter_async_context(servers_over(urls, urls[::-1]))
        watchers = await stack.enter_async_context(watching(servers))
        async with working(servers, memory, campaign.random("clients")):
            happened = await trouble(campaign, cluster, memory.more_writes)
        async with asyncio.timeout(WITHIN):
            end = await last_revision(servers[0], "end")
            for watcher in watchers:
                await watcher.reached(end)
    print(f"{', '.join(happened)}: {memory}, {[len(watcher.segments) for watcher in watchers]} lists")
    memory.check()
    check_watches(watchers, memory)
