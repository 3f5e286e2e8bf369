"""Periodic compaction, by one server of many."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import Compacted, EtcdClient
from rootspan_apiserver.etcd.compaction import KEY, Compaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

WITHIN = 10.0


@pytest.fixture
async def client() -> AsyncIterator[EtcdClient]:
    async with EmbeddedEtcd() as embedded, EtcdClient([URL], transport=embedded.transport) as client:
        yield client


async def oldest(client: EtcdClient) -> int:
    """The oldest revision that can still be read."""
    revision = 1
    while True:
        try:
            await client.range(b"k", revision=revision)
        except Compacted:
            revision += 1
        else:
            return revision


async def test_history_is_kept_from_the_last_look_but_one(client: EtcdClient) -> None:
    """The first look compacts nothing, each later one to where the store was at the look before it."""
    compaction = Compaction(client)
    kept = []
    revisions = [0]
    for number in range(4):
        written = await client.put_if(b"k%d" % number, b"", mod_revision=0)
        await compaction.step()
        revisions.append(written.revision + 1)
        kept.append(await oldest(client))
    assert kept == [1, *revisions[1:-1]]


async def test_of_many_servers_one_compacts(client: EtcdClient) -> None:
    """In each round of looks the common key is written once, and the others learn of it."""
    compactions = [Compaction(client) for _ in range(3)]
    for version in range(1, 4):
        for compaction in compactions:
            await compaction.step()
        (key,) = (await client.range(KEY)).kvs
        assert key.version == version
    assert await oldest(client) == 3


async def test_it_goes_on_after_a_loss_of_the_key(client: EtcdClient) -> None:
    """Somebody deletes the key: the next look loses, the one after it compacts again."""
    compaction = Compaction(client)
    await compaction.step()
    (key,) = (await client.range(KEY)).kvs
    await client.delete_if(KEY, mod_revision=key.mod_revision)
    await compaction.step()
    assert await oldest(client) == 1
    await compaction.step()
    assert await oldest(client) == 3


async def test_it_runs_by_itself(client: EtcdClient) -> None:
    """With a short interval old history is soon gone, and what is live is untouched."""
    await client.put_if(b"k", b"v", mod_revision=0)
    async with aclosing(client.watch(KEY)) as watch:
        running = asyncio.create_task(Compaction(client).run(0.001))
        async with asyncio.timeout(WITHIN):
            for _ in range(10):
                await anext(watch)
        running.cancel()
    assert await oldest(client) >= 8
    assert (await client.range(b"k")).kvs[0].value == b"v"
