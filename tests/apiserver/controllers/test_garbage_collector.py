"""Dependents and their owners: background, foreground, orphan, and references that lead nowhere."""

from pathlib import Path
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def owned_by(*owners: JSONObject, blocking: bool = False) -> dict[str, Any]:
    references = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            **({"blockOwnerDeletion": True} if blocking else {}),
        }
        for owner in owners
    ]
    return {"ownerReferences": references}


async def _config_map(client: Client, name: str, **metadata: Any) -> JSONObject:
    return await client.create(CONFIG_MAPS, "ConfigMap", name, metadata=metadata)


async def _ring(client: Client, size: int, *, blocking: bool) -> list[str]:
    """Config maps each of which owns the next one, the last one the first."""
    made = [await _config_map(client, f"ring-{number}") for number in range(size)]
    names = [each["metadata"]["name"] for each in made]
    for number, name in enumerate(names):
        await client.patch_metadata(f"{CONFIG_MAPS}/{name}", **owned_by(made[number - 1], blocking=blocking))
    return names


async def test_dependents_are_deleted_after_their_owner() -> None:
    """Background, through generations and across kinds."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        child = await _config_map(client, "child", **owned_by(owner))
        await client.create("/api/v1/namespaces/default/secrets", "Secret", "grandchild", metadata=owned_by(child))
        gone = await client.delete(f"{CONFIG_MAPS}/owner", "Background")
        assert gone["status"] == "Success"
        await client.until_gone(f"{CONFIG_MAPS}/child")
        await client.until_gone("/api/v1/namespaces/default/secrets/grandchild")


async def test_dependent_with_another_owner_loses_reference_to_deleted_one() -> None:
    """Only the last owner takes it along."""
    async with cluster() as client:
        first, second = await _config_map(client, "first"), await _config_map(client, "second")
        await _config_map(client, "child", **owned_by(first, second))
        await client.delete(f"{CONFIG_MAPS}/first", "Background")
        await client.until(
            f"{CONFIG_MAPS}/child", lambda obj: obj is not None and len(obj["metadata"]["ownerReferences"]) == 1
        )
        await client.delete(f"{CONFIG_MAPS}/second", "Background")
        await client.until_gone(f"{CONFIG_MAPS}/child")


async def test_foreground_deletion_waits_for_blocking_dependents() -> None:
    """The owner stays, marked, until its blocking dependent has gone; that one is held by a finalizer of its own."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", finalizers=["example.com/f"], **owned_by(owner, blocking=True))
        going = await client.delete(f"{CONFIG_MAPS}/owner", "Foreground")
        assert going["metadata"]["finalizers"] == ["foregroundDeletion"]
        await client.until(
            f"{CONFIG_MAPS}/child", lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"]
        )
        assert "owner" in await client.names(CONFIG_MAPS)
        await client.patch_metadata(f"{CONFIG_MAPS}/child", finalizers=None)
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        assert "child" not in await client.names(CONFIG_MAPS)


