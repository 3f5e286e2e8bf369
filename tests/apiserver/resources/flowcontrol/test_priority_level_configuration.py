"""PriorityLevelConfiguration: its rules, defaults and table."""

import pytest

from rootspan_apiserver.resources.flowcontrol.bootstrap import mandatory_levels
from rootspan_apiserver.resources.flowcontrol.priority_level_configuration import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(
    definition,
    {"spec": {"type": "Limited", "limited": {"limitResponse": {"type": "Queue", "queuing": {"queues": 32}}}}},
)
QUEUING = "spec.limited.limitResponse.queuing"
EXEMPT = {"metadata.name": "exempt", "spec.type": "Exempt", "spec.limited": REMOVED}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    (EXEMPT, []),
    ({"spec": {}}, ['spec.type: Unsupported value: "": supported values: "Exempt", "Limited"']),
    ({**EXEMPT, "metadata.name": "other"}, ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"]),
    ({"metadata.name": "exempt", "spec.type": "Exempt"}, [
        "spec.limited: Forbidden: must be nil if the type is not Limited",
        ('spec: Invalid value: {"Type":"Exempt","Limited":{"NominalConcurrencyShares":30,"LimitResponse":{"Type":"Queue","Queuing":'
        '{"Queues":32,"HandSize":8,"QueueLengthLimit":50}},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: '
        "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"),
    ]),
    ({"metadata.name": "catch-all", "spec.limited": {"nominalConcurrencyShares": 7, "limitResponse": {"type": "Reject"}}}, [
        ('spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":7,"LimitResponse":{"Type":"Reject","Queuing":null},'
        """"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of 'catch-all' must equal the fixed value"""),
    ]),
    ({"metadata.name": "catch-all", "spec": mandatory_levels()[1]["spec"]}, []),
    ({**EXEMPT, "spec.exempt": {"nominalConcurrencyShares": -1, "lendablePercent": 101}}, [
        "spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
        "spec.exempt.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
    ]),
    ({"spec.exempt": {}}, ["spec.exempt: Forbidden: must be nil if the type is Limited"]),
    ({"spec.limited": REMOVED}, ["spec.limited: Required value: must not be empty when type is Limited"]),
    ({"spec.limited.limitResponse": REMOVED}, ['spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"']),
    ({"spec.limited.limitResponse.type": "Reject"}, [f"{QUEUING}: Forbidden: must be nil if limited.limitResponse.type is not Limited"]),
    ({QUEUING: REMOVED}, [f"{QUEUING}: Required value: must not be empty if limited.limitResponse.type is Limited"]),
    ({"spec.limited.nominalConcurrencyShares": -1}, ["spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer"]),
    ({"spec.limited.lendablePercent": -1}, ["spec.limited.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive"]),
    ({"spec.limited.borrowingLimitPercent": -1}, ["spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer"]),
    ({"spec.limited.borrowingLimitPercent": 300}, []),
    ({QUEUING: {"queueLengthLimit": -1, "queues": -1, "handSize": -1}}, [
        f"{QUEUING}.queueLengthLimit: Invalid value: -1: must be positive",
        f"{QUEUING}.queues: Invalid value: -1: must be positive",
        f"{QUEUING}.handSize: Invalid value: -1: must be positive",
    ]),
    ({QUEUING: {"queues": 10_000_001, "handSize": 2}}, [f"{QUEUING}.queues: Invalid value: 10000001: must not be greater than 10000000"]),
    ({QUEUING: {"queues": 7}}, [f"{QUEUING}.handSize: Invalid value: 8: should not be greater than queues (7)"]),
    ({QUEUING: {"queues": 1024, "handSize": 6}}, []),
    ({QUEUING: {"queues": 1024, "handSize": 7}}, [f"{QUEUING}.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60"]),
]  # fmt: skip
TWICE = {"status.conditions": [{"type": "Dangling"}, {"type": "Dangling"}]}


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_priority_level_is_checked(changes: Changes, errors: list[str]) -> None:
    """It is exempt or limited, with shares in range, and queues into which flows can be dealt."""
    assert KIND.refusals(changes) == errors


def test_status_of_priority_level_is_checked() -> None:
    """Each condition has a type of its own."""
    assert KIND.update_refusals(TWICE, "status") == ['status.conditions[1].type: Duplicate value: "Dangling"']


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert KIND.unchecked([changes for changes, _ in ROWS], [KIND.updated(TWICE, "status")[1]]) == []


def test_numbers_of_priority_level_are_defaulted() -> None:
    """Shares that are 0 stay; queues that are 0 do not."""
    limited = KIND.stored({f"{QUEUING}.handSize": 0})["spec"]["limited"]
    assert (limited["nominalConcurrencyShares"], limited["lendablePercent"]) == (30, 0)
    assert limited["limitResponse"]["queuing"] == {"queues": 32, "handSize": 8, "queueLengthLimit": 50}
    none = KIND.stored({"spec.limited.nominalConcurrencyShares": 0})["spec"]["limited"]
    assert none["nominalConcurrencyShares"] == 0
    exempt = KIND.stored({**EXEMPT, "spec.exempt": {}})["spec"]["exempt"]
    assert exempt == {"nominalConcurrencyShares": 0, "lendablePercent": 0}


def test_table_shows_queues() -> None:
    """What is not there is none."""
    row = KIND.row({"spec.limited.nominalConcurrencyShares": 5})
    assert list(row.values()) == ["x", "Limited", 5, 32, "<none>", "<none>", "5m"]
    assert list(KIND.row({**EXEMPT, "spec.exempt": {}}).values())[2] == "<none>"
    assert KIND.bookmark_row() == ["", "", "<none>", "<none>", "<none>", "<none>", "<unknown>"]
