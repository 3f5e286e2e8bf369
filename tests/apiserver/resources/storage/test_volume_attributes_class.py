"""VolumeAttributesClass: its rules, its table."""

import pytest

from rootspan_apiserver.resources.storage.volume_attributes_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CLASS = KindCheck(definition, {"driverName": "disks.example.org", "parameters": {"speed": "7"}})
FORBIDDEN = "Forbidden: updates to"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"driverName": REMOVED}, ["driverName: Required value"]),
    ({"driverName": "a" * 64}, [f'driverName: Invalid value: "{"a" * 64}": name part must be no more than 63 bytes']),
    ({"parameters": REMOVED}, ["parameters: Required value: must contain at least one key/value pair"]),
    ({"parameters": {"": ""}}, ['parameters: Invalid value: "": field can not be empty.']),
]
CHANGES: list[tuple[Changes, list[str]]] = [
    ({"metadata.labels": {"a": "b"}}, []),
    ({"driverName": "tapes"}, [f"driverName: {FORBIDDEN} driverName are forbidden."]),
    (
        {"parameters": REMOVED},
        [
            f"parameters: {FORBIDDEN} parameters are forbidden.",
            "parameters: Required value: must contain at least one key/value pair",
        ],
    ),
]


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert CLASS.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), CHANGES)
def test_update_keeps_driver_and_parameters(changes: Changes, errors: list[str]) -> None:
    """An update checks the changes, then the object."""
    assert CLASS.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [CLASS.updated(changes)[1] for changes, _ in CHANGES]
    assert CLASS.unchecked([changes for changes, _ in ROWS], updates) == []


def test_table_shows_driver() -> None:
    """A bookmark has an empty cell."""
    assert CLASS.row() == {"Name": "x", "DriverName": "disks.example.org", "Age": "5m"}
    assert CLASS.bookmark_row() == ["", "", "<unknown>"]
