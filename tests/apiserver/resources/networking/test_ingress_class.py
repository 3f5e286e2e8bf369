"""IngressClass: its rules, its default, its table."""

import pytest

from rootspan_apiserver.resources.networking.ingress_class import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PARAMETERS = {"apiGroup": "example.com", "kind": "Config", "name": "c", "scope": "Namespace", "namespace": "infra"}
KIND = KindCheck(definition, {"spec": {"controller": "example.com/ingress", "parameters": PARAMETERS}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": REMOVED}, ["spec.controller: Required value"]),
    ({"spec.parameters": REMOVED}, []),
    ({"spec.controller": "ingress"}, ['spec.controller: Invalid value: "ingress": must be a domain-prefixed path (such as "acme.io/foo")']),
    ({"spec.controller": "Example.com/a b"}, [
        "spec.controller: Invalid value: \"Example.com\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.controller: Invalid value: \"a b\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
    ]),
    ({"spec.controller": "example.com/" + "a" * 240}, ["spec.controller: Too long: may not be more than 250 bytes"]),
    ({"spec.parameters": {"apiGroup": "", "kind": "a/b"}}, [
        "spec.parameters.apiGroup: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.parameters.kind: Invalid value: \"a/b\": may not contain '/'",
        "spec.parameters.name: Required value",
    ]),
    ({"spec.parameters.kind": REMOVED, "spec.parameters.name": "."}, [
        "spec.parameters.kind: Required value",
        "spec.parameters.name: Invalid value: \".\": may not be '.'",
    ]),
    ({"spec.parameters.scope": "Everywhere"}, ['spec.parameters.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespace"']),
    ({"spec.parameters.scope": "Cluster"}, ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]),
    ({"spec.parameters.namespace": REMOVED}, ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]),
    ({"spec.parameters.namespace": "a.b"}, ['spec.parameters.namespace: Invalid value: "a.b": must not contain dots']),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.parameters": REMOVED}, []),
    ({"spec.controller": "example.com/other"}, ['spec.controller: Invalid value: "example.com/other": field is immutable']),
    ({"spec": REMOVED}, [
        'spec.controller: Invalid value: "": field is immutable',
        "spec.controller: Required value",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The controller stays."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == []


def test_scope_is_cluster_by_default() -> None:
    """Parameters are of the cluster unless they say where they are."""
    changes = {"spec.parameters": {"kind": "Config", "name": "c"}}
    assert KIND.stored(changes)["spec"]["parameters"]["scope"] == "Cluster"


def test_table_shows_parameters() -> None:
    """Parameters are shown by kind, group and name."""
    assert list(KIND.row().values()) == ["x", "example.com/ingress", "Config.example.com/c", "5m"]
    assert KIND.bookmark_row() == ["", "", "<none>", "<unknown>"]
