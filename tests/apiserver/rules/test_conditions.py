"""Conditions of a status: what is refused, and in which words."""

from typing import Any

import pytest

from rootspan_apiserver.rules.conditions import conditions
from tests.apiserver.rules.checking import errors_of

GOOD = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "R:a", "message": ""}
REASON = "a condition reason must start with alphabetic character"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        (
            {"status": "true"},
            ['not supported: f[0].status: Unsupported value: "true": supported values: "False", "True", "Unknown"'],
        ),
        (
            {"observedGeneration": -1},
            ["invalid: f[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero"],
        ),
        ({"lastTransitionTime": None}, ["required: f[0].lastTransitionTime: Required value"]),
        ({"reason": ""}, ["required: f[0].reason: Required value"]),
        ({"reason": "1"}, [f'invalid: f[0].reason: Invalid value: "1": {REASON}']),
        ({"reason": "r" * 1025}, ["too long: f[0].reason: Too long: may not be more than 1024 bytes"]),
        ({"message": "é" * 16385}, ["too long: f[0].message: Too long: may not be more than 32768 bytes"]),
        ({"type": "-"}, ['invalid: f[0].type: Invalid value: "-": name part must consist of alphanumeric characters']),
    ],
)
def test_condition(change: dict[str, Any], expected: list[str]) -> None:
    """A field that is missing, unknown or too long is refused."""
    assert [
        error.partition(", ")[0] if ", '" in error or ", optionally" in error else error
        for error in errors_of(conditions, [GOOD | change])
    ] == expected


def test_type_that_stands_twice() -> None:
    """The second condition of a type is a duplicate."""
    assert errors_of(conditions, [GOOD, GOOD]) == ['duplicate: f[1].type: Duplicate value: "Ready"']
