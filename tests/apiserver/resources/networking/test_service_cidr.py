"""ServiceCIDR: its rules, its status, its table."""

import pytest

from rootspan_apiserver.resources.networking.service_cidr import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"spec": {"cidrs": ["10.2.0.0/16"]}})
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Ready",
    "message": "",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.cidrs": ["10.2.0.0/16", "2001:db8::/64"]}, []),
    ({"spec.cidrs": []}, ["spec.cidrs: Required value: at least one CIDR required"]),
    ({"spec.cidrs": ["10.2.0.1/16"]}, ['spec.cidrs[0]: Invalid value: "10.2.0.1/16": must not have bits set beyond the prefix length']),
    ({"spec.cidrs": ["10.2.0.0/016"]}, ['spec.cidrs[0]: Invalid value: "10.2.0.0/016": must not have leading 0s in IP or prefix length']),
    ({"spec.cidrs": ["2001:DB8::/64"]}, ['spec.cidrs[0]: Invalid value: "2001:DB8::/64": must be in canonical form ("2001:db8::/64")']),
    ({"spec.cidrs": ["10.2.0.0/16", "10.3.0.0/16"]}, ['spec.cidrs: Invalid value: ["10.2.0.0/16","10.3.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64']),
    ({"spec.cidrs": ["10.2.0.0/16", "10.3.0.0/16", "x"]}, ['spec.cidrs: Invalid value: {"CIDRs":["10.2.0.0/16","10.3.0.0/16","x"]}: may only hold up to 2 values']),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.cidrs": ["10.2.0.0/16", "2001:db8::/64"]}, []),
    ({"spec.cidrs": ["10.3.0.0/16"]}, ['spec.cidrs[0]: Invalid value: "10.3.0.0/16": field is immutable']),
    ({"spec.cidrs": ["10.3.0.0/16", "10.4.0.0/16"]}, [
        'spec.cidrs[0]: Invalid value: "10.3.0.0/16": field is immutable',
        'spec.cidrs: Invalid value: ["10.3.0.0/16","10.4.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ]),
    ({"spec.cidrs": REMOVED}, ["spec.cidrs: Invalid value: null: field is immutable"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """One range, or one of each IP family, in its canonical form."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """A range stays; one of the other family may be added."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == []


def test_status_write_keeps_metadata() -> None:
    """A write of the status changes neither labels nor annotations."""
    new, _ = KIND.updated({"metadata.labels": {"a": "b"}, "status.conditions": [CONDITION]}, "status")
    assert "labels" not in new["metadata"]
    assert new["status"]["conditions"] == [CONDITION]


def test_table_shows_ranges() -> None:
    """The ranges are shown in one cell."""
    assert list(KIND.row({"spec.cidrs": ["10.2.0.0/16", "2001:db8::/64"]}).values()) == [
        "x",
        "10.2.0.0/16,2001:db8::/64",
        "5m",
    ]
    assert KIND.bookmark_row() == ["", "", "<unknown>"]
