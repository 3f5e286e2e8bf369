"""Namespace: its finalizers, its phase, its label, its table."""

import pytest

from rootspan_apiserver.resources.core.namespace import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

NAMESPACE = KindCheck(definition, {})
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'metadata.name': 'a.b'}, ['metadata.name: Invalid value: "a.b": must not contain dots']),
    ({'spec.finalizers': ['example.com/a', 'kubernetes']}, []),
    ({'spec.finalizers': ['mine']}, ['spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified']),
    ({'spec.finalizers': ['Not a name']}, ['spec.finalizers: Invalid value: "Not a name": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')', 'spec.finalizers: Invalid value: "Not a name": name is neither a standard finalizer name nor is it fully qualified']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'metadata.labels': {'a': 'b'}}, []),
    ('', {}, {'metadata.labels': {'a': 'b c'}}, ['metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')', 'metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')']),
    ('', {}, {'metadata.uid': 'x'}, ['metadata.uid: Invalid value: "x": field is immutable']),
    ('finalize', {}, {'spec.finalizers': REMOVED}, []),
    ('finalize', {}, {'spec.finalizers': ['kubernetes', 'mine']}, ['spec.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified']),
    ('status', {}, {'status.conditions': [{'type': 'A', 'status': 'True'}]}, []),
    ('status', {}, {'status.phase': 'Terminating'}, ['status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert NAMESPACE.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert NAMESPACE.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [NAMESPACE.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert NAMESPACE.unchecked([changes for changes, _ in ROWS], updates) == []


def test_new_namespace_is_active_and_found_by_its_name() -> None:
    """The server sets its phase, its finalizer and the label with its name, whatever a client writes there."""
    stored = NAMESPACE.stored({"metadata.labels": {"kubernetes.io/metadata.name": "y"}, "status.phase": "Terminating"})
    assert stored["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x"}
    assert stored["spec"] == {"finalizers": ["kubernetes"]}
    assert stored["status"] == {"phase": "Active"}


def test_update_keeps_finalizers() -> None:
    """Only the subresource finalize changes them, and it changes nothing else."""
    assert NAMESPACE.updated({"spec.finalizers": []})[0]["spec"] == {"finalizers": ["kubernetes"]}
    finalized, _ = NAMESPACE.updated({"spec.finalizers": REMOVED, "status.phase": "Terminating"}, "finalize")
    assert (finalized["spec"], finalized["status"]) == ({}, {"phase": "Active"})


def test_namespace_is_pending_while_it_has_finalizers() -> None:
    """Its deletion makes it Terminating; it is held until its own finalizers are removed."""
    finalization = definition.finalization
    assert finalization is not None
    namespace = NAMESPACE.stored()
    finalization.begin(namespace)
    assert namespace["status"] == {"phase": "Terminating"}
    assert finalization.is_pending(namespace)
    del namespace["spec"]["finalizers"]
    assert not finalization.is_pending(namespace)


def test_table() -> None:
    """The phase is shown."""
    assert NAMESPACE.row({"status.phase": "Active"}) == {"Name": "x", "Status": "Active", "Age": "5m"}
    assert NAMESPACE.bookmark_row() == ["", "", "<unknown>"]
