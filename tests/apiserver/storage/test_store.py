"""Writing and reading one object at a time, over a real etcd and over the embedded one."""

import asyncio
from dataclasses import replace

import pytest

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import Storage, StoredObject
from tests.apiserver.storage.parts import (
    WITHIN,
    config_map,
    config_maps,
    names,
    resource,
    storage_over,
    take,
    update,
    value,
)

pytestmark = pytest.mark.anyio

CONFIG_MAPS = resource("configmaps")


def with_data(data: str) -> JSONObject:
    return config_map("c1", data)


async def create(storage: Storage, name: str = "c1", data: str = "", namespace: str = "default") -> StoredObject:
    return await storage.create(CONFIG_MAPS, namespace, name, config_map(name, data, namespace=namespace))


async def test_object_is_stored_at_the_key_of_kubernetes(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """Its key is path, namespace and name; its value has no resourceVersion; its resourceVersion is etcd's revision."""
    stored = await create(storage, data="1")
    found = await client.range(f"{prefix}/configmaps/default/c1".encode())
    assert found.kvs[0].mod_revision == stored.revision
    assert found.kvs[0].value == stored.raw
    assert b"resourceVersion" not in stored.raw
    read = await storage.get(CONFIG_MAPS, "default", "c1")
    assert read is not None
    assert read.json() == stored.json()
    assert read.decode()["metadata"]["resourceVersion"] == str(stored.revision)


async def test_create_of_present_name_returns_409(storage: Storage) -> None:
    """The second creation is refused and changes nothing."""
    await create(storage, data="first")
    with pytest.raises(StatusError) as refused:
        await create(storage, data="second")
    assert (refused.value.code, refused.value.message) == (409, 'configmaps "c1" already exists')
    read = await storage.get(CONFIG_MAPS, "default", "c1")
    assert read is not None
    assert value(read) == "first"


async def test_concurrent_updates_are_not_lost(storage: Storage) -> None:
    """A lost compare-and-swap is another round with the present object."""
    await create(storage, data="0")

    async def increment(current: StoredObject | None) -> JSONObject:
        assert current is not None
        await asyncio.sleep(0)
        return with_data(str(int(value(current)) + 1))

    await asyncio.gather(*(update(storage, increment) for _ in range(20)))
    read = await storage.get(CONFIG_MAPS, "default", "c1")
    assert read is not None
    assert value(read) == "20"


async def test_refusal_of_stale_copy_is_decided_again(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """Before an update is refused the object is read from etcd, and if the cache's copy was old it is asked again."""
    async with storage_over(client, prefix) as other:
        assert await other.wait_ready(WITHIN)
        await create(storage, data="old")
        await storage.cached(CONFIG_MAPS)
        newer = asyncio.Event()
        asked: list[str] = []

        async def only_new(current: StoredObject | None) -> JSONObject:
            assert current is not None
            asked.append(value(current))
            if len(asked) == 1:
                await update(other, lambda _: renewed())
                newer.set()
            if value(current) == "old":
                raise StatusError(422, "Invalid", "too old")
            return with_data("done")

        async def renewed() -> JSONObject:
            return with_data("new")

        stored = await update(storage, only_new)
    assert newer.is_set()
    assert (asked, value(stored)) == (["old", "new"], "done")


async def test_update_that_changes_nothing_writes_nothing(storage: Storage) -> None:
    """The resourceVersion stays, even if the fields come in another order."""
    stored = await create(storage, data="same")

    async def reordered(current: StoredObject | None) -> JSONObject:
        assert current is not None
        return dict(reversed(current.decode().items()))

    again = await update(storage, reordered)
    assert again.revision == stored.revision


async def test_guaranteed_update_of_missing_object_returns_404_or_creates(storage: Storage) -> None:
    """It is refused, or creates, as the caller says."""

    async def fresh(current: StoredObject | None) -> JSONObject:
        assert current is None
        return with_data("made")

    with pytest.raises(StatusError) as refused:
        await update(storage, fresh)
    assert (refused.value.code, refused.value.message) == (404, 'configmaps "c1" not found')
    stored = await update(storage, fresh, missing_ok=True)
    assert value(stored) == "made"


async def test_delete_returns_last_state_at_its_revision(storage: Storage) -> None:
    """At the revision of the deletion; a second deletion finds nothing."""
    stored = await create(storage, data="last")

    async def let_go(_: StoredObject) -> None:
        return None

    deleted = await storage.delete(CONFIG_MAPS, "default", "c1", let_go)
    assert value(deleted) == "last"
    assert deleted.revision > stored.revision
    assert await storage.get(CONFIG_MAPS, "default", "c1") is None
    with pytest.raises(StatusError) as refused:
        await storage.delete(CONFIG_MAPS, "default", "c1", let_go)
    assert refused.value.code == 404


async def test_refused_delete_keeps_object(storage: Storage) -> None:
    """What the check raises is the answer, and the object stays."""
    await create(storage)

    async def hold(_: StoredObject) -> None:
        raise StatusError(403, "Forbidden", "no")

    with pytest.raises(StatusError, match=r"^no$"):
        await storage.delete(CONFIG_MAPS, "default", "c1", hold)
    assert await storage.get(CONFIG_MAPS, "default", "c1") is not None


async def test_delete_of_stale_copy_checks_again(storage: Storage) -> None:
    """The check sees the object that is really deleted."""
    await create(storage, data="1")
    await storage.cached(CONFIG_MAPS)
    checked: list[str] = []

    async def renewed(_: StoredObject | None) -> JSONObject:
        return with_data("2")

    async def check(current: StoredObject) -> None:
        if not checked:
            await update(storage, renewed)
        checked.append(value(current))

    deleted = await storage.delete(CONFIG_MAPS, "default", "c1", check)
    assert (checked, value(deleted)) == (["1", "2"], "2")


async def test_dry_runs_write_nothing(storage: Storage) -> None:
    """They answer what would have been, and refuse what would have been refused."""
    dry = await storage.create(CONFIG_MAPS, "default", "c1", with_data("dry"), dry_run=True)
    assert dry.resource_version == ""
    assert await storage.get(CONFIG_MAPS, "default", "c1") is None
    stored = await create(storage, data="real")
    with pytest.raises(StatusError, match="already exists"):
        await storage.create(CONFIG_MAPS, "default", "c1", with_data("dry"), dry_run=True)

    async def change(_: StoredObject | None) -> JSONObject:
        return with_data("changed")

    async def let_go(_: StoredObject) -> None:
        return None

    changed = await update(storage, change, dry_run=True)
    assert (value(changed), changed.revision) == ("changed", stored.revision)
    assert value(await storage.delete(CONFIG_MAPS, "default", "c1", let_go, dry_run=True)) == "real"
    read = await storage.get(CONFIG_MAPS, "default", "c1")
    assert read is not None
    assert read.json() == stored.json()


async def test_cached_objects_include_own_writes(storage: Storage) -> None:
    """`cached` waits for this process's own writes, whatever they were."""
    for number in range(5):
        await create(storage, f"c{number}", namespace=f"ns{number % 2}")
        assert len(await storage.cached(CONFIG_MAPS)) == number + 1

    async def let_go(_: StoredObject) -> None:
        return None

    await storage.delete(CONFIG_MAPS, "ns0", "c2", let_go)
    assert names(await storage.cached(CONFIG_MAPS, "ns0")) == ["c0", "c4"]


async def test_cached_object_includes_own_writes(storage: Storage) -> None:
    """`cached_object` finds what was just created, and no more what was just deleted; a key has to match in full."""

    async def let_go(_: StoredObject) -> None:
        return None

    for number in range(20):
        stored = await create(storage, f"c{number}", namespace="ns")
        cached = await storage.cached_object(CONFIG_MAPS, "ns", f"c{number}")
        assert cached is not None
        assert cached.revision == stored.revision
        assert await storage.cached_object(CONFIG_MAPS, "s", f"c{number}") is None
        await storage.delete(CONFIG_MAPS, "ns", f"c{number}", let_go)
        assert await storage.cached_object(CONFIG_MAPS, "ns", f"c{number}") is None


async def test_get_at_resource_version_is_at_least_that_fresh(storage: Storage) -> None:
    """The cache answers once it is that fresh; a version that is not there yet is refused in the API's words."""
    stored = await create(storage, data="1")
    read = await storage.get(CONFIG_MAPS, "default", "c1", stored.resource_version)
    assert read is not None
    assert value(read) == "1"
    with pytest.raises(StatusError) as refused:
        await storage.get(CONFIG_MAPS, "default", "c1", "x1")
    assert refused.value.message == (
        'resourceVersion: Invalid value: "x1": strconv.ParseUint: parsing "x1": invalid syntax'
    )


async def test_objects_in_etcd_at_start_are_cached(storage: Storage, client: EtcdClient, prefix: str) -> None:
    """A second process over the same store, and a resource it never used before, see what the first one wrote."""
    secrets = resource("secrets")
    await create(storage)
    obj = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s", "namespace": "default"}}
    await storage.create(secrets, "default", "s", obj)
    async with storage_over(client, prefix) as other:
        assert await other.wait_ready(WITHIN)
        assert names(await other.cached(CONFIG_MAPS)) == ["c1"]
        assert names(await other.cached(secrets)) == ["s"]


async def test_object_with_time_to_live_expires(storage: Storage) -> None:
    """Its watchers see it DELETED; what has none stays."""
    brief = replace(CONFIG_MAPS, definition=replace(CONFIG_MAPS.definition, time_to_live=1))
    objects = [config_map(name) for name in ("c1", "c2")]
    async with storage.watch("default", config_maps(), ListOptions()) as watch:
        for obj in objects:
            await storage.create(brief, "default", obj["metadata"]["name"], obj)
        await create(storage, "kept")
        assert [name for _, name, _ in await take(watch, 3)] == ["c1", "c2", "kept"]
        async with asyncio.timeout(WITHIN):
            gone = await take(watch, 2)
    assert sorted((kind, name) for kind, name, _ in gone) == [("DELETED", "c1"), ("DELETED", "c2")]
    assert names(await storage.cached(CONFIG_MAPS)) == ["kept"]
