"""Watches: how they begin, what they show, when they end."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import CacheWatch, Storage
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import KeyScope
from rootspan_apiserver.storage.stored_object import StoredObject, encode
from tests.apiserver.storage.parts import (
    WITHIN,
    config_map,
    config_maps,
    embedded_storage,
    put,
    remove,
    resource,
    seen,
    storage_over,
    take,
    value,
)

pytestmark = pytest.mark.anyio

CONFIG_MAPS = resource("configmaps")


def watched(
    storage: Storage,
    namespace: str = "default",
    *,
    labels: str = "",
    fields: str = "",
    resource_version: str = "",
    match: str = "",
    bookmarks: bool = False,
    initial: bool | None = None,
    seconds: float | None = None,
) -> AbstractAsyncContextManager[CacheWatch]:
    options = ListOptions(
        resource_version=resource_version,
        resource_version_match=match,
        allow_watch_bookmarks=bookmarks,
        send_initial_events=initial,
        timeout_seconds=seconds,
    )
    return storage.watch(namespace, config_maps(labels, fields), options)


async def test_watch_begins_with_present_objects(storage: Storage) -> None:
    """Without a resourceVersion it is consistent: all that was written before it is ADDED, in the order of keys, then what happens."""
    first = await put(storage, "b")
    second = await put(storage, "a")
    await put(storage, "elsewhere", namespace="other")
    async with asyncio.timeout(WITHIN), watched(storage) as watch:
        assert await take(watch, 2) == [("ADDED", "a", second.resource_version), ("ADDED", "b", first.resource_version)]
        changed = await put(storage, "b", "2")
        await put(storage, "elsewhere", "2", namespace="other")
        deleted = await remove(storage, "a")
        again = await put(storage, "a")
        assert await take(watch, 3) == [
            ("MODIFIED", "b", changed.resource_version),
            ("DELETED", "a", deleted.resource_version),
            ("ADDED", "a", again.resource_version),
        ]


async def test_watch_continues_after_resource_version(storage: Storage) -> None:
    """Nothing is missed and nothing seen twice between a list and the watch that follows it."""
    await put(storage, "before")
    listed = await storage.list("default", config_maps(), ListOptions())
    after = await put(storage, "after")
    async with asyncio.timeout(WITHIN), watched(storage, resource_version=listed.resource_version) as watch:
        assert await take(watch, 1) == [("ADDED", "after", after.resource_version)]
        deleted = await remove(storage, "before")
        event = await anext(watch)
        assert seen(event) == ("DELETED", "before", deleted.resource_version)
        assert event.object is not None
        assert event.object.decode()["metadata"]["resourceVersion"] == deleted.resource_version


async def test_selectors_turn_modifications_into_added_and_deleted(storage: Storage) -> None:
    """An object that comes to match is ADDED, one that ceases to is DELETED with the state that matched, others are not seen."""
    start = await put(storage, "c1", "0", app="web")
    async with (
        asyncio.timeout(WITHIN),
        watched(storage, labels="app=web", resource_version=start.resource_version) as watch,
    ):
        left = await put(storage, "c1", "1", app="api")
        await put(storage, "c1", "2", app="api")
        came = await put(storage, "c1", "3", app="web")
        event = await anext(watch)
        assert seen(event) == ("DELETED", "c1", left.resource_version)
        assert event.object is not None
        assert value(event.object) == "0"
        assert await take(watch, 1) == [("ADDED", "c1", came.resource_version)]
        await put(storage, "c1", "4", app="api")
        await remove(storage, "c1")
        assert [kind for kind, _, _ in await take(watch, 1)] == ["DELETED"]
        last = await put(storage, "c2", app="web")
        assert await take(watch, 1) == [("ADDED", "c2", last.resource_version)]


async def test_watch_of_one_name(storage: Storage) -> None:
    """Shows that object and no other."""
    await put(storage, "c1")
    async with asyncio.timeout(WITHIN), watched(storage, fields="metadata.name=c1") as watch:
        assert [name for _, name, _ in await take(watch, 1)] == ["c1"]
        await put(storage, "c11")
        await put(storage, "c1", "2")
        assert [(kind, name) for kind, name, _ in await take(watch, 1)] == [("MODIFIED", "c1")]


async def test_watch_list_ends_initial_events_with_bookmark(storage: Storage) -> None:
    """With initial events asked for, a bookmark marks their end; its resourceVersion is none older than theirs."""
    stored = await put(storage, "c1")
    async with (
        asyncio.timeout(WITHIN),
        watched(storage, initial=True, match="NotOlderThan", bookmarks=True) as watch,
    ):
        assert await take(watch, 1) == [("ADDED", "c1", stored.resource_version)]
        end = await anext(watch)
        assert (end.kind, end.object, end.initial_events_end) == ("BOOKMARK", None, True)
        assert int(end.resource_version) >= stored.revision
        later = await put(storage, "c2")
        assert await take(watch, 1) == [("ADDED", "c2", later.resource_version)]


async def test_bookmarks_are_sent_while_idle() -> None:
    """To those who asked for them, with the revision the cache has come to."""
    async with asyncio.timeout(WITHIN), embedded_storage(bookmark_interval=0.01) as (storage, _, _):
        stored = await put(storage, "c1", namespace="other")
        await storage.cached(CONFIG_MAPS)
        async with watched(storage, resource_version=stored.resource_version, bookmarks=True) as watch:
            bookmark = await anext(watch)
        assert seen(bookmark) == ("BOOKMARK", "", stored.resource_version)
        assert not bookmark.initial_events_end


async def test_watch_ends_at_its_timeout() -> None:
    """Cleanly, with a bookmark shortly before if bookmarks are wanted."""
    async with asyncio.timeout(WITHIN), embedded_storage() as (storage, _, _):
        async with watched(storage, seconds=0.05) as watch:
            assert [event async for event in watch] == []
        async with watched(storage, seconds=2.05, bookmarks=True, resource_version="1") as watch:
            assert [event.kind async for event in watch] == ["BOOKMARK"]


async def test_watch_before_history_returns_410(storage: Storage) -> None:
    """Is refused by its first step, with the API's message; a watch from the revision of the expiry is not, nor is one that had begun."""
    async with asyncio.timeout(WITHIN), watched(storage, resource_version="0") as present:
        first = await put(storage, "c1", "0")
        await put(storage, "c1", "1")
        await storage.expire_history()
        now = int((await storage.list("", config_maps(), ListOptions())).resource_version)
        async with watched(storage, resource_version=first.resource_version) as watch:
            with pytest.raises(StatusError) as refused:
                await anext(watch)
        assert (refused.value.code, refused.value.reason) == (410, "Expired")
        assert refused.value.message == f"too old resource version: {first.revision} ({now})"
        async with watched(storage, resource_version=str(now)) as watch:
            last = await put(storage, "c1", "2")
            assert await take(watch, 1) == [("MODIFIED", "c1", last.resource_version)]
        assert [kind for kind, _, _ in await take(present, 3)] == ["ADDED", "MODIFIED", "MODIFIED"]


