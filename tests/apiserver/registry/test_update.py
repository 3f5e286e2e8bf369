"""Updating objects: the optimistic lock, what cannot change, and the update that lets a deletion happen."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.registry.options import DeleteOptions, UpdateOptions
from rootspan_apiserver.registry.store import Store
from tests.apiserver.registry.parts import CONFIG_MAPS, NAMESPACES, PODS, made, pod, refusal, setting
from tests.apiserver.storage.parts import resource

pytestmark = pytest.mark.anyio


def put(obj: JSONObject) -> Callable[[JSONObject | None], Awaitable[JSONObject]]:
    """A PUT: the object of the client, whatever is there."""

    async def replace(_: JSONObject | None) -> JSONObject:
        return {**obj, "metadata": dict(obj["metadata"])}

    return replace


async def test_update_keeps_system_fields(store: Store) -> None:
    """Identity, times and generation survive a PUT that leaves them out."""
    stored = await store.create(PODS, "default", pod("p1"))
    before = stored.decode()
    after, created = await store.update(PODS, "default", "p1", put(pod("p1", labels={"a": "b"})))
    assert not created
    metadata = after.decode()["metadata"]
    assert {name: metadata[name] for name in ("uid", "creationTimestamp", "generation")} == {
        name: before["metadata"][name] for name in ("uid", "creationTimestamp", "generation")
    }
    assert metadata["labels"] == {"a": "b"}
    assert after.decode()["status"] == before["status"]


async def test_update_of_old_resource_version_returns_409(store: Store) -> None:
    """An object that carries a resourceVersion replaces that version only; one that carries none replaces any."""
    first = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    second, _ = await store.update(CONFIG_MAPS, "default", "c1", setting(data={"a": "1"}))
    stale = {**first.decode(), "data": {"a": "2"}}
    error = await refusal(store.update(CONFIG_MAPS, "default", "c1", put(stale)))
    assert error.code == 409
    assert error.message == (
        'Operation cannot be fulfilled on configmaps "c1": the object has been modified; please apply your changes to the latest version'
        " and try again"
    )
    await store.update(CONFIG_MAPS, "default", "c1", put({**second.decode(), "data": {"a": "3"}}))
    last, _ = await store.update(CONFIG_MAPS, "default", "c1", put(made(CONFIG_MAPS, "c1") | {"data": {"a": "4"}}))
    assert last.decode()["data"] == {"a": "4"}


async def test_update_with_invalid_resource_version_returns_500(store: Store) -> None:
    """An update whose resourceVersion is not a number fails in the real server's words, and changes nothing."""
    first = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    error = await refusal(
        store.update(CONFIG_MAPS, "default", "c1", put(made(CONFIG_MAPS, "c1", resourceVersion="v1")))
    )
    assert (error.code, error.message) == (500, 'strconv.ParseUint: parsing "v1": invalid syntax')
    assert (await store.get(CONFIG_MAPS, "default", "c1")).revision == first.revision


async def test_update_of_missing_object_calls_no_transform(store: Store) -> None:
    """A PUT of an object that does not exist is refused before admission is asked about the new state."""
    asked: list[JSONObject | None] = []

    async def transform(current: JSONObject | None) -> JSONObject:
        asked.append(current)
        return made(CONFIG_MAPS, "c1")

    error = await refusal(store.update(CONFIG_MAPS, "default", "c1", transform))
    assert (error.code, asked) == (404, [])


async def test_unconditional_update_of_some_resources_returns_422(store: Store) -> None:
    """A lease without a resourceVersion is refused."""
    leases = resource("leases", "coordination.k8s.io")
    await store.create(leases, "default", made(leases, "l", {"holderIdentity": "a"}))
    error = await refusal(store.update(leases, "default", "l", put(made(leases, "l", {"holderIdentity": "b"}))))
    assert error.code == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in error.message


async def test_update_with_other_uid_returns_409(store: Store) -> None:
    """A PUT with the uid of an earlier object of that name is a conflict."""
    stored = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    error = await refusal(
        store.update(
            CONFIG_MAPS, "default", "c1", put(made(CONFIG_MAPS, "c1")), UpdateOptions(precondition_uid="other")
        )
    )
    assert error.code == 409
    assert error.message == (
        'Operation cannot be fulfilled on configmaps "c1": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/c1,'
        " ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: "
        + stored.decode()["metadata"]["uid"]
    )


