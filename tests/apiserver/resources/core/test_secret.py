"""Secret: its data by type, its immutability, its table."""

import pytest

from rootspan_apiserver.resources.core.secret import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

SECRET = KindCheck(definition, {"data": {"a": "YQ=="}})
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'data': {'a': None}}, []),
    ({'data': {'b c': ''}}, ['data[b c]: Invalid value: "b c": a valid config key must consist of alphanumeric characters, \'-\', \'_\' or \'.\' (e.g. \'key.name\',  or \'KEY_NAME\',  or \'key-name\', regex used for validation is \'[-._a-zA-Z0-9]+\')']),
    ({'data': {'a': "A" * 1398104}}, ['data: Too long: may not be more than 1048576 bytes']),
    ({'data': {'a': "A" * 1398100}}, []),
    ({'type': 'kubernetes.io/tls'}, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']),
    ({'type': 'kubernetes.io/tls', 'data': {'tls.crt': '', 'tls.key': ''}}, []),
    ({'type': 'tls'}, []),
    ({'type': 'kubernetes.io/ssh-auth'}, ['data[ssh-privatekey]: Required value']),
    ({'type': 'kubernetes.io/ssh-auth', 'data': {'ssh-privatekey': 'YQ=='}}, []),
    ({'type': 'kubernetes.io/basic-auth'}, ['data[username]: Required value', 'data[password]: Required value']),
    ({'type': 'kubernetes.io/basic-auth', 'data': {'password': ''}}, []),
    ({'type': 'kubernetes.io/dockercfg'}, ['data[.dockercfg]: Required value']),
    ({'type': 'kubernetes.io/dockercfg', 'data': {'.dockercfg': 'e30='}}, []),
    ({'type': 'kubernetes.io/dockerconfigjson', 'data': {'.dockerconfigjson': ''}}, ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input']),
    ({'type': 'kubernetes.io/dockerconfigjson', 'data': {'.dockerconfigjson': 'e30gfQ=='}}, ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'}\' after top-level value']),
    ({'type': 'kubernetes.io/dockerconfigjson', 'data': {'.dockerconfigjson': 'W10='}}, ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}']),
    ({'type': 'kubernetes.io/service-account-token'}, ['metadata.annotations[kubernetes.io/service-account.name]: Required value']),
    ({'type': 'kubernetes.io/service-account-token', 'metadata.annotations': {'kubernetes.io/service-account.name': 'a'}}, []),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'data': {'a': 'Yg=='}}, []),
    ('', {}, {'type': 'example.com/x'}, ['type: Invalid value: "example.com/x": field is immutable']),
    ('', {'immutable': True}, {'data': {'a': 'Yg=='}}, ['data: Forbidden: field is immutable when `immutable` is set']),
    ('', {'immutable': True}, {'immutable': REMOVED}, ['immutable: Forbidden: field is immutable when `immutable` is set']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert SECRET.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert SECRET.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [SECRET.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert SECRET.unchecked([changes for changes, _ in ROWS], updates) == []


def test_texts_are_stored_as_bytes() -> None:
    """What `stringData` says is in `data` afterwards, and wins."""
    stored = SECRET.stored({"stringData": {"a": "b", "c": None}})
    assert (stored["type"], stored["data"]) == ("Opaque", {"a": "Yg==", "c": ""})
    assert "stringData" not in stored


def test_table_counts_keys() -> None:
    """The type and the number of keys are shown."""
    assert SECRET.row({"type": "Opaque"}) == {"Name": "x", "Type": "Opaque", "Data": 1, "Age": "5m"}
    assert SECRET.bookmark_row() == ["", "", 0, "<unknown>"]
