"""Deleting objects: at once, gracefully, and when somebody has still to let go of them."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.registry.options import DeleteOptions, ListOptions
from rootspan_apiserver.registry.store import Store
from tests.apiserver.registry.parts import CONFIG_MAPS, PODS, made, pod, refusal, setting
from tests.apiserver.storage.parts import names, resource

pytestmark = pytest.mark.anyio

Propagation = Literal["Background", "Orphan", ""]
NOW = DeleteOptions()


async def test_delete_returns_last_state(store: Store) -> None:
    """The answer is its last state; then there is none."""
    created = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    deleted, gone = await store.delete(CONFIG_MAPS, "default", "c1", NOW)
    assert gone
    assert deleted.revision > created.revision
    assert deleted.raw == created.raw
    error = await refusal(store.delete(CONFIG_MAPS, "default", "c1", NOW))
    assert (error.code, error.message) == (404, 'configmaps "c1" not found')


async def test_delete_with_other_precondition_returns_409(store: Store) -> None:
    """Another uid or resourceVersion than the one asked for is a conflict; the same is none."""
    stored = await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    uid = stored.decode()["metadata"]["uid"]
    error = await refusal(store.delete(CONFIG_MAPS, "default", "c1", DeleteOptions(precondition_uid="other")))
    assert (error.code, error.message) == (
        409,
        (
            'Operation cannot be fulfilled on ConfigMap "c1": the UID in the precondition (other) does not match the UID in record'
            f" ({uid}). The object might have been deleted and then recreated"
        ),
    )
    error = await refusal(store.delete(CONFIG_MAPS, "default", "c1", DeleteOptions(precondition_resource_version="1")))
    assert re.search(
        r"the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record", error.message
    )
    options = DeleteOptions(precondition_uid=uid, precondition_resource_version=stored.resource_version)
    assert (await store.delete(CONFIG_MAPS, "default", "c1", options))[1]


async def test_delete_marks_object_with_finalizers(store: Store) -> None:
    """It is marked once, with no grace period, and deleting it again changes nothing."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1", finalizers=["example.com/hold"]))
    marked, gone = await store.delete(CONFIG_MAPS, "default", "c1", NOW)
    metadata = marked.decode()["metadata"]
    assert not gone
    assert metadata["deletionGracePeriodSeconds"] == 0
    assert metadata["deletionTimestamp"]
    again, gone = await store.delete(CONFIG_MAPS, "default", "c1", NOW)
    assert (again.json(), gone) == (marked.json(), False)


@pytest.mark.parametrize(
    ("default", "present", "options", "finalizers"),
    [
        ("Background", [], DeleteOptions(propagation_policy="Orphan"), ["orphan"]),
        ("Background", [], DeleteOptions(propagation_policy="Foreground"), ["foregroundDeletion"]),
        ("Background", [], DeleteOptions(orphan_dependents=True), ["orphan"]),
        ("Background", [], NOW, None),
        ("Background", ["orphan"], NOW, ["orphan"]),
        ("Background", ["orphan"], DeleteOptions(propagation_policy="Background"), None),
        (
            "Background",
            ["x/y", "orphan"],
            DeleteOptions(propagation_policy="Foreground"),
            ["x/y", "foregroundDeletion"],
        ),
        ("Orphan", [], NOW, ["orphan"]),
        ("Orphan", [], DeleteOptions(propagation_policy="Background"), None),
        ("Orphan", ["foregroundDeletion"], NOW, ["foregroundDeletion"]),
        ("", [], DeleteOptions(propagation_policy="Orphan"), None),
    ],
)
async def test_propagation_policy_sets_finalizers(
    store: Store, default: Propagation, present: list[str], options: DeleteOptions, finalizers: list[str] | None
) -> None:
    """The policy asked for, else the finalizer that is there, else the resource's own: None where the object is gone at once."""
    what = replace(CONFIG_MAPS, definition=replace(CONFIG_MAPS.definition, default_propagation=default))
    await store.create(what, "default", made(what, "c1", finalizers=present))
    deleted, gone = await store.delete(what, "default", "c1", options)
    assert gone is (finalizers is None)
    if finalizers is not None:
        assert deleted.decode()["metadata"]["finalizers"] == finalizers


@pytest.mark.parametrize(
    ("plural", "group", "default"),
    [
        ("jobs", "batch", "Orphan"),
        ("replicationcontrollers", "", "Orphan"),
        ("events", "", ""),
        ("deployments", "apps", "Background"),
    ],
)
def test_default_propagation_of_resources(plural: str, group: str, default: str) -> None:
    """Jobs and replication controllers leave theirs, for the sake of old clients; events have none."""
    assert resource(plural, group).default_propagation == default


async def scheduled_pod(store: Store, name: str = "p1", **metadata: object) -> JSONObject:
    obj = pod(name, **metadata)
    obj["spec"]["nodeName"] = "n1"
    return (await store.create(PODS, "default", obj)).decode()