async def test_foreground_deletion_does_not_wait_for_other_dependents() -> None:
    """Such a dependent is deleted all the same."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", finalizers=["example.com/f"], **owned_by(owner))
        await client.delete(f"{CONFIG_MAPS}/owner", "Foreground")
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        await client.until(
            f"{CONFIG_MAPS}/child", lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"]
        )


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("policy", ["Background", "Foreground"])
async def test_ring_of_owners_is_deleted_with_one_of_them(blocking: bool, policy: str) -> None:
    """Each object owns the next one and the last one the first, be they one, two or three: nothing waits for itself."""
    async with cluster() as client:
        for size in (1, 2, 3):
            names = await _ring(client, size, blocking=blocking)
            await client.delete(f"{CONFIG_MAPS}/{names[0]}", policy)
            for name in names:
                await client.until_gone(f"{CONFIG_MAPS}/{name}")


async def test_ring_of_owners_that_a_client_deletes_one_by_one_is_deleted(tmp_path: Path) -> None:
    """All of them are in foreground deletion before the collector starts, so that it closes no ring itself."""
    async with cluster(f"--data-dir={tmp_path}", "--controllers=*,-garbage-collector-controller") as client:
        names = await _ring(client, 3, blocking=True)
        for name in names:
            await client.delete(f"{CONFIG_MAPS}/{name}", "Foreground")
    async with cluster(f"--data-dir={tmp_path}") as client:
        for name in names:
            await client.until_gone(f"{CONFIG_MAPS}/{name}")


async def test_finalizer_of_one_object_of_a_ring_does_not_hold_its_owner() -> None:
    """The object that closes the ring ceases to block its owners; its own finalizer holds only itself."""
    async with cluster() as client:
        first, second, last = await _ring(client, 3, blocking=True)
        await client.patch_metadata(f"{CONFIG_MAPS}/{last}", finalizers=["example.com/f"])
        await client.delete(f"{CONFIG_MAPS}/{first}", "Foreground")
        await client.until_gone(f"{CONFIG_MAPS}/{second}")
        await client.until_gone(f"{CONFIG_MAPS}/{first}")
        await client.patch_metadata(f"{CONFIG_MAPS}/{last}", finalizers=None)
        await client.until_gone(f"{CONFIG_MAPS}/{last}")


async def test_chain_in_foreground_deletion_is_not_a_ring() -> None:
    """Owners wait for the last of their dependents' dependents, though each of them waits for the next."""
    async with cluster() as client:
        first = await _config_map(client, "first")
        second = await _config_map(client, "second", **owned_by(first, blocking=True))
        last = await _config_map(client, "last", **owned_by(second, blocking=True))
        await _config_map(client, "held", finalizers=["example.com/f"], **owned_by(last, blocking=True))
        await client.delete(f"{CONFIG_MAPS}/first", "Foreground")
        held = f"{CONFIG_MAPS}/held"
        await client.until(held, lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"])
        assert {"first", "second", "last"} <= set(await client.names(CONFIG_MAPS))
        await client.patch_metadata(held, finalizers=None)
        await client.until_gone(f"{CONFIG_MAPS}/first")
        assert not {"second", "last", "held"} & set(await client.names(CONFIG_MAPS))


@pytest.mark.parametrize(
    "change", ["the reference is removed", "the reference blocks no more", "another owner is left"]
)
async def test_foreground_deletion_ends_when_nothing_blocks_it(change: str) -> None:
    """A dependent need not go for that: it may lose its reference, or the part that blocks."""
    async with cluster() as client:
        owner, other = await _config_map(client, "owner"), await _config_map(client, "other")
        await _config_map(client, "child", finalizers=["example.com/f"], **owned_by(owner, blocking=True))
        child = f"{CONFIG_MAPS}/child"
        if change == "another owner is left":
            await client.patch_metadata(child, **owned_by(owner, other, blocking=True))
        await client.delete(f"{CONFIG_MAPS}/owner", "Foreground")
        if change == "the reference is removed":
            await client.until(child, lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"])
            await client.patch_metadata(child, ownerReferences=None)
        elif change == "the reference blocks no more":
            await client.until(child, lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"])
            await client.patch_metadata(child, **owned_by(owner))
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        assert "child" in await client.names(CONFIG_MAPS)


async def test_orphaned_dependents_lose_their_owner_reference() -> None:
    """The owner goes once none of its dependents mentions it."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", **owned_by(owner))
        going = await client.delete(f"{CONFIG_MAPS}/owner", "Orphan")
        assert going["metadata"]["finalizers"] == ["orphan"]
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        assert "ownerReferences" not in (await client.send("GET", f"{CONFIG_MAPS}/child"))["metadata"]


async def test_dependents_of_missing_owner_are_deleted() -> None:
    """A reference to nothing, and one to another object of the owner's name, are dangling."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        for name, uid in (("owner", "00000000-0000-4000-8000-000000000000"), ("nobody", owner["metadata"]["uid"])):
            other = {**owner, "metadata": {"name": name, "uid": uid}}
            await _config_map(client, "child", **owned_by(other))
            await client.until_gone(f"{CONFIG_MAPS}/child")
        assert "owner" in await client.names(CONFIG_MAPS)


async def test_dependents_stay_without_garbage_collector() -> None:
    """Switched off by the name kube-controller-manager once gave it."""
    async with cluster("--controllers=*,-garbagecollector") as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", **owned_by(owner))
        await client.delete(f"{CONFIG_MAPS}/owner", "Background")
        await client.create("/api/v1/namespaces", "Namespace", "later")
        await client.until_there("/api/v1/namespaces/later/configmaps/kube-root-ca.crt")
        assert "child" in await client.names(CONFIG_MAPS)


@pytest.mark.parametrize("name", ["../../kube-system/configmaps/kube-root-ca.crt", "..", "a%2fb"])
async def test_name_of_owner_is_not_a_path(name: str) -> None:
    """Where nothing can have the owner's name its dependent is let be, as by client-go, and the collector goes on."""
    async with cluster() as client:
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "uid": "u"}}
        await _config_map(client, "hostile", **owned_by(owner))
        gone = {**owner, "metadata": {"name": "gone", "uid": "v"}}
        await _config_map(client, "dangling", **owned_by(gone))
        await client.until_gone(f"{CONFIG_MAPS}/dangling")
        assert "hostile" in await client.names(CONFIG_MAPS)
        await client.delete(f"{CONFIG_MAPS}/hostile")
        await _config_map(client, "dangling", **owned_by(gone))
        await client.until_gone(f"{CONFIG_MAPS}/dangling")
