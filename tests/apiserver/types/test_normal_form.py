"""The form in which Go writes objects: order, zero values, nulls, declared defaults."""

import json
from copy import deepcopy
from typing import Any

import orjson
import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types.normal_form import empty_object, holds_empty, omitting_empty, through_protobuf, written
from rootspan_apiserver.types.problems import Problems
from rootspan_apiserver.types.tables import go_types

POD = GroupVersionKind("", "v1", "Pod")
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


def test_fields_have_the_order_of_their_declaration() -> None:
    """Kind and apiVersion come first, map keys are sorted, lists that Go does not omit are null, unknown fields are dropped."""
    pod = {
        "status": {},
        "spec": {"restartPolicy": "Always", "unknown": 1},
        "metadata": {"labels": {"b": "1", "a": "2"}, "name": "p"},
        "kind": "Pod",
        "apiVersion": "v1",
    }
    assert orjson.dumps(written(pod, POD)) == (
        b'{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"a":"2","b":"1"}},'
        b'"spec":{"containers":null,"restartPolicy":"Always"},"status":{}}'
    )


def test_empty_object_has_what_go_writes_when_nothing_was_set() -> None:
    """Structs that are no pointers, lists without omitempty as null; nothing for a kind that is not built in."""
    assert empty_object(DEPLOYMENT) == {
        "metadata": {},
        "spec": {"selector": None, "template": {"metadata": {}, "spec": {"containers": None}}, "strategy": {}},
        "status": {},
    }
    assert empty_object(GroupVersionKind("example.com", "v1", "Widget")) == {}


def test_custom_resources_have_sorted_keys() -> None:
    """Even those whose kind has the name of a kind of meta/v1."""
    table = {"kind": "Table", "apiVersion": "example.com/v1", "spec": {"b": [{"d": 1, "c": 2}], "a": 1}}
    shown = json.dumps(written(table, GroupVersionKind("example.com", "v1", "Table")))
    assert shown == '{"apiVersion": "example.com/v1", "kind": "Table", "spec": {"a": 1, "b": [{"c": 2, "d": 1}]}}'


@pytest.mark.parametrize(
    ("struct", "value", "expected"),
    [
        (
            "core/v1.PodCondition",
            {"type": "Ready"},
            {"type": "Ready", "status": "", "lastProbeTime": None, "lastTransitionTime": None},
        ),
        ("meta/v1.ObjectMeta", {"name": "a"}, {"name": "a"}),
        ("apps/v1.ControllerRevision", {"revision": 1}, {"metadata": {}, "data": None, "revision": 1}),
        (
            "apps/v1.ControllerRevision",
            {"data": {"b": 1, "a": {"d": 1, "c": 2}}},
            {"metadata": {}, "data": {"a": {"c": 2, "d": 1}, "b": 1}, "revision": 0},
        ),
        ("core/v1.Secret", {"data": {"b": "", "a": "YQ=="}}, {"metadata": {}, "data": {"a": "YQ==", "b": ""}}),
        ("rbac/v1.Role", {}, {"metadata": {}, "rules": None}),
        ("events/v1.EventSeries", {"count": 0}, {"count": 0, "lastObservedTime": None}),
        ("core/v1.ResourceRequirements", {"limits": {"b": None, "a": "1"}}, {"limits": {"a": "1", "b": "0"}}),
    ],
)
def test_zero_values_are_written_or_left_out_as_declared(struct: str, value: Any, expected: Any) -> None:
    """Times that are no pointers are null though marked omitempty, creationTimestamp is omitzero; maps and embedded objects are sorted."""
    assert json.dumps(go_types().struct(struct).write(value)) == json.dumps(expected)


