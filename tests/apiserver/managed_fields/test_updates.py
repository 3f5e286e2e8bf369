"""managedFields as creates, updates and patches leave them."""

from typing import Any

import orjson
import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.managed_fields import FieldManager, manager_name
from rootspan_apiserver.types.schema import Schema
from tests.apiserver.managed_fields.conftest import Managers
from tests.apiserver.managed_fields.objects import NOW, THEN, config_map, managed, owners


def test_create_owns_all_that_was_set_but_the_identity(field_manager: Managers) -> None:
    """The creator owns every field and map key it set; name, namespace, uid and the like are nobody's."""
    new = config_map({"b": "2", "a": "1"}, namespace="default", uid="u", labels={"x": "y"}, generateName="c-")
    created = field_manager("", "v1", "configmaps").update(None, new, "kubectl-create", NOW)
    assert orjson.dumps(managed(created)) == (
        b'[{"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":"2026-11-23T05:00:00Z","fieldsType":"FieldsV1",'
        b'"fieldsV1":{"f:data":{".":{},"f:a":{},"f:b":{}},"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:x":{}}}}}]'
    )
    assert "managedFields" not in new["metadata"]


def test_lists_with_keys_count_their_items_and_atomic_values_count_as_one(field_manager: Managers) -> None:
    """Containers and ports are owned by key, a selector as one, structs that always stand not at all, only what is in them."""
    pod = {
        "containers": [
            {
                "name": "c",
                "image": "i",
                "ports": [{"containerPort": 443, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP"}],
            },
            {"name": "a", "args": ["x", "y"]},
        ]
    }
    deployment = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "d", "finalizers": ["example.com/b", "example.com/a"]},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {}, "spec": pod},
            "strategy": {"type": "Recreate"},
        },
        "status": {},
    }
    created = field_manager("apps", "v1", "deployments").update(None, deployment, "me", NOW)
    assert orjson.dumps(managed(created)[0]["fieldsV1"]) == (
        b'{"f:metadata":{"f:finalizers":{".":{},"v:\\"example.com/a\\"":{},"v:\\"example.com/b\\"":{}}},'
        b'"f:spec":{"f:selector":{},"f:strategy":{"f:type":{}},"f:template":{"f:spec":{"f:containers":{'
        b'"k:{\\"name\\":\\"a\\"}":{".":{},"f:args":{},"f:name":{}},'
        b'"k:{\\"name\\":\\"c\\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{},'
        b'"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}},'
        b'"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}}}}}}}}'
    )


def test_update_takes_over_what_it_changes(field_manager: Managers) -> None:
    """Changed and added fields become the updater's, removed ones nobody's, the rest keeps its owner and its time."""
    fields = field_manager("", "v1", "configmaps")
    old = fields.update(None, config_map({"a": "1", "b": "2", "c": "3"}), "first", THEN)
    new = fields.update(old, config_map({"a": "1", "b": "9", "d": "4"}), "second", NOW)
    assert owners(new) == {
        "first/Update": {"f:data": {".": {}, "f:a": {}}},
        "second/Update": {"f:data": {"f:b": {}, "f:d": {}}},
    }
    assert [entry["time"] for entry in managed(new)] == [THEN, NOW]


def test_update_that_changes_nothing_leaves_the_entries_alone(field_manager: Managers) -> None:
    """The same object again: same entries, same times, no entry for the manager."""
    fields = field_manager("", "v1", "configmaps")
    old = fields.update(None, config_map({"a": "1"}), "first", THEN)
    assert fields.update(old, config_map({"a": "1"}), "second", NOW) == old


def test_one_manager_has_one_entry_for_each_way_it_writes(field_manager: Managers) -> None:
    """A second update of a manager joins its entry; through a subresource it has another, which owns only what that can change."""
    fields, status = field_manager("apps", "v1", "deployments"), field_manager("apps", "v1", "deployments", "status")

    def deployment(replicas: int, ready: int) -> dict[str, Any]:
        status = {"readyReplicas": ready} if ready else {}
        spec = {"replicas": replicas, "paused": True}
        return {
            "kind": "Deployment",
            "apiVersion": "apps/v1",
            "metadata": {"name": "d"},
            "spec": spec,
            "status": status,
        }

    first = fields.update(None, deployment(1, 7), "me", THEN)
    assert owners(first) == {"me/Update": {"f:spec": {"f:paused": {}, "f:replicas": {}}}}
    second = fields.update(first, deployment(2, 0), "me", NOW)
    assert [entry["time"] for entry in managed(second)] == [NOW]
    third = status.update(second, deployment(3, 1), "me", NOW)
    assert [(entry.get("subresource"), entry["fieldsV1"]) for entry in managed(third)] == [
        (None, {"f:spec": {"f:paused": {}, "f:replicas": {}}}),
        ("status", {"f:status": {"f:readyReplicas": {}}}),
    ]


def test_clients_may_send_managed_fields_or_reset_them(field_manager: Managers) -> None:
    """Valid entries that are sent count, broken ones do not, [] and [{}] forget all; through a subresource none are taken."""
    fields = field_manager("", "v1", "configmaps")
    old = fields.update(None, config_map({"a": "1"}), "first", THEN)
    entry = {
        "manager": "other",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:a": {}}},
    }
    sent = fields.update(old, config_map({"a": "1"}, managedFields=[entry]), "second", NOW)
    assert managed(sent) == [entry]
    broken = fields.update(old, config_map({"a": "1"}, managedFields=[{**entry, "operation": "Steal"}]), "second", NOW)
    assert managed(broken) == managed(old)
    resets: list[list[dict[str, Any]]] = [[], [{}]]
    for reset in resets:
        forgotten = fields.update(old, config_map({"a": "2"}, managedFields=reset), "second", NOW)
        assert "managedFields" not in forgotten["metadata"]
    assert "managedFields" not in fields.update(forgotten, config_map({"a": "3"}), "second", NOW)["metadata"]
    kept = field_manager("", "v1", "pods", "status").update(
        old, config_map({"a": "1"}, managedFields=[{}]), "second", NOW
    )
    assert managed(kept) == managed(old)