async def test_watch_of_client_that_does_not_read_is_bounded_in_bytes() -> None:
    """Seventeen changes of a mebibyte are more than may wait for a client, though they are few; one that is larger alone may."""
    raw, scope = b'{"a":"' + bytes(1024 * 1024) + b'"}', KeyScope("/configmaps")
    watch = CacheWatch(scope, config_maps(), lambda: 0)
    taken = [watch.offer(Change(StoredObject("/configmaps/a/b", n, raw), None, deleted=False)) for n in range(1, 18)]
    assert taken == [True] * 15 + [False, True]
    alone = CacheWatch(scope, config_maps(), lambda: 0)
    assert alone.offer(Change(StoredObject("/configmaps/a/b", 1, raw * 17), None, deleted=False))


async def test_watch_that_selects_nothing_lets_others_run() -> None:
    """Between objects that do not match, the event loop runs other tasks."""
    nothing = config_maps(labels="app=none")
    stored = [StoredObject(f"/configmaps/a/{n}", n + 1, b'{"metadata":{}}') for n in range(1000)]
    watch = CacheWatch(KeyScope("/configmaps"), nothing, lambda: 0)
    watch.begin_with(stored, bookmark=1000)
    ran: list[int] = []

    async def other() -> None:
        for number in range(5):
            ran.append(number)
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    event = await anext(watch)
    assert event.initial_events_end
    assert ran == [0, 1, 2, 3, 4]
    await task


