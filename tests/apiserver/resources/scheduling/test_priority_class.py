"""PriorityClass: its rules, defaults and table."""

import pytest

from rootspan_apiserver.resources.scheduling.priority_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"value": 7})
RESERVED = (
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
)
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"value": 1_000_000_000, "preemptionPolicy": "Never"}, []),
    ({"value": 1_000_000_001}, ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]),
    ({"metadata.name": "system-mine"}, [f"{RESERVED}system-mine is not a known system priority class"]),
    ({"metadata.name": "system-node-critical"}, [f"{RESERVED}value of system-node-critical PriorityClass must be 2000001000"]),
    ({"metadata.name": "system-node-critical", "value": 2_000_001_000}, []),
    ({"metadata.name": "system-cluster-critical", "value": 2_000_000_000, "globalDefault": True}, [
        f"{RESERVED}globalDefault of system-cluster-critical PriorityClass must be false",
    ]),
    ({"preemptionPolicy": ""}, ["preemptionPolicy: Required value"]),
    ({"preemptionPolicy": "Ask"}, ['preemptionPolicy: Unsupported value: "Ask": supported values: "PreemptLowerPriority", "Never"']),
]  # fmt: skip
UPDATES: list[tuple[Changes, list[str]]] = [
    ({"description": "other", "globalDefault": True}, []),
    ({"value": 8}, ["value: Forbidden: may not be changed in an update."]),
    ({"preemptionPolicy": "Never"}, ['preemptionPolicy: Invalid value: "Never": field is immutable']),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_priority_class_is_checked(changes: Changes, errors: list[str]) -> None:
    """Names and values of the system are reserved, and the policy is a known one."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATES)
def test_update_of_priority_class_is_checked(changes: Changes, errors: list[str]) -> None:
    """The value and the policy stay; what a create would refuse is not asked again."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert KIND.unchecked([row for row, _ in ROWS], [KIND.updated(changes)[1] for changes, _ in UPDATES]) == []


def test_generation_of_priority_class_stays_one() -> None:
    """Nothing that may change is counted."""
    assert KIND.stored()["metadata"]["generation"] == 1
    assert KIND.updated({"description": "other"})[0]["metadata"]["generation"] == 1
    assert KIND.stored()["preemptionPolicy"] == "PreemptLowerPriority"


def test_table_shows_value() -> None:
    """A class without a value has 0."""
    cells = {"Name": "x", "Value": 7, "Global-Default": False, "Age": "5m", "PreemptionPolicy": ""}
    assert KIND.row() == cells
    assert KIND.row({"value": REMOVED})["Value"] == 0
    assert KIND.bookmark_row() == ["", 0, False, "<unknown>", ""]