@pytest.mark.parametrize(
    "fields_v1",
    [
        [],
        {"a": {}},
        {"f:a": None},
        {"f:a": {".": {"f:b": {}}}},
        {"k:{": {}},
        {"k:1": {}},
        {"k:{}": {}},
        {"v:": {}},
        {"i:x": {}},
        {"x:1": {}},
    ],
)
def test_broken_field_set_does_not_count(field_manager: Managers, fields_v1: Any) -> None:
    """Entries whose fields are no field set are as if they had not been sent."""
    fields = field_manager("", "v1", "configmaps")
    old = fields.update(None, config_map({"a": "1"}), "first", THEN)
    entry = {
        "manager": "other",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:x": fields_v1},
    }
    assert managed(fields.update(old, config_map({"a": "1"}, managedFields=[entry]), "second", NOW)) == managed(old)


def test_oldest_updaters_are_merged(field_manager: Managers) -> None:
    """No more than ten updaters are kept: the oldest become `ancient-changes`, together owning what they owned."""
    fields = field_manager("", "v1", "configmaps")
    obj = fields.update(None, config_map({"k0": ""}), "m0", "2026-01-01T00:00:00Z")
    for index in range(1, 14):
        data = {f"k{i}": "" for i in range(index + 1)}
        obj = fields.update(obj, config_map(data), f"m{index}", f"2026-01-{index + 1:02}T00:00:00Z")
    assert [entry["manager"] for entry in managed(obj)] == ["ancient-changes", *(f"m{index}" for index in range(5, 14))]
    assert managed(obj)[0]["fieldsV1"] == {
        "f:data": {".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {}, "f:k4": {}}
    }


def test_duplicate_items_are_owned_as_one(field_manager: Managers) -> None:
    """Two items under one key are owned without what is in them, and the object is not refused."""
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]},
    }
    created = field_manager("", "v1", "pods").update(None, pod, "me", NOW)
    container = managed(created)[0]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert container["f:env"] == {".": {}, 'k:{"name":"A"}': {}}


def test_entries_of_another_version_are_compared_in_that_version() -> None:
    """A manager that wrote another version loses what changed there; one whose version is gone loses its entry."""
    text = Schema(type="string")
    new_schema = Schema(
        type="object", properties={"spec": Schema(type="object", properties={"size": text, "color": text})}
    )
    old_schema = Schema(type="object", properties={"size": text, "color": text})

    def convert(obj: dict[str, Any], api_version: str) -> tuple[dict[str, Any], Schema] | None:
        return ({**obj.get("spec", {})}, old_schema) if api_version == "g/v1" else None

    fields = FieldManager(kind=GroupVersionKind("g", "v2", "Thing"), schema=new_schema, empty={}, convert=convert)
    entry = {"operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:size": {}, "f:color": {}}}
    entries = [{**entry, "manager": "old", "apiVersion": "g/v1"}, {**entry, "manager": "gone", "apiVersion": "g/v0"}]
    old = {"metadata": {"managedFields": entries}, "spec": {"size": "1", "color": "red"}}
    new = fields.update(old, {"metadata": {}, "spec": {"size": "2", "color": "red"}}, "me", NOW)
    assert owners(new) == {"old/Update": {"f:color": {}}, "me/Update": {"f:spec": {"f:size": {}}}}


@pytest.mark.parametrize(
    ("field_manager_parameter", "user_agent", "manager"),
    [
        ("mine", "kubectl/v1.37 (linux)", "mine"),
        ("", "kubectl/v1.37 (linux)", "kubectl"),
        ("", "just a browser", "just a browser"),
        ("", "a\x00b\u200b/1", "ab"),
        ("", "x" * 200, "x" * 128),
        ("", "", ""),
    ],
)
def test_manager_is_the_parameter_or_the_user_agents_name(
    field_manager_parameter: str, user_agent: str, manager: str
) -> None:
    """What stands before the first slash of User-Agent, printable, no longer than 128 bytes."""
    assert manager_name(field_manager_parameter, user_agent) == manager


def test_manager_without_name_is_unknown(field_manager: Managers) -> None:
    """A write without manager and User-Agent is recorded as `unknown`."""
    created = field_manager("", "v1", "configmaps").update(None, config_map({"a": "1"}), "", NOW)
    assert managed(created)[0]["manager"] == "unknown"


def test_signing_request_is_owned_through_its_subresources_alone(field_manager: Managers) -> None:
    """No update changes its spec, the approval owns conditions, the status owns the certificate."""
    place = ("certificates.k8s.io", "v1", "certificatesigningrequests")
    spec = {"request": "YQ==", "signerName": "shop.example/x", "usages": ["client auth"]}
    new: dict[str, Any] = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    new["metadata"] = {"name": "r", "labels": {"a": "b"}}
    stored = field_manager(*place).update(None, {**new, "spec": spec}, "kubectl", NOW)
    assert owners(stored) == {"kubectl/Update": {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}}}
    status = {"conditions": [{"type": "Approved", "status": "True"}], "certificate": "YQ=="}
    for subresource, owned in (("approval", "f:conditions"), ("status", "f:certificate")):
        manager = field_manager(*place, subresource)
        written = manager.update(stored, {**stored, "status": status}, "robot", NOW)
        fields = owners(written)["robot/Update"]
        assert (list(fields), fields["f:status"].keys() - {"."}) == (["f:status"], {owned})
