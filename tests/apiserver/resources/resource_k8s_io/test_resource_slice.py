"""ResourceSlice: its defaults, its rules on create and update, its warnings, selectors and table."""

import pytest

from rootspan_apiserver.resources.catalogue import builtin_resources
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.resource_k8s_io.resource_slice import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck, changed
from tests.apiserver.resources.resource_k8s_io.objects import COUNTERS, REMOVE, SLICE
from tests.apiserver.resources.resource_k8s_io.rows import COUNTER_ROWS, SLICE_ROWS

KIND = KindCheck(definition, {"spec": SLICE})


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({}, []),
        ({"spec": COUNTERS}, []),
        ({"metadata.name": "A"}, ['metadata.name: Invalid value: "A": ']),
        ({"metadata.namespace": "default"}, ["metadata.namespace: Forbidden: not allowed on this type"]),
        (
            {"spec.pool.generation": -1},
            ["spec.pool.generation: Invalid value: -1: must be greater than or equal to zero"],
        ),
    ],
)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """A slice is refused for its metadata and for what it says; an expected error may be cut short."""
    assert [text[: len(error)] for text, error in zip(KIND.refusals(changes), errors, strict=True)] == errors


def test_each_rule_has_a_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    rows: list[Changes] = [
        {f"spec.{place.replace('/', '.')}": REMOVED if to is REMOVE else to} for place, to, _ in SLICE_ROWS
    ]
    rows += [{"spec": {**COUNTERS}, f"spec.{place.replace('/', '.')}": to} for place, to, _ in COUNTER_ROWS]
    assert KIND.unchecked(rows) == []


def test_update_keeps_the_pool() -> None:
    """An update may change the devices, and not the driver, the pool or the node."""
    assert KIND.update_refusals({"spec.devices": [], "spec.pool.generation": 2}) == []
    assert KIND.update_refusals({"spec.driver": "b"}) == ['spec.driver: Invalid value: "b": field is immutable']


def test_generation_counts_changes_of_the_spec() -> None:
    """The generation begins with 1 and grows with the spec."""
    assert KIND.stored()["metadata"]["generation"] == 1
    assert KIND.updated({"spec.devices": []})[0]["metadata"]["generation"] == 2


def test_taint_gets_a_time() -> None:
    """A taint without a time gets the present one; the time of another stays."""
    given = "2020-01-01T00:00:00Z"
    assert (
        KIND.stored({"spec.devices.0.taints.0.timeAdded": given})["spec"]["devices"][0]["taints"][0]["timeAdded"]
        == given
    )
    assert KIND.stored()["spec"]["devices"][0]["taints"][0]["timeAdded"] > given


def test_fields_of_gates_that_are_off_are_dropped() -> None:
    """Lists of attributes and mappings to resources of nodes are dropped, unless the stored slice has some already."""
    mappings: Changes = {"nodeAllocatableResourceMappings": {"cpu": {}}}
    gated: Changes = {"spec.devices.0": {"name": "d", **mappings, "attributes": {"a": {"int": 1, "ints": [1]}}}}
    assert KIND.stored(gated)["spec"]["devices"] == [{"name": "d", "attributes": {"a": {"int": 1}}}]
    assert KIND.updated(gated)[0]["spec"]["devices"] == [{"name": "d", "attributes": {"a": {"int": 1}}}]
    assert definition.prepare_update is not None
    new, stored = changed(KIND.valid, gated), changed(KIND.valid, gated)
    definition.prepare_update(new, stored, WriteContext())
    assert new == stored == changed(KIND.valid, gated)


def test_driver_in_capitals_is_warned_of() -> None:
    """A driver's name should be lowercase."""
    assert definition.warnings is not None
    words = 'spec.driver: driver names should be lowercase; "A.b" contains uppercase characters'
    assert definition.warnings(KIND.stored({"spec.driver": "A.b"}), None) == [words]
    assert definition.warnings(KIND.stored(), None) == []


def test_field_selectors() -> None:
    """Slices can be selected by driver and by node."""
    (resource,) = builtin_resources(definition)
    fields = resource.strategy.selectable_fields(KIND.stored())
    assert fields == {"metadata.name": "x", "spec.driver": "gpu.example.com", "spec.nodeName": "node1"}


@pytest.mark.parametrize(
    ("changes", "node"),
    [
        ({}, "node1"),
        ({"spec.nodeName": REMOVED, "spec.allNodes": True}, "<all>"),
        ({"spec.nodeName": REMOVED}, "<node selector>"),
    ],
)
def test_table(changes: Changes, node: str) -> None:
    """The table shows the node, the driver and the pool."""
    assert KIND.row(changes) == {
        "Name": "x",
        "Node": node,
        "Driver": "gpu.example.com",
        "Pool": "rack/one",
        "Age": "5m",
    }
    assert KIND.bookmark_row()[1:4] == ["<node selector>", "", ""]
