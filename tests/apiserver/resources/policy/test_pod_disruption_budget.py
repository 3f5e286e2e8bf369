"""PodDisruptionBudget: its rules, its status, its table."""

import pytest

from rootspan_apiserver.resources.policy.pod_disruption_budget import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PDB = KindCheck(definition, {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}})
PERCENT = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
BAD_VALUE = [{"key": "a", "operator": "In", "values": ["!"]}]
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": "Any_Name"}, []),
    ({"spec.minAvailable": "50%"}, []),
    ({"spec.minAvailable": -1}, ["spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"]),
    ({"spec.minAvailable": "101%"}, ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%']),
    ({"spec.minAvailable": REMOVED, "spec.maxUnavailable": "100%"}, []),
    ({"spec.minAvailable": REMOVED, "spec.maxUnavailable": "1.5%"}, [f'spec.maxUnavailable: Invalid value: "1.5%": {PERCENT}']),
    ({"spec.maxUnavailable": -1}, [
        'spec: Invalid value: {"minAvailable":1,"selector":{"matchLabels":{"app":"web"}},"maxUnavailable":-1}: minAvailable and maxUnavailable cannot be both set',
        "spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.unhealthyPodEvictionPolicy": "AlwaysAllow"}, []),
    ({"spec.unhealthyPodEvictionPolicy": "Never"}, ['spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"']),
    ({"spec.selector": {}}, []),
    ({"spec.selector.matchExpressions": BAD_VALUE}, [f'spec.selector.matchExpressions[0].values[0]: Invalid value: "!": {VALUE}']),
]  # fmt: skip
CONDITION = {
    "type": "DisruptionAllowed",
    "status": "True",
    "reason": "SufficientPods",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status.conditions": [CONDITION], "status.expectedPods": 3}, []),
    ({"status.conditions": [CONDITION, {**CONDITION, "status": "Yes"}]}, [
        'status.conditions[1].type: Duplicate value: "DisruptionAllowed"',
        'status.conditions[1].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
    ]),
    ({"status.conditions": [{"type": "!", "observedGeneration": -1}]}, [
        "status.conditions[0].type: Invalid value: \"!\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'status.conditions[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
        "status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero",
        "status.conditions[0].lastTransitionTime: Required value",
        "status.conditions[0].reason: Required value",
    ]),
    ({"status.disruptionsAllowed": -1}, ["status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"]),
    ({"status.currentHealthy": -1}, ["status.currentHealthy: Invalid value: -1: must be greater than or equal to 0"]),
    ({"status.desiredHealthy": -1}, ["status.desiredHealthy: Invalid value: -1: must be greater than or equal to 0"]),
    ({"status.expectedPods": -1}, ["status.expectedPods: Invalid value: -1: must be greater than or equal to 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert PDB.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The status has rules of its own; the spec is not checked again."""
    assert PDB.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [PDB.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert PDB.unchecked([changes for changes, _ in ROWS], statuses) == []


def test_invalid_selector_value_stays_valid() -> None:
    """An expression with an invalid value that is stored already does not keep an update from being made."""
    old = {"spec.selector.matchExpressions": BAD_VALUE}
    assert PDB.update_refusals({"spec.minAvailable": 2}, old=old) == []
    assert PDB.update_refusals(old) == [f'spec.selector.matchExpressions[0].values[0]: Invalid value: "!": {VALUE}']


def test_generation_counts_changes_of_spec() -> None:
    """A change of the spec counts, one of the metadata or of the status does not."""
    assert PDB.stored()["metadata"]["generation"] == 1
    assert PDB.updated({"spec.minAvailable": 2})[0]["metadata"]["generation"] == 2
    assert PDB.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 1
    assert PDB.updated({"status.expectedPods": 2}, "status")[0]["metadata"]["generation"] == 1


def test_status_is_written_through_status_alone() -> None:
    """Neither a create nor an update of the resource sets the status; a write of the status leaves the spec."""
    empty = PDB.stored()["status"]
    assert PDB.stored({"status.expectedPods": 3})["status"] == empty
    assert PDB.updated({"status.expectedPods": 3})[0]["status"] == empty
    through_status, _ = PDB.updated({"status.expectedPods": 3, "spec.minAvailable": 9}, "status")
    assert (through_status["status"]["expectedPods"], through_status["spec"]["minAvailable"]) == (3, 1)


def test_table_shows_bounds() -> None:
    """A bound that is not set is N/A."""
    assert PDB.row({"status": {"disruptionsAllowed": 2}}) == {
        "Name": "x",
        "Min Available": 1,
        "Max Unavailable": "N/A",
        "Allowed Disruptions": 2,
        "Age": "5m",
    }
    assert PDB.bookmark_row() == ["", "N/A", "N/A", 0, "<unknown>"]
