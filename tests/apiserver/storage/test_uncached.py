"""Events: without a watch cache, and kept for a time under leases that they share."""

import asyncio
from dataclasses import replace

import pytest

from rootspan.testing import recording_provider, tree
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.selectors import FieldSelector
from rootspan_apiserver.storage import Decision, Predicate, Storage, StoredObject, Write
from rootspan_apiserver.storage.leases import SharedLeases
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.storage.parts import WITHIN, names, resource, take

pytestmark = pytest.mark.anyio

EVENTS = resource("events")


def event(name: str, reason: str = "Tested") -> JSONObject:
    metadata = {"name": name, "namespace": "default", "uid": f"uid-of-{name}"}
    return {"kind": "Event", "apiVersion": "v1", "metadata": metadata, "reason": reason}


async def create(storage: Storage, name: str, reason: str = "Tested") -> StoredObject:
    return await storage.create(EVENTS, "default", name, event(name, reason))


async def delete(storage: Storage, name: str) -> StoredObject:
    async def check(_: StoredObject) -> None:
        return None

    return await storage.delete(EVENTS, "default", name, check)


def predicate(fields: str = "") -> Predicate:
    return Predicate(EVENTS, fields=FieldSelector.parse(fields))


async def test_list_and_get_come_from_etcd(client: EtcdClient, prefix: str) -> None:
    """With the spans of that, and those of no cache; an update reads the object first."""
    provider, recorder = recording_provider()
    async with Storage(client, Tracing(provider), prefix=prefix, resources=[EVENTS]) as storage:
        assert await storage.wait_ready(WITHIN)
        first = await create(storage, "e1")
        await create(storage, "e2", "Other")

        async def change(current: StoredObject | None) -> Decision:
            assert current is not None
            return Write(event("e1", "Changed"))

        with provider.get_tracer("test").start_as_current_span("request"):
            found = await storage.list("default", predicate("reason=Other"), ListOptions(resource_version="0"))
            got = await storage.get(EVENTS, "default", "e1", first.resource_version)
            await storage.guaranteed_update(EVENTS, "default", "e1", change)
        assert (names(found.items), got and got.revision) == (["e2"], first.revision)
        assert [stored.name for stored in await storage.cached(EVENTS)] == ["e1", "e2"]
        with pytest.raises(StatusError, match="Too large resource version"):
            await storage.get(EVENTS, "default", "e1", str(first.revision + 1000))
    assert tree(recorder.spans).splitlines() == [
        "request INTERNAL test",
        "├─ List(recursive=true) etcd3 INTERNAL test",
        "└─ GuaranteedUpdate etcd3 INTERNAL test",
    ]


async def test_watch_of_etcd_begins_with_present_objects(storage: Storage) -> None:
    """Then come changes, deletions with the last state, and what selectors make of them; a bookmark ends the initial state."""
    first = await create(storage, "e1")
    await create(storage, "e0", "Other")
    options = ListOptions(send_initial_events=True, allow_watch_bookmarks=True)
    async with asyncio.timeout(WITHIN), storage.watch("default", predicate("reason=Tested"), options) as watch:
        assert await take(watch, 1) == [("ADDED", "e1", first.resource_version)]
        end = await anext(watch)
        assert (end.kind, end.initial_events_end) == ("BOOKMARK", True)
        second = await create(storage, "e2")
        gone = await delete(storage, "e1")
        assert await take(watch, 2) == [
            ("ADDED", "e2", second.resource_version),
            ("DELETED", "e1", gone.resource_version),
        ]


async def test_watch_of_etcd_continues_after_resource_version(storage: Storage) -> None:
    """Of one object too; one that begins before a compaction is refused in etcd's words."""
    first = await create(storage, "e1")
    second = await create(storage, "e2")
    after = ListOptions(resource_version=first.resource_version)
    async with asyncio.timeout(WITHIN), storage.watch("default", predicate("metadata.name=e2"), after) as watch:
        assert await take(watch, 1) == [("ADDED", "e2", second.resource_version)]
    await storage.expire_history()
    async with asyncio.timeout(WITHIN), storage.watch("default", predicate(), after) as watch:
        with pytest.raises(StatusError) as refused:
            await anext(watch)
    assert (refused.value.code, refused.value.message) == (
        410,
        "The resourceVersion for the provided watch is too old.",
    )


async def test_watch_list_of_future_revision_returns_504(storage: Storage) -> None:
    """As of the cache."""
    options = ListOptions(resource_version="100000", send_initial_events=True, allow_watch_bookmarks=True)
    async with asyncio.timeout(WITHIN), storage.watch("default", predicate(), options) as watch:
        with pytest.raises(StatusError, match="Too large resource version: 100000"):
            await anext(watch)


async def test_watch_of_etcd_sees_events_expire(client: EtcdClient, prefix: str) -> None:
    """Which etcd deletes when their lease ends."""
    brief = replace(EVENTS, definition=replace(EVENTS.definition, time_to_live=1))
    async with (
        asyncio.timeout(WITHIN),
        Storage(client, Tracing(recording_provider()[0]), prefix=prefix, resources=[EVENTS]) as storage,
        storage.watch("default", predicate(), ListOptions()) as watch,
    ):
        await storage.create(brief, "default", "e1", event("e1"))
        assert [kind for kind, _, _ in await take(watch, 2)] == ["ADDED", "DELETED"]


async def test_lease_is_shared_by_a_thousand_objects(client: EtcdClient) -> None:
    """The next one has another, and so has another time to live."""
    leases = SharedLeases(client)
    granted = [await leases.lease(3600) for _ in range(1001)]
    assert [len(set(granted[:1000])), len(set(granted))] == [1, 2]
    assert await leases.lease(1800) not in granted
    assert await leases.lease(0) == 0
