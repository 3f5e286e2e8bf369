"""What the storage layer relies on, of the real etcd and of the embedded one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from rootspan_apiserver.etcd import (
    Compacted,
    EtcdClient,
    EtcdError,
    EtcdEvent,
    FutureRevision,
    KeyValue,
    LeaseNotFound,
    RequestTooLarge,
    WatchBatch,
)

pytestmark = pytest.mark.anyio

WITHIN = 10.0


def end(prefix: bytes) -> bytes:
    return prefix[:-1] + bytes([prefix[-1] + 1])


async def put(client: EtcdClient, key: bytes, value: bytes, mod_revision: int = 0) -> int:
    result = await client.put_if(key, value, mod_revision=mod_revision)
    assert result.succeeded
    return result.revision


async def events(watch: AsyncIterator[WatchBatch], count: int) -> list[EtcdEvent]:
    found: list[EtcdEvent] = []
    async with asyncio.timeout(WITHIN):
        while len(found) < count:
            found += (await anext(watch)).events
    return found


async def test_key_is_created_once(client: EtcdClient, prefix: bytes) -> None:
    """The second create loses and is told what stands there."""
    key = prefix + b"a"
    won = await client.put_if(key, b"one", mod_revision=0)
    lost = await client.put_if(key, b"two", mod_revision=0)
    assert (won.succeeded, won.current) == (True, None)
    assert (lost.succeeded, lost.revision) == (False, won.revision)
    assert lost.current == KeyValue(key, b"one", won.revision, won.revision, 1)


async def test_update_needs_the_revision_of_the_last_one(client: EtcdClient, prefix: bytes) -> None:
    """A stale update changes nothing; a fresh one counts the version up and keeps the creation."""
    key = prefix + b"a"
    created = await put(client, key, b"one")
    updated = await put(client, key, b"two", created)
    stale = await client.put_if(key, b"three", mod_revision=created)
    assert not stale.succeeded
    assert stale.current == KeyValue(key, b"two", created, updated, 2)
    assert (await client.range(key)).kvs == (stale.current,)


async def test_update_of_nothing_loses_to_nothing(client: EtcdClient, prefix: bytes) -> None:
    """Where there is no key, a comparison with a revision fails and there is no current value."""
    result = await client.put_if(prefix + b"a", b"one", mod_revision=7)
    assert (result.succeeded, result.current) == (False, None)


async def test_delete_answers_what_it_removed(client: EtcdClient, prefix: bytes) -> None:
    """A stale delete is told what stands there, a fresh one what it took away; afterwards there is nothing."""
    key = prefix + b"a"
    created = await put(client, key, b"one")
    stale = await client.delete_if(key, mod_revision=created - 1)
    deleted = await client.delete_if(key, mod_revision=created)
    again = await client.delete_if(key, mod_revision=created)
    standing = KeyValue(key, b"one", created, created, 1)
    assert (stale.succeeded, stale.current) == (False, standing)
    assert (deleted.succeeded, deleted.current) == (True, standing)
    assert deleted.revision == created + 1
    assert (again.succeeded, again.current) == (False, None)
    assert (await client.range(key)).kvs == ()


async def test_key_created_again_begins_anew(client: EtcdClient, prefix: bytes) -> None:
    """Version and create revision do not survive a deletion."""
    key = prefix + b"a"
    created = await put(client, key, b"one")
    await client.delete_if(key, mod_revision=created)
    anew = await put(client, key, b"two")
    assert (await client.range(key)).kvs == (KeyValue(key, b"two", anew, anew, 1),)


async def test_range_is_sorted_limited_and_counted(client: EtcdClient, prefix: bytes) -> None:
    """Keys come in byte order; `count` is of all of them, `more` tells that the limit cut some off."""
    for name in (b"c", b"a", b"\xff", b"b"):
        await put(client, prefix + name, b"value of " + name)
    whole = await client.range(prefix, end(prefix))
    assert [kv.key for kv in whole.kvs] == [prefix + name for name in (b"a", b"b", b"c", b"\xff")]
    assert (whole.count, whole.more) == (4, False)
    cut = await client.range(prefix, end(prefix), limit=3)
    assert (cut.kvs, cut.count, cut.more) == (whole.kvs[:3], 4, True)
    names = await client.range(prefix, end(prefix), keys_only=True)
    assert [(kv.key, kv.value, kv.mod_revision) for kv in names.kvs] == [
        (kv.key, b"", kv.mod_revision) for kv in whole.kvs
    ]
    counted = await client.range(prefix, end(prefix), count_only=True, serializable=True)
    assert (counted.kvs, counted.count) == ((), 4)
    from_the_third = await client.range(prefix + b"c", b"\0", limit=2)
    assert from_the_third.kvs == whole.kvs[2:]


async def test_range_at_an_old_revision_sees_the_old_state(client: EtcdClient, prefix: bytes) -> None:
    """Later updates, deletions and creations are not in it, limited or not."""
    first = await put(client, prefix + b"a", b"one")
    second = await put(client, prefix + b"b", b"one")
    await put(client, prefix + b"a", b"two", first)
    await client.delete_if(prefix + b"b", mod_revision=second)
    await put(client, prefix + b"c", b"one")
    old = await client.range(prefix, end(prefix), revision=second)
    assert [(kv.key, kv.value) for kv in old.kvs] == [(prefix + b"a", b"one"), (prefix + b"b", b"one")]
    assert old.revision > second
    cut = await client.range(prefix, end(prefix), revision=second, limit=1)
    assert (cut.kvs, cut.count, cut.more) == (old.kvs[:1], 2, True)


async def test_revision_yet_to_come_is_refused(client: EtcdClient, prefix: bytes) -> None:
    """A range and a compaction at it raise FutureRevision."""
    now = await put(client, prefix + b"a", b"one")
    with pytest.raises(FutureRevision):
        await client.range(prefix + b"a", revision=now + 1000)
    with pytest.raises(FutureRevision):
        await client.compact(now + 1000)


async def test_compaction_keeps_the_state_and_drops_what_came_before(client: EtcdClient, prefix: bytes) -> None:
    """At the compacted revision all is still there; before it a range and a second compaction raise Compacted."""
    first = await put(client, prefix + b"a", b"one")
    gone = await put(client, prefix + b"gone", b"one")
    await client.delete_if(prefix + b"gone", mod_revision=gone)
    second = await put(client, prefix + b"a", b"two", first)
    await put(client, prefix + b"a", b"three", second)
    await client.compact(second)
    at = await client.range(prefix, end(prefix), revision=second)
    assert [(kv.key, kv.value) for kv in at.kvs] == [(prefix + b"a", b"two")]
    assert (await client.range(prefix + b"a")).kvs[0].value == b"three"
    with pytest.raises(Compacted):
        await client.range(prefix + b"a", revision=first)
    with pytest.raises(Compacted):
        await client.compact(second)


async def test_watch_stands_before_its_first_event(client: EtcdClient, prefix: bytes) -> None:
    """The first batch is empty; every change made after it is delivered, in order, and nothing outside the range."""
    async with aclosing(client.watch(prefix, end(prefix), prev_kv=True)) as watch:
        created = await anext(watch)
        assert created.events == ()
        first = await put(client, prefix + b"a", b"one")
        await put(client, b"/elsewhere" + prefix, b"one")
        second = await put(client, prefix + b"a", b"two", first)
        third = (await client.delete_if(prefix + b"a", mod_revision=second)).revision
        one = KeyValue(prefix + b"a", b"one", first, first, 1)
        two = KeyValue(prefix + b"a", b"two", first, second, 2)
        assert created.revision < first
        assert await events(watch, 3) == [
            EtcdEvent("PUT", one, None),
            EtcdEvent("PUT", two, one),
            EtcdEvent("DELETE", KeyValue(prefix + b"a", b"", 0, third, 0), two),
        ]


async def test_watch_replays_history(client: EtcdClient, prefix: bytes) -> None:
    """From a start revision on nothing is left out, and the created batch does not claim what is still to come."""
    revision = 0
    revisions = [revision := await put(client, prefix + b"a", b"%d" % number, revision) for number in range(20)]
    async with aclosing(client.watch(prefix + b"a", start_revision=revisions[5])) as watch:
        created = await anext(watch)
        assert created == WatchBatch(revisions[5] - 1, ())
        assert [event.kv.mod_revision for event in await events(watch, 15)] == revisions[5:]


async def test_batch_ends_with_its_revision(client: EtcdClient, prefix: bytes) -> None:
    """While more than a thousand revisions are replayed, `revision` never runs ahead of the events delivered."""
    first = await put(client, prefix + b"0000", b"")
    await asyncio.gather(*[put(client, prefix + b"%04d" % number, b"") for number in range(1, 1500)])
    async with aclosing(client.watch(prefix, end(prefix), start_revision=first)) as watch:
        delivered: list[int] = []
        async with asyncio.timeout(WITHIN):
            while len(delivered) < 1500:
                batch = await anext(watch)
                delivered += [event.kv.mod_revision for event in batch.events]
                assert not batch.events or batch.revision == delivered[-1]
        assert delivered == sorted(set(delivered))


async def test_watch_from_a_compacted_revision_says_so(client: EtcdClient, prefix: bytes) -> None:
    """Compacted carries the oldest revision there is to begin with."""
    first = await put(client, prefix + b"a", b"one")
    second = await put(client, prefix + b"a", b"two", first)
    await client.compact(second)
    async with aclosing(client.watch(prefix + b"a", start_revision=first)) as watch, asyncio.timeout(WITHIN):
        with pytest.raises(Compacted) as caught:
            async for _ in watch:
                pass
    assert caught.value.compact_revision == second


async def test_watch_of_an_empty_range_is_refused(client: EtcdClient, prefix: bytes) -> None:
    """etcd cancels it as it creates it."""
    async with aclosing(client.watch(b"b" + prefix, b"a" + prefix)) as watch, asyncio.timeout(WITHIN):
        with pytest.raises(EtcdError, match="watcher range is empty"):
            await anext(watch)


async def test_idle_watch_is_told_of_progress(client: EtcdClient, prefix: bytes) -> None:
    """A watch that asked for it learns of a revision outside its range without an event."""
    async with aclosing(client.watch(prefix, end(prefix), progress_notify=True)) as watch:
        await anext(watch)
        elsewhere = await put(client, b"/elsewhere" + prefix, b"one")
        async with asyncio.timeout(WITHIN):
            while (batch := await anext(watch)).revision < elsewhere:
                assert batch.events == ()
        assert batch == WatchBatch(elsewhere, ())


async def test_one_of_many_writers_wins(client: EtcdClient, prefix: bytes) -> None:
    """Of concurrent creates of one key exactly one succeeds, and the others are told of that one."""
    key = prefix + b"a"
    results = await asyncio.gather(*[client.put_if(key, b"%d" % number, mod_revision=0) for number in range(40)])
    (winner,) = [number for number, result in enumerate(results) if result.succeeded]
    standing = KeyValue(key, b"%d" % winner, results[winner].revision, results[winner].revision, 1)
    assert all(result.current == standing for result in results if not result.succeeded)


async def test_many_watches_see_the_same(client: EtcdClient, prefix: bytes) -> None:
    """A hundred watches each get every event of concurrent writers, in one order."""

    async def observe(ready: asyncio.Semaphore) -> list[EtcdEvent]:
        async with aclosing(client.watch(prefix, end(prefix))) as watch:
            await anext(watch)
            ready.release()
            return await events(watch, 30)

    ready = asyncio.Semaphore(0)
    observers = [asyncio.create_task(observe(ready)) for _ in range(100)]
    async with asyncio.timeout(3 * WITHIN):
        for _ in observers:
            await ready.acquire()
        await asyncio.gather(*[put(client, prefix + b"%d" % number, b"") for number in range(30)])
        seen = await asyncio.gather(*observers)
    assert len(seen[0]) == 30
    assert all(one == seen[0] for one in seen)


async def test_revoked_lease_takes_its_keys_along(client: EtcdClient, prefix: bytes) -> None:
    """The key names its lease, goes with it, and the watch sees it go; the lease is unknown then."""
    lease = await client.lease_grant(60)
    key = prefix + b"a"
    async with aclosing(client.watch(key)) as watch:
        await anext(watch)
        assert (await client.put_if(key, b"one", mod_revision=0, lease=lease)).succeeded
        assert (await client.range(key)).kvs[0].lease == lease
        await client.lease_revoke(lease)
        assert [event.kind for event in await events(watch, 2)] == ["PUT", "DELETE"]
    with pytest.raises(LeaseNotFound):
        await client.lease_revoke(lease)
    with pytest.raises(LeaseNotFound):
        await client.put_if(key, b"one", mod_revision=0, lease=lease)
    assert (await client.range(key)).kvs == ()


async def test_key_leaves_its_lease_when_it_is_written_without(client: EtcdClient, prefix: bytes) -> None:
    """The end of the lease then does not touch it."""
    lease = await client.lease_grant(60)
    key = prefix + b"a"
    first = await client.put_if(key, b"one", mod_revision=0, lease=lease)
    second = await put(client, key, b"two", first.revision)
    await client.lease_revoke(lease)
    assert (await client.range(key)).kvs == (KeyValue(key, b"two", first.revision, second, 2),)


async def test_lease_runs_out(client: EtcdClient, prefix: bytes) -> None:
    """A key on a lease of two seconds is deleted without being asked for."""
    lease = await client.lease_grant(2)
    async with aclosing(client.watch(prefix + b"a")) as watch:
        await anext(watch)
        await client.put_if(prefix + b"a", b"one", mod_revision=0, lease=lease)
        assert [event.kind for event in await events(watch, 2)] == ["PUT", "DELETE"]


async def test_value_has_a_limit(client: EtcdClient, prefix: bytes) -> None:
    """A value of 1.1 MB goes through range and watch unchanged; one of 1.6 MB and one of 3 MB are refused."""
    value = bytes(range(256)) * 4500
    async with aclosing(client.watch(prefix + b"a")) as watch:
        await anext(watch)
        await put(client, prefix + b"a", value)
        assert (await client.range(prefix + b"a")).kvs[0].value == value
        assert (await events(watch, 1))[0].kv.value == value
    for size in (1_600_000, 3_000_000):
        with pytest.raises(RequestTooLarge):
            await client.put_if(prefix + b"b", bytes(size), mod_revision=0)
    assert (await client.range(prefix + b"b")).kvs == ()


async def test_keys_and_values_are_any_bytes(client: EtcdClient, prefix: bytes) -> None:
    """Neither needs to be text, and a value may be empty."""
    key = prefix + bytes(range(256))
    await put(client, key, b"")
    assert (await client.range(key)).kvs[0].value == b""
    await client.put_if(key, bytes(range(255, -1, -1)), mod_revision=(await client.range(key)).kvs[0].mod_revision)
    assert (await client.range(prefix, end(prefix))).kvs[0].value == bytes(range(255, -1, -1))


async def test_member_tells_its_status(client: EtcdClient, prefix: bytes) -> None:
    """The status has a version of etcd 3 and the revision of the last write."""
    revision = await put(client, prefix + b"a", b"one")
    status = await client.status()
    assert status.version.startswith("3.")
    assert status.revision == revision
    assert status.leader == status.member_id != 0
