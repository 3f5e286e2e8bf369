"""ControllerRevision: its rules, its table."""

import pytest

from rootspan_apiserver.resources.apps.controller_revision import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"data": {"spec": {}}, "revision": 1})
OWNER = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": True}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"data": REMOVED, "revision": -1}, [
        "revision: Invalid value: -1: must be greater than or equal to 0",
        "data: Required value: data is mandatory",
    ]),
    ({"data": ["x"]}, ["data: Required value: data must be a valid JSON object"]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"revision": 2}, []),
    ({"data": {"spec": {"replicas": 2}}}, ['data: Invalid value: {"spec":{"replicas":2}}: field is immutable']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """There is data, and a number that is not negative."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The data stays."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == []


def test_table_shows_controller() -> None:
    """The owner that is the controller is shown with its group."""
    assert list(KIND.row({"metadata.ownerReferences": [OWNER]}).values()) == ["x", "statefulset.apps/web", 1, "5m"]
    assert KIND.bookmark_row() == ["", "<none>", 0, "<unknown>"]
