"""DeviceClass: its rules on create and update, its generation, its table."""

import pytest

from rootspan_apiserver.resources.resource_k8s_io.device_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck
from tests.apiserver.resources.resource_k8s_io.objects import CLASS

KIND = KindCheck(definition, {"spec": CLASS})
LONG = "a" * 254
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": LONG}, [f'metadata.name: Invalid value: "{LONG}": must be no more than 253 bytes']),
    ({"spec": {}}, []),
    ({"spec.selectors": [{}] * 33}, ["spec.selectors: Too many: 33: must have at most 32 items"]),
    ({"spec.selectors.0.cel": REMOVED}, ["spec.selectors[0].cel: Required value"]),
    ({"spec.selectors.0.cel.expression": "a" * 10241}, ["spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes"]),
    ({"spec.config": [{}] * 33}, ["spec.config: Too many: 33: must have at most 32 items"]),
    ({"spec.config.0.opaque": REMOVED}, ["spec.config[0].opaque: Required value"]),
    ({"spec.config.0.opaque.driver": ""}, ["spec.config[0].opaque.driver: Required value"]),
    ({"spec.config.0.opaque.parameters": {"a": "b" * 10240}}, ["spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes"]),
    ({"spec.extendedResourceName": "gpu"}, ['spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name']),
    ({"spec.extendedResourceName": "kubernetes.io/gpu"}, ['spec.extendedResourceName: Invalid value: "kubernetes.io/gpu": must be a valid extended resource name']),
    ({"spec.extendedResourceName": "requests.a/b"}, ['spec.extendedResourceName: Invalid value: "requests.a/b": must be a valid extended resource name']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """A class is refused for its name, its selectors, its configuration and the name of its resource."""
    assert KIND.refusals(changes) == errors


def test_update_is_checked_as_a_create() -> None:
    """A change that makes a class invalid is refused, and so is a change of its identity."""
    assert KIND.update_refusals({"spec.config.0.opaque.driver": ""}) == ["spec.config[0].opaque.driver: Required value"]
    assert KIND.update_refusals({"metadata.uid": "other"}) == [
        'metadata.uid: Invalid value: "other": field is immutable'
    ]


def test_stored_parameters_may_be_long() -> None:
    """Parameters that were stored before there was a limit stay valid until the configuration changes."""
    stored: Changes = {"spec.config.0.opaque.parameters": {"a": "b" * 10240}}
    assert KIND.update_refusals({"metadata.labels": {"a": "b"}}, old=stored) == []
    assert KIND.update_refusals({"spec.config.0.opaque.driver": "b"}, old=stored) == [
        "spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes"
    ]


def test_each_rule_has_a_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert KIND.unchecked([changes for changes, _ in ROWS]) == []


def test_generation_counts_changes_of_the_spec() -> None:
    """The generation begins with 1 and grows with the spec."""
    assert KIND.stored()["metadata"]["generation"] == 1
    assert KIND.updated({"spec.selectors": []})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 1


def test_table() -> None:
    """The table shows the name and the age."""
    assert KIND.row() == {"Name": "x", "Age": "5m"}