@pytest.mark.parametrize("field", ["uid", "name"])
async def test_update_of_identity_returns_422(store: Store, field: str) -> None:
    """A patch of it is refused, once for all objects and once for the kind: two causes, named once in the message."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    error = await refusal(store.update(CONFIG_MAPS, "default", "c1", setting(**{f"metadata__{field}": "other"})))
    assert error.code == 422
    assert error.message.count(f'metadata.{field}: Invalid value: "other": field is immutable') == 1
    assert error.details is not None
    assert [cause["field"] for cause in error.details["causes"]] == [f"metadata.{field}"] * 2


async def test_update_without_change_writes_nothing(store: Store) -> None:
    """Also if only times of managed fields would change."""
    managed = [
        {"manager": "m", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z", "fieldsV1": {}}
    ]
    first = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", managedFields=managed))
    later = [{**managed[0], "time": "2026-02-02T00:00:00Z"}]
    second, _ = await store.update(CONFIG_MAPS, "default", "c1", setting(metadata__managedFields=later))
    assert second.json() == first.json()
    third, _ = await store.update(CONFIG_MAPS, "default", "c1", setting(metadata__managedFields=later, data={"a": "b"}))
    assert third.decode()["metadata"]["managedFields"] == later


async def test_update_of_missing_object_returns_404_or_creates(store: Store) -> None:
    """Is refused, unless the caller or the resource lets it create."""
    roles = resource("roles", "rbac.authorization.k8s.io")
    assert (await refusal(store.update(CONFIG_MAPS, "default", "c1", put(made(CONFIG_MAPS, "c1"))))).code == 404
    validated: list[Any] = []

    async def validate(new: JSONObject, old: JSONObject | None) -> None:
        validated.append((new["metadata"]["name"], old))

    new = put(made(CONFIG_MAPS, "c1"))
    stored, created = await store.update(
        CONFIG_MAPS, "default", "c1", new, UpdateOptions(create_on_missing=True, validate=validate)
    )
    assert created
    assert stored.decode()["metadata"]["uid"]
    assert validated == [("c1", None)]
    _, created = await store.update(roles, "default", "r", put(made(roles, "r")))
    assert created
    _, created = await store.update(roles, "default", "r", put(made(roles, "r", labels={"a": "b"})))
    assert not created


async def test_validating_admission_of_update_receives_both_objects(store: Store) -> None:
    """And its refusal leaves the old one."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))

    async def deny(new: JSONObject, old: JSONObject | None) -> None:
        assert old is not None
        assert (new.get("data"), old.get("data")) == ({"a": "b"}, None)
        raise PermissionError("denied")

    with pytest.raises(PermissionError):
        await store.update(CONFIG_MAPS, "default", "c1", setting(data={"a": "b"}), UpdateOptions(validate=deny))
    assert "data" not in (await store.get(CONFIG_MAPS, "default", "c1")).decode()


async def test_update_that_removes_last_finalizer_deletes_object(store: Store) -> None:
    """The answer is the object as the client left it; until then the object can neither lose its deletion nor gain finalizers."""
    obj = made(CONFIG_MAPS, "c1", finalizers=["example.com/a", "example.com/b"])
    await store.create(CONFIG_MAPS, "default", obj)
    await store.delete(CONFIG_MAPS, "default", "c1", DeleteOptions())
    kept, _ = await store.update(
        CONFIG_MAPS, "default", "c1", setting(metadata__deletionTimestamp=None, metadata__finalizers=["example.com/a"])
    )
    assert kept.decode()["metadata"]["deletionTimestamp"]
    error = await refusal(
        store.update(CONFIG_MAPS, "default", "c1", setting(metadata__finalizers=["example.com/a", "example.com/c"]))
    )
    assert (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers"
        ' []string{"example.com/c"}'
    ) in error.message
    last, created = await store.update(CONFIG_MAPS, "default", "c1", setting(metadata__finalizers=None))
    assert not created
    assert "finalizers" not in last.decode()["metadata"]
    assert (await refusal(store.get(CONFIG_MAPS, "default", "c1"))).code == 404


async def test_namespace_is_deleted_when_it_is_finalized(store: Store) -> None:
    """It is Terminating from its deletion on, and gone with the last of its own finalizers."""
    await store.create(NAMESPACES, "", made(NAMESPACES, "team", {}))
    terminating, gone = await store.delete(NAMESPACES, "", "team", DeleteOptions())
    assert not gone
    assert terminating.decode()["status"] == {"phase": "Terminating"}
    assert terminating.decode()["metadata"]["deletionTimestamp"]
    again, gone = await store.delete(NAMESPACES, "", "team", DeleteOptions())
    assert (again.json(), gone) == (terminating.json(), False)
    await store.update(NAMESPACES, "", "team", setting(metadata__labels__x="y"))
    await store.update(NAMESPACES, "", "team", setting(spec__finalizers=None), UpdateOptions(subresource="finalize"))
    assert (await refusal(store.get(NAMESPACES, "", "team"))).code == 404


async def test_dry_run_of_update_stores_nothing(store: Store) -> None:
    """It answers the changed object with the resourceVersion of the present one."""
    stored = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    dry, _ = await store.update(CONFIG_MAPS, "default", "c1", setting(data={"a": "b"}), UpdateOptions(dry_run=True))
    assert (dry.decode()["data"], dry.resource_version) == ({"a": "b"}, stored.resource_version)
    assert (await store.get(CONFIG_MAPS, "default", "c1")).json() == stored.json()
