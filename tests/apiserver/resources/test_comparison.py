"""What an update counts as a change: as Go compares, to which nil and empty lists are one and pointers are not."""

from typing import Any

import pytest

from rootspan_apiserver.kube.comparison import EmptyMap, identical, same
from tests.apiserver.resources.kinds import an_object, created, updated


@pytest.mark.parametrize(
    ("new", "old", "equal"),
    [
        ({"a": None}, {}, True),
        ({"a": []}, {"a": None}, True),
        ({"a": [{"b": []}]}, {"a": [{}]}, True),
        ({"a": EmptyMap()}, {}, True),
        ({"a": EmptyMap()}, {"a": {}}, True),
        ({"a": EmptyMap({"b": "c"})}, {}, False),
        ({"a": ""}, {}, False),
        ({"a": {}}, {}, False),
        ({"a": 0}, {"a": None}, False),
        ({"a": [None]}, {"a": []}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
    ],
)
def test_values_are_the_same_but_for_null_and_empty_lists_and_maps(new: Any, old: Any, equal: bool) -> None:
    """In either direction; an empty text or struct is not an absent one."""
    assert (same(new, old), same(old, new)) == (equal, equal)


@pytest.mark.parametrize(
    ("new", "old", "equal"),
    [
        ({"a": None}, {}, True),
        ({"a": [{"b": None}]}, {"a": [{}]}, True),
        ({"a": EmptyMap()}, {"a": {}}, True),
        ({"a": []}, {"a": None}, False),
        ({"a": [{"b": []}]}, {"a": [{}]}, False),
        ({"a": EmptyMap()}, {}, False),
        ({"a": [1]}, {"a": [1, 2]}, False),
    ],
)
def test_values_are_identical_but_for_null(new: Any, old: Any, equal: bool) -> None:
    """In either direction; an empty list or map is not a nil one."""
    assert (identical(new, old), identical(old, new)) == (equal, equal)


def claim(**spec: Any) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return created(an_object("v1", "PersistentVolumeClaim", spec=spec))


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ({}, {"storageClassName": "fast"}, False),
        ({"storageClassName": ""}, {"storageClassName": ""}, False),
        ({"storageClassName": ""}, {"storageClassName": "fast"}, True),
        ({"storageClassName": ""}, {"storageClassName": None}, True),
        ({"storageClassName": "fast"}, {"storageClassName": ""}, True),
        ({}, {"volumeName": "v"}, False),
        ({"volumeName": "v"}, {"volumeName": "w"}, True),
        ({}, {"accessModes": ["ReadOnlyMany"]}, True),
        ({"selector": {"matchLabels": {"a": "b"}}}, {"selector": {"matchLabels": {"a": "c"}}}, True),
    ],
)
def test_claim_gets_its_class_and_volume_once(before: dict[str, Any], after: dict[str, Any], refused: bool) -> None:
    """A class can be given to a claim that has none, which a claim of the class "" has."""
    old = claim(**before)
    _, errors = updated(old, {"spec": after})
    why = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
    assert [error.partition("\n")[0] for error in errors] == ([why] if refused else [])


def test_bound_claim_grows_and_an_unbound_one_does_not() -> None:
    """The request of a claim may change once a volume is bound to it."""
    bigger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    unbound = claim()
    bound = {**unbound, "status": {"phase": "Bound"}}
    assert updated(bound, bigger)[1] == []
    assert len(updated(unbound, bigger)[1]) == 1


@pytest.mark.parametrize(
    ("kind", "before", "change", "message"),
    [
        (
            "StorageClass",
            {"provisioner": "a.example/b", "parameters": {"k": "v"}},
            {"parameters": {"k": "w"}},
            'parameters: Invalid value: {"k":"w"}: field is immutable',
        ),
        (
            "StorageClass",
            {"provisioner": "a.example/b"},
            {"provisioner": "c.example/d"},
            'provisioner: Invalid value: "c.example/d": field is immutable',
        ),
    ],
)
def test_immutable_field_of_a_storage_class_is_shown(
    kind: str, before: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    """With the value it should have got."""
    old = created(an_object("storage.k8s.io/v1", kind, namespace="", **before))
    assert updated(old, change)[1] == [message]
