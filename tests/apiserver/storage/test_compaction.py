"""Old versions do not pile up in etcd."""

import asyncio
import logging

import pytest
from opentelemetry.trace import NoOpTracerProvider

from rootspan.testing import recording_provider, tree
from rootspan_apiserver.etcd import Compacted, EtcdClient
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.storage.parts import WITHIN, config_maps, names, put, take

pytestmark = pytest.mark.anyio


async def forgotten(client: EtcdClient, revision: int) -> None:
    while True:
        await client.range(b"any", revision=revision)
        await asyncio.sleep(0)


async def listed_for_ever(storage: Storage, options: ListOptions) -> None:
    while True:
        await storage.list("", config_maps(), options)
        await asyncio.sleep(0)


async def test_states_before_compaction_are_not_listed(client: EtcdClient, prefix: str) -> None:
    """By either of two servers, whichever compacted; the watch cache goes on to know the changes since."""
    tracing = Tracing(NoOpTracerProvider())
    async with (
        asyncio.timeout(WITHIN),
        Storage(client, tracing, prefix=prefix, compaction_interval=0.05) as storage,
        Storage(client, tracing, prefix=prefix, compaction_interval=0) as other,
    ):
        assert await storage.wait_ready(WITHIN)
        assert await other.wait_ready(WITHIN)
        first = await put(storage, "c1")
        second = await put(other, "c1", "2")
        exact = ListOptions(resource_version=first.resource_version, resource_version_match="Exact")
        for server in (storage, other):
            with pytest.raises(StatusError, match="too old"):
                await listed_for_ever(server, exact)
            after = ListOptions(resource_version=first.resource_version)
            async with server.watch("", config_maps(), after) as watch:
                assert await take(watch, 1) == [("MODIFIED", "c1", second.resource_version)]


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
