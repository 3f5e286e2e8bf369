"""RuntimeClass: its rules, what may not change, its table."""

import pytest

from rootspan_apiserver.kube import names
from rootspan_apiserver.resources.node.runtime_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CLASS = KindCheck(definition, {"handler": "runc"})
LABEL, QUALIFIED = names.dns_label("A_")[0], names.qualified_name("!")[0]
TOLERATION = {"key": "a", "operator": "Exists", "effect": "NoExecute"}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"handler": REMOVED}, ["handler: Required value"]),
    ({"handler": "A_"}, [f'handler: Invalid value: "A_": {LABEL}']),
    ({"overhead": {"podFixed": {"cpu": "10m"}}}, []),
    ({"overhead": {"podFixed": {"cpu": "-1"}}}, ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ({"scheduling": {"nodeSelector": {"a": "b"}, "tolerations": [TOLERATION]}}, []),
    ({"scheduling": {"nodeSelector": {"!": "b"}}}, [f'scheduling.nodeSelector: Invalid value: "!": {QUALIFIED}']),
    ({"scheduling": {"tolerations": [{"key": "a", "operator": "Is"}]}}, ['scheduling.tolerations[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists"']),
    ({"scheduling": {"tolerations": [TOLERATION, {**TOLERATION, "tolerationSeconds": 3}]}}, [
        'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":3}',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert CLASS.refusals(changes) == errors


def test_handler_is_immutable() -> None:
    """Pods that run already were made for it; anything else may change, and is not checked."""
    assert CLASS.update_refusals({"handler": "kata"}) == ['handler: Invalid value: "kata": field is immutable']
    assert CLASS.update_refusals({"overhead": {"podFixed": {"cpu": "20m"}}}) == []


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [CLASS.updated({"handler": "kata"})[1]]
    assert CLASS.unchecked([changes for changes, _ in ROWS], updates) == []


def test_row_shows_handler() -> None:
    """The table names the handler; a bookmark has a row too."""
    assert CLASS.row() == {"Name": "x", "Handler": "runc", "Age": "5m"}
    assert CLASS.bookmark_row() == ["", "", "<unknown>"]
