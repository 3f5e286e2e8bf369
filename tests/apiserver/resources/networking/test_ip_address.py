"""IPAddress: its name, its rules, its table."""

import pytest

from rootspan_apiserver.resources.networking.ip_address import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PARENT = {"group": "example.com", "resource": "services", "namespace": "default", "name": "web"}
KIND = KindCheck(definition, {"metadata": {"name": "192.0.2.1"}, "spec": {"parentRef": PARENT}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"metadata.name": "2001:db8::1"}, []),
    ({"metadata.name": "2001:DB8::1"}, ['metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")']),
    ({"metadata.name": "192.0.2.01"}, ['metadata.name: Invalid value: "192.0.2.01": must not have leading 0s']),
    ({"metadata.name": "::ffff:192.0.2.1"}, ['metadata.name: Invalid value: "::ffff:192.0.2.1": must not be an IPv4-mapped IPv6 address']),
    ({"metadata.name": "web"}, ['metadata.name: Invalid value: "web": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    ({"spec.parentRef": REMOVED}, ["spec.parentRef: Required value"]),
    ({"spec.parentRef": {}}, [
        "spec.parentRef.resource: Required value",
        "spec.parentRef.name: Required value",
    ]),
    ({"spec.parentRef": {"group": "A", "resource": "a/b", "namespace": "..", "name": "a%"}}, [
        "spec.parentRef.group: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.parentRef.resource: Invalid value: \"a/b\": may not contain '/'",
        "spec.parentRef.name: Invalid value: \"a%\": may not contain '%'",
        "spec.parentRef.namespace: Invalid value: \"..\": may not be '..'",
    ]),
    ({"spec.parentRef.group": ""}, []),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"metadata.labels": {"a": "b"}}, []),
    ({"spec.parentRef.group": REMOVED}, ['spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"web"}: field is immutable']),
    ({"spec.parentRef": REMOVED}, ["spec.parentRef: Required value", "spec.parentRef: Invalid value: null: field is immutable"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """The name is an address in its canonical form; the parent is named by path segments."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The parent stays."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == []


def test_table_shows_parent() -> None:
    """The parent is shown as a path."""
    assert KIND.row() == {"Name": "192.0.2.1", "ParentRef": "example.com/services/default/web", "Age": "5m"}
    assert KIND.bookmark_row() == ["", "", "<unknown>"]
