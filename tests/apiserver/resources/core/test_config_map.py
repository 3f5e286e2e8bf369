"""ConfigMap: its rules, its immutability, its table."""

import pytest

from rootspan_apiserver.resources.core.config_map import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CONFIG_MAP = KindCheck(definition, {"data": {"a": "1"}})
KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"data": None}, []),
    ({"data": {"b c": ""}}, [f'data[b c]: Invalid value: "b c": {KEY}']),
    ({"data": {"..x": ""}}, ["data[..x]: Invalid value: \"..x\": must not start with '..'"]),
    ({"binaryData": {"b": "AA=="}}, []),
    ({"binaryData": {"b": None}}, []),
    ({"binaryData": {"b c": "AA=="}}, [f'binaryData[b c]: Invalid value: "b c": {KEY}']),
    ({"binaryData": {"a": "AA=="}}, ['data[a]: Invalid value: "a": duplicate of key present in binaryData']),
    ({"data": {"a": "x" * 1048576}}, []),
    ({"data": {"a": "x" * 1048577}}, [": Too long: may not be more than 1048576 bytes"]),
    ({"metadata.name": "A_b"}, [
        "metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
]  # fmt: skip
WORDS = "Forbidden: field is immutable when `immutable` is set"
FROZEN = {"immutable": True}
CHANGES: list[tuple[Changes, Changes, list[str]]] = [
    ({}, {"data": {"a": "2"}, "immutable": True}, []),
    (FROZEN, {"metadata.labels": {"a": "b"}}, []),
    (FROZEN, {"immutable": REMOVED}, [f"immutable: {WORDS}"]),
    (FROZEN, {"immutable": False, "data": {"a": "2"}, "binaryData": {"b": "AA=="}}, [f"immutable: {WORDS}", f"data: {WORDS}", f"binaryData: {WORDS}"]),
    (FROZEN, {"data": {"b c": ""}}, [f"data: {WORDS}", f'data[b c]: Invalid value: "b c": {KEY}']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert CONFIG_MAP.refusals(changes) == errors


@pytest.mark.parametrize(("old", "changes", "errors"), CHANGES)
def test_update_is_checked(old: Changes, changes: Changes, errors: list[str]) -> None:
    """One that is immutable keeps its data and stays immutable; what changed is said before what is wrong."""
    assert CONFIG_MAP.update_refusals(changes, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [CONFIG_MAP.updated(changes, old=old)[1] for old, changes, _ in CHANGES]
    assert CONFIG_MAP.unchecked([changes for changes, _ in ROWS], updates) == []


def test_generation_is_not_counted() -> None:
    """It has none, whatever a client writes there."""
    assert "generation" not in CONFIG_MAP.stored({"metadata.generation": 3})["metadata"]
    assert "generation" not in CONFIG_MAP.updated({"data": {"a": "2"}})[0]["metadata"]


def test_table_counts_keys() -> None:
    """Texts and bytes are counted together."""
    assert CONFIG_MAP.row({"binaryData": {"b": "AA==", "c": ""}}) == {"Name": "x", "Data": 3, "Age": "5m"}
    assert CONFIG_MAP.bookmark_row() == ["", 0, "<unknown>"]