@pytest.mark.parametrize(
    ("struct", "value", "expected"),
    [
        ("core/v1.ContainerPort", {"containerPort": 80, "name": ""}, {"containerPort": 80, "protocol": "TCP"}),
        ("core/v1.ContainerPort", {"protocol": "UDP"}, {"containerPort": 0, "protocol": "UDP"}),
        ("core/v1.ReplicationControllerSpec", {"selector": {}}, {"selector": {}, "replicas": 1}),
        ("core/v1.ReplicationControllerSpec", {"replicas": 0}, {"replicas": 0}),
        (
            "core/v1.AzureDiskVolumeSource",
            {"diskName": "d", "diskURI": "u"},
            {"cachingMode": "ReadWrite", "kind": "Shared"},
        ),
        ("core/v1.SecretKeySelector", {"optional": None}, {"key": ""}),
        ("rbac/v1.Role", {"rules": None}, {"rules": None}),
        ("rbac/v1.Role", {"rules": []}, {"rules": []}),
        ("rbac/v1.Role", {"rules": [{"apiGroups": [], "verbs": None}]}, {"rules": [{"apiGroups": [], "verbs": None}]}),
        (
            "core/v1.PodSpec",
            {"containers": [{"name": "c", "ports": [{"containerPort": 1}], "env": []}]},
            {
                "containers": [
                    {"name": "c", "ports": [{"containerPort": 1, "protocol": "TCP"}], "resources": {}, "env": []}
                ]
            },
        ),
    ],
)
def test_normalise_fills_declared_defaults_in_place(struct: str, value: Any, expected: Any) -> None:
    """Empty lists and maps stay, which are not nil to Go, nulls are absent, defaults stand where nothing was set."""
    obj = deepcopy(value)
    go_types().struct(struct).normalise(obj)
    assert {key: obj[key] for key in expected} == expected
    again = deepcopy(obj)
    go_types().struct(struct).normalise(again)
    assert again == obj


ROLE = GroupVersionKind("rbac.authorization.k8s.io", "v1", "Role")


@pytest.mark.parametrize(
    ("kind", "value", "as_json", "stored"),
    [
        (ROLE, {"rules": []}, {"metadata": {}, "rules": []}, {"metadata": {}, "rules": None}),
        (
            ROLE,
            {"metadata": {"labels": {}}, "rules": [{"verbs": [], "apiGroups": []}]},
            {"metadata": {}, "rules": [{"verbs": []}]},
            {"metadata": {}, "rules": [{"verbs": None}]},
        ),
        (
            GroupVersionKind("authorization.k8s.io", "v1", "SubjectAccessReview"),
            {"spec": {"extra": {"a": []}, "groups": []}},
            {"metadata": {}, "spec": {"extra": {"a": []}}, "status": {"allowed": False}},
            {"metadata": {}, "spec": {"extra": {"a": []}}, "status": {"allowed": False}},
        ),
        (
            GroupVersionKind("", "v1", "ServiceAccount"),
            {"metadata": {"name": "a", "annotations": {}}, "secrets": [{}]},
            {"metadata": {"name": "a"}, "secrets": [{}]},
            {"metadata": {"name": "a"}, "secrets": [{}]},
        ),
    ],
)
def test_empty_lists_and_maps_are_kept_until_they_are_written(
    kind: GroupVersionKind, value: Any, as_json: Any, stored: Any
) -> None:
    """JSON leaves out those that are omitempty; protobuf makes them all nil but those that it carries as messages of their own."""
    obj = go_types().builtin(kind).read_object(value, Problems())
    assert holds_empty(obj)
    assert omitting_empty(obj, kind) == as_json
    assert through_protobuf(obj, kind) == stored


def test_empty_structs_are_no_empty_maps() -> None:
    """They hold nothing that Go would leave out, and stay behind pointers."""
    volumes = [{"name": "v", "emptyDir": {}}]
    pod = go_types().builtin(POD).read_object({"spec": {"volumes": volumes, "securityContext": {}}}, Problems())
    assert not holds_empty(pod)
    assert omitting_empty(pod, POD) is pod
    assert through_protobuf(pod, POD)["spec"] == {"volumes": volumes, "containers": None, "securityContext": {}}


def test_unset_field_has_the_defaults_within_it() -> None:
    """What a strategy puts in place of a status that a client must not set; None where there is no such field."""
    struct = go_types().struct("core/v1.ReplicationController")
    assert struct.unset("status") == {"replicas": 0}
    assert struct.unset("spec") == {"replicas": 1}
    assert go_types().struct("core/v1.ConfigMap").unset("status") is None


def test_value_of_another_type_is_left_alone() -> None:
    """Normalising does not fail on an object that was not read and does not fit its type."""
    obj = {"metadata": "x", "spec": {"containers": {"a": 1}, "volumes": [5]}}
    go_types().struct("core/v1.Pod").normalise(obj)
    assert obj["metadata"] == "x"
