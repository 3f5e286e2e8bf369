"""CSIStorageCapacity: its rules."""

import pytest

from rootspan_apiserver.resources.storage.csi_storage_capacity import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CAPACITY = KindCheck(definition, {"storageClassName": "slow", "capacity": "5Gi"})
SUBDOMAIN = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"capacity": REMOVED}, []),
    ({"capacity": "-1"}, ['capacity: Invalid value: "-1": must be greater than or equal to 0']),
    ({"storageClassName": REMOVED}, [f'storageClassName: Invalid value: "": {SUBDOMAIN}']),
    ({"nodeTopology": {"matchExpressions": [{"key": "rack", "operator": "Exists"}]}}, []),
    ({"nodeTopology": {"matchLabels": {"rack": "A B"}}}, ["nodeTopology.matchLabels: Invalid value: \"A B\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]),
    ({"nodeTopology": {"matchExpressions": [{"key": "a!", "operator": "In"}]}}, [
        "nodeTopology.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        "nodeTopology.matchExpressions[0].key: Invalid value: \"a!\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]),
    ({"nodeTopology": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]}}, ["nodeTopology.matchExpressions[0].values[0]: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]),
]  # fmt: skip
TOPOLOGY: Changes = {"nodeTopology": {"matchLabels": {"rack": "7"}}}
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"capacity": "6Gi", "maximumVolumeSize": "1Gi"}, []),
    ({"capacity": "-1"}, ['capacity: Invalid value: "-1": must be greater than or equal to 0']),
    ({"nodeTopology": REMOVED}, ["nodeTopology: Invalid value: null: field is immutable"]),
    (
        {"nodeTopology.matchLabels": {"rack": "8"}, "storageClassName": "fast"},
        [
            'nodeTopology: Invalid value: {"matchLabels":{"rack":"8"}}: field is immutable',
            'storageClassName: Invalid value: "fast": field is immutable',
        ],
    ),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert CAPACITY.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_keeps_class_and_topology(changes: Changes, errors: list[str]) -> None:
    """The new object is checked, then what changed."""
    assert CAPACITY.update_refusals(changes, old=TOPOLOGY) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [CAPACITY.updated(changes, old=TOPOLOGY)[1] for changes, _ in CHANGES]
    assert CAPACITY.unchecked([changes for changes, _ in ROWS], updates) == []
