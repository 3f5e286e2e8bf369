"""CSINode: its rules, its table."""

import pytest

from rootspan_apiserver.resources.storage.csi_node import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

NODE = KindCheck(
    definition, {"spec": {"drivers": [{"name": "disks.example.org", "nodeID": "n-1", "topologyKeys": ["rack"]}]}}
)
SUBDOMAIN = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
NAME_PART = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.drivers": []}, []),
    ({"spec.drivers.0.name": "Disks.Example.org"}, []),
    ({"spec.drivers.0.name": "_"}, [f'spec.drivers[0].name: Invalid value: "_": {SUBDOMAIN}']),
    ({"spec.drivers.0.nodeID": REMOVED}, ["spec.drivers[0].nodeID: Required value"]),
    ({"spec.drivers.0.nodeID": "n" * 257}, [f'spec.drivers[0].nodeID: Invalid value: "{"n" * 257}": must be 256 characters or less']),
    ({"spec.drivers.0.allocatable": {"count": 0}}, []),
    ({"spec.drivers.0.allocatable": {"count": -1}}, ["spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0"]),
    ({"spec.drivers.1": {"name": "disks.example.org", "nodeID": "n-2"}}, ['spec.drivers[1].name: Duplicate value: "disks.example.org"']),
    ({"spec.drivers.0.topologyKeys": ["rack", "rack", ""]}, [
        'spec.drivers[0]: Duplicate value: "rack"',
        "spec.drivers[0]: Required value",
        'spec.drivers[0]: Invalid value: "": name part must be non-empty',
        f'spec.drivers[0]: Invalid value: "": {NAME_PART}',
    ]),
]  # fmt: skip
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"spec.drivers.0.allocatable": {"count": 9}}, []),
    ({"spec.drivers": []}, []),
    ({"spec.drivers.0.nodeID": "n-2"}, ['spec.drivers: Invalid value: {"Name":"disks.example.org","NodeID":"n-2","TopologyKeys":["rack"],"Allocatable":null}: field is immutable']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert NODE.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_keeps_drivers_but_for_their_limits(changes: Changes, errors: list[str]) -> None:
    """A driver comes and goes, but does not change."""
    assert NODE.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [NODE.updated(changes)[1] for changes, _ in CHANGES]
    assert NODE.unchecked([changes for changes, _ in ROWS], updates) == []


def test_table_counts_drivers() -> None:
    """A bookmark has none."""
    assert NODE.row() == {"Name": "x", "Drivers": 1, "Age": "5m"}
    assert NODE.bookmark_row() == ["", 0, "<unknown>"]
