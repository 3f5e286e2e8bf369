"""Dependents and their owners: background, foreground, orphan, and references that lead nowhere."""

from typing import Any

import pytest

from .cluster import Client, JSONObject, cluster

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


async def test_dependents_go_after_their_owner() -> None:
    """Background, through generations and across kinds."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        child = await _config_map(client, "child", **owned_by(owner))
        await client.create("/api/v1/namespaces/default/secrets", "Secret", "grandchild", metadata=owned_by(child))
        gone = await client.delete(f"{CONFIG_MAPS}/owner", "Background")
        assert gone["status"] == "Success"
        await client.until_gone(f"{CONFIG_MAPS}/child")
        await client.until_gone("/api/v1/namespaces/default/secrets/grandchild")


async def test_a_dependent_with_another_owner_stays_and_forgets_the_one_that_went() -> None:
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


async def test_a_foreground_deletion_waits_for_what_blocks_it() -> None:
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


async def test_a_foreground_deletion_does_not_wait_for_what_does_not_block() -> None:
    """Such a dependent is deleted all the same."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", finalizers=["example.com/f"], **owned_by(owner))
        await client.delete(f"{CONFIG_MAPS}/owner", "Foreground")
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        await client.until(
            f"{CONFIG_MAPS}/child", lambda obj: obj is not None and "deletionTimestamp" in obj["metadata"]
        )


async def test_orphans_stay_and_forget_their_owner() -> None:
    """The owner goes once none of its dependents mentions it."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", **owned_by(owner))
        going = await client.delete(f"{CONFIG_MAPS}/owner", "Orphan")
        assert going["metadata"]["finalizers"] == ["orphan"]
        await client.until_gone(f"{CONFIG_MAPS}/owner")
        assert "ownerReferences" not in (await client.send("GET", f"{CONFIG_MAPS}/child"))["metadata"]


async def test_an_owner_that_never_was_takes_its_dependents_along() -> None:
    """A reference to nothing, and one to another object of the owner's name, are dangling."""
    async with cluster() as client:
        owner = await _config_map(client, "owner")
        for name, uid in (("owner", "00000000-0000-4000-8000-000000000000"), ("nobody", owner["metadata"]["uid"])):
            other = {**owner, "metadata": {"name": name, "uid": uid}}
            await _config_map(client, "child", **owned_by(other))
            await client.until_gone(f"{CONFIG_MAPS}/child")
        assert "owner" in await client.names(CONFIG_MAPS)


async def test_without_the_collector_dependents_stay() -> None:
    """Switched off by the name kube-controller-manager once gave it."""
    async with cluster("--controllers=*,-garbagecollector") as client:
        owner = await _config_map(client, "owner")
        await _config_map(client, "child", **owned_by(owner))
        await client.delete(f"{CONFIG_MAPS}/owner", "Background")
        await client.create("/api/v1/namespaces", "Namespace", "later")
        await client.until_there("/api/v1/namespaces/later/configmaps/kube-root-ca.crt")
        assert "child" in await client.names(CONFIG_MAPS)


@pytest.mark.parametrize("name", ["../../kube-system/configmaps/kube-root-ca.crt", "..", "a%2fb"])
async def test_an_owners_name_is_no_path(name: str) -> None:
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