async def test_delete_marks_scheduled_pod_with_grace_period(store: Store) -> None:
    """It is marked with its grace period and a deletionTimestamp at its end; asking again for no less time changes nothing."""
    await scheduled_pod(store)
    marked, gone = await store.delete(PODS, "default", "p1", NOW)
    metadata = marked.decode()["metadata"]
    assert not gone
    assert (metadata["deletionGracePeriodSeconds"], metadata["generation"]) == (30, 2)
    for options in (NOW, DeleteOptions(grace_period_seconds=30), DeleteOptions(grace_period_seconds=60)):
        again, gone = await store.delete(PODS, "default", "p1", options)
        assert (again.json(), gone) == (marked.json(), False)
    shorter, gone = await store.delete(PODS, "default", "p1", DeleteOptions(grace_period_seconds=10))
    earlier = shorter.decode()["metadata"]
    assert (earlier["deletionGracePeriodSeconds"], gone) == (10, False)
    ends = [datetime.fromisoformat(found["deletionTimestamp"]) for found in (metadata, earlier)]
    assert ends[0] - ends[1] == timedelta(seconds=20)
    _, gone = await store.delete(PODS, "default", "p1", DeleteOptions(grace_period_seconds=0))
    assert gone
    assert (await refusal(store.get(PODS, "default", "p1"))).code == 404


async def test_delete_of_unscheduled_pod_is_immediate(store: Store) -> None:
    """It is marked with no grace period and then deleted, which its watchers see as two events."""
    created = await store.create(PODS, "default", pod("p1"))
    options = ListOptions(resource_version=created.resource_version)
    async with store.watch(PODS, "default", options) as watch:
        deleted, gone = await store.delete(PODS, "default", "p1", NOW)
        assert gone
        assert deleted.decode()["metadata"]["deletionGracePeriodSeconds"] == 0
        assert [(await anext(watch)).kind, (await anext(watch)).kind] == ["MODIFIED", "DELETED"]


async def test_finalizers_hold_pod_after_its_grace_period(store: Store) -> None:
    """Once both are over it is gone."""
    await scheduled_pod(store, finalizers=["example.com/hold"])
    await store.delete(PODS, "default", "p1", NOW)
    _, gone = await store.delete(PODS, "default", "p1", DeleteOptions(grace_period_seconds=0))
    assert not gone
    await store.update(PODS, "default", "p1", setting(metadata__finalizers=None))
    assert (await refusal(store.get(PODS, "default", "p1"))).code == 404


async def test_refusal_of_admission_prevents_delete(store: Store) -> None:
    """Of an object that would go at once, and of one that would be marked; it is asked with the present object."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c2", finalizers=["example.com/hold"]))
    asked: list[str] = []

    async def deny(old: JSONObject) -> None:
        asked.append(old["metadata"]["name"])
        raise PermissionError("denied")

    for name in ("c1", "c2"):
        with pytest.raises(PermissionError):
            await store.delete(CONFIG_MAPS, "default", name, DeleteOptions(validate=deny))
        assert "deletionTimestamp" not in (await store.get(CONFIG_MAPS, "default", name)).decode()["metadata"]
    assert asked == ["c1", "c2"]


async def test_dry_run_of_delete_changes_nothing(store: Store) -> None:
    """Neither an object that would be gone nor one that would be marked."""
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c1"))
    await store.create(CONFIG_MAPS, "default", made(CONFIG_MAPS, "c2", finalizers=["example.com/hold"]))
    await store.create(PODS, "default", pod("p1"))
    dry = DeleteOptions(dry_run=True)
    assert (await store.delete(CONFIG_MAPS, "default", "c1", dry))[1]
    marked, gone = await store.delete(CONFIG_MAPS, "default", "c2", dry)
    assert (marked.decode()["metadata"]["deletionGracePeriodSeconds"], gone) == (0, False)
    assert (await store.delete(PODS, "default", "p1", dry))[1]
    for what, name in ((CONFIG_MAPS, "c1"), (CONFIG_MAPS, "c2"), (PODS, "p1")):
        assert "deletionTimestamp" not in (await store.get(what, "default", name)).decode()["metadata"]


async def test_delete_collection_deletes_selected_objects(store: Store) -> None:
    """What the selectors and the namespace leave, and nothing else."""
    for name, namespace, app in (("c1", "a", "x"), ("c2", "a", "y"), ("c3", "a", "x"), ("c1", "b", "x")):
        await store.create(CONFIG_MAPS, namespace, made(CONFIG_MAPS, name, labels={"app": app}))
    deleted = await store.delete_collection(CONFIG_MAPS, "a", ListOptions(label_selector="app=x"), NOW)
    assert names(deleted.items) == ["c1", "c3"]
    left = await store.list(CONFIG_MAPS, "", ListOptions())
    assert [stored.key for stored in left.items] == ["/configmaps/a/c2", "/configmaps/b/c1"]
