"""Old versions do not pile up in etcd."""

import asyncio
import logging

import pytest

from rootspan.testing import recording_provider, tree
from rootspan_apiserver.etcd import Compacted, EtcdClient
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.storage.parts import WITHIN, config_maps, names, put

pytestmark = pytest.mark.anyio


async def forgotten(client: EtcdClient, revision: int) -> None:
    while True:
        await client.range(b"any", revision=revision)
        await asyncio.sleep(0)


async def test_history_older_than_the_interval_is_compacted(
    client: EtcdClient, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By two servers over one store, neither of which minds the other; what is newer stays, and lists go on to come from the cache."""
    provider, recorder = recording_provider()
    tracing = Tracing(provider)
    with caplog.at_level(logging.WARNING):
        async with (
            asyncio.timeout(WITHIN),
            Storage(client, tracing, prefix=prefix, compaction_interval=0.05) as storage,
            Storage(client, tracing, prefix=prefix, compaction_interval=0.05),
        ):
            assert await storage.wait_ready(WITHIN)
            first = await put(storage, "c1")
            await put(storage, "c1", "2")
            with pytest.raises(Compacted):
                await forgotten(client, first.revision)
            with provider.get_tracer("test").start_as_current_span("request"):
                found = await storage.list("", config_maps(), ListOptions())
            assert names(found.items) == ["c1"]
    assert tree(recorder.spans).splitlines() == [
        "request INTERNAL test",
        "└─ cacher.GetList INTERNAL test",
        "   └─ List(recursive=false) etcd3 INTERNAL test",
    ]
    assert caplog.messages == []
