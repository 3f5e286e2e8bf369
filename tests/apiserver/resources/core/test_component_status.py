"""ComponentStatus: its table, and that it is not stored."""

from typing import Any

import pytest

from rootspan_apiserver.resources.core.component_status import definition
from tests.apiserver.resources.kind_checks import KindCheck

STATUS = KindCheck(definition, {})


@pytest.mark.parametrize(
    ("conditions", "cells"),
    [
        ([], ["x", "Unknown", "", ""]),
        ([{"type": "Healthy", "status": "True", "message": "ok"}], ["x", "Healthy", "ok", ""]),
        ([{"type": "Healthy", "status": "False", "error": "down"}], ["x", "Unhealthy", "", "down"]),
    ],
)
def test_table_shows_health(conditions: list[Any], cells: list[str]) -> None:
    """The condition Healthy says what is shown."""
    assert list(STATUS.row({"conditions": conditions}).values()) == cells


def test_component_status_is_deprecated_and_not_stored() -> None:
    """It can be read only."""
    assert definition.deprecation == "v1 ComponentStatus is deprecated in v1.19+"
    assert (definition.stored, definition.verbs) == (False, frozenset({"get", "list"}))