async def test_slow_watch_is_ended() -> None:
    """A client that takes nothing loses its watch once its backlog is full; others go on."""
    scope = KeyScope("/configmaps/default")
    slow, other = (CacheWatch(scope, config_maps(), lambda: 0, backlog=3) for _ in range(2))
    for revision in range(1, 5):
        stored = StoredObject("/configmaps/default/c1", revision, encode(config_map("c1")))
        slow.offer(Change(stored, None, deleted=False))
        other.offer(Change(stored, None, deleted=False))
        if revision < 4:
            assert await take(other, 1) == [("ADDED", "c1", str(revision))]
    assert [event async for event in slow] == []
    assert await take(other, 1) == [("ADDED", "c1", "4")]


async def test_watch_of_future_revision_returns_504(storage: Storage) -> None:
    """Shows what happens behind that revision, not before it."""
    first = await put(storage, "c1")
    async with (
        asyncio.timeout(WITHIN),
        watched(storage, resource_version=str(first.revision + 1)) as watch,
    ):
        await put(storage, "c2")
        third = await put(storage, "c3")
        assert await take(watch, 1) == [("ADDED", "c3", third.resource_version)]


async def test_watch_receives_writes_of_another_server(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """Two servers over one store show each other's writes."""
    async with asyncio.timeout(WITHIN), storage_over(client, prefix) as other, watched(storage) as watch:
        stored = await put(other, "c1")
        assert await take(watch, 1) == [("ADDED", "c1", stored.resource_version)]


async def test_compacted_history_reloads_cache() -> None:
    """A cache that lost its connection for longer than etcd keeps history is loaded again: its watches end, its lists are right."""
    async with asyncio.timeout(WITHIN), embedded_storage() as (storage, client, embedded):
        await put(storage, "gone")
        await put(storage, "kept")
        await storage.cached(CONFIG_MAPS)
        async with watched(storage, resource_version="1") as watch:
            await take(watch, 2)
            embedded.end_watches()
            await client.delete_if(b"/registry/configmaps/default/gone", mod_revision=2)
            key = b"/registry/configmaps/default/new"
            put_new = await client.put_if(key, encode(config_map("new")), mod_revision=0)
            for revision in range(5):
                put_new = await client.put_if(
                    key, encode(config_map("new", str(revision))), mod_revision=put_new.revision
                )
            await client.compact(put_new.revision)
            assert [event async for event in watch] == []
        assert await storage.wait_ready(WITHIN)
        result = await storage.list("default", config_maps(), ListOptions())
        assert [stored.key for stored in result.items] == ["/configmaps/default/kept", "/configmaps/default/new"]


async def test_watch_survives_lost_connection_to_etcd() -> None:
    """The cache resumes where it was; its clients notice nothing."""
    async with asyncio.timeout(WITHIN), embedded_storage() as (storage, _, embedded), watched(storage) as watch:
        for number in range(3):
            stored = await put(storage, f"c{number}")
            embedded.end_watches()
            assert await take(watch, 1) == [("ADDED", f"c{number}", stored.resource_version)]
