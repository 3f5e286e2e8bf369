"""Old versions do not pile up in etcd."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rootspan_apiserver.etcd import Compacted
from rootspan_apiserver.storage.compaction import Compaction
from tests.apiserver.storage.parts import WITHIN

if TYPE_CHECKING:
    from rootspan_apiserver.etcd import EtcdClient

pytestmark = pytest.mark.anyio


async def test_what_is_older_than_the_interval_is_forgotten(client: EtcdClient, prefix: str) -> None:
    """By two servers over one store, neither of which minds the other; what is newer stays."""
    key = prefix.encode()
    first = await client.put_if(key, b"1", mod_revision=0)
    second = await client.put_if(key, b"2", mod_revision=first.revision)
    running = [asyncio.create_task(Compaction(client, 0.01).run()) for _ in range(2)]

    async def until_forgotten() -> None:
        while True:
            await client.range(key, revision=first.revision)
            await asyncio.sleep(0)

    async with asyncio.timeout(WITHIN):
        with pytest.raises(Compacted):
            await until_forgotten()
    assert not any(task.done() for task in running)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert (await client.range(key, revision=second.revision)).kvs[0].value == b"2"
