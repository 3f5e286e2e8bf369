"""Rules that many kinds share: metadata, label selectors, numbers of pods, quantities."""

from typing import Any

import pytest

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.rules import ABSENT, Rule
from rootspan_apiserver.rules.int_or_percent import at_most_100_percent, int_or_percent
from rootspan_apiserver.rules.label_selectors import (
    label_selector,
    labels,
    ratcheting_label_selector,
)
from rootspan_apiserver.rules.metadata import annotations, metadata_update, object_metadata, owner_references
from rootspan_apiserver.rules.quantities import not_negative_quantity, positive_quantity, whole_quantity
from tests.apiserver.rules.checking import errors_of

KEY = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
PERCENT = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u"}
IN_NAMESPACE = object_metadata(namespaced=True)
CLUSTER = object_metadata(dns_label, namespaced=False, standard_finalizers=False)
SELECTOR = label_selector()
BAD_VALUE = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["!"]}]}
ROWS: list[tuple[str, Rule, Any, Any, list[str]]] = [
    ("labels: key", labels, {"a b": "c"}, ABSENT, [f'invalid: f: Invalid value: "a b": name part {KEY}']),
    ("labels: two slashes", labels, {"a/b/c": ""}, ABSENT, [f'invalid: f: Invalid value: "a/b/c": a valid label key {KEY} with an optional DNS subdomain prefix and \'/\' (e.g. \'example.com/MyName\')']),
    ("labels: value", labels, {"a": "!"}, ABSENT, [f'invalid: f: Invalid value: "!": {VALUE}']),
    ("labels: long", labels, {"a": "x" * 64}, ABSENT, [f'invalid: f: Invalid value: "{"x" * 64}": must be no more than 63 bytes']),
    ("labels: good", labels, {"example.com/a": "b", "c": ""}, ABSENT, []),
    ("annotations: key", annotations, {"/a": "b"}, ABSENT, ['invalid: f: Invalid value: "/a": prefix part must be non-empty']),
    ("annotations: size", annotations, {"a": "x" * 262144}, ABSENT, ["too long: f: Too long: may not be more than 262144 bytes"]),
    ("annotations: any case", annotations, {"Example.COM/A": "x" * 262130}, ABSENT, []),
    ("owners: parts", owner_references, [{}], ABSENT, [
        'invalid: f.apiVersion: Invalid value: "": version must not be empty',
        'invalid: f.kind: Invalid value: "": must not be empty',
        'invalid: f.name: Invalid value: "": must not be empty',
        'invalid: f.uid: Invalid value: "": must not be empty',
    ]),
    ("owners: no event", owner_references, [{"uid": "u", "name": "n", "kind": "Event", "apiVersion": "v1"}], ABSENT, [
        'invalid: f: Invalid value: {"apiVersion":"v1","kind":"Event","name":"n","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
    ]),
    ("metadata: managers", IN_NAMESPACE, {"name": "a", "namespace": "d", "managedFields": [{"manager": "a" * 129, "subresource": "s" * 257}, {"manager": "é\n"}]}, ABSENT, [
        "too long: f.managedFields[0].manager: Too long: may not be more than 128 bytes",
        "too long: f.managedFields[0].subresource: Too long: may not be more than 256 bytes",
        'invalid: f.managedFields[1].manager: Invalid value: "é\\n": invalid character U+000A (at position 2)',
    ]),
    ("owners: one controller", owner_references, [{**OWNER, "controller": True}, OWNER], ABSENT, []),
    ("metadata: name", IN_NAMESPACE, {"namespace": "d"}, ABSENT, ["required: f.name: Required value: name or generateName is required"]),
    ("metadata: name of its kind", CLUSTER, {"name": "a.b"}, ABSENT, ['invalid: f.name: Invalid value: "a.b": must not contain dots']),
    ("metadata: generated name", CLUSTER, {"name": "a", "generateName": "a.b-"}, ABSENT, ['invalid: f.generateName: Invalid value: "a.b-": must not contain dots']),
    ("metadata: no namespace", IN_NAMESPACE, {"name": "a"}, ABSENT, ["required: f.namespace: Required value"]),
    ("metadata: bad namespace", IN_NAMESPACE, {"name": "a", "namespace": "a.b"}, ABSENT, ['invalid: f.namespace: Invalid value: "a.b": must not contain dots']),
    ("metadata: namespace forbidden", CLUSTER, {"name": "a", "namespace": "b"}, ABSENT, ["forbidden: f.namespace: Forbidden: not allowed on this type"]),
    ("metadata: labels", CLUSTER, {"name": "a", "labels": {"a": "!"}}, ABSENT, [f'invalid: f.labels: Invalid value: "!": {VALUE}']),
    ("metadata: finalizer name", CLUSTER, {"name": "a", "finalizers": ["x y"]}, ABSENT, [f'invalid: f.finalizers: Invalid value: "x y": name part {KEY}']),
    ("metadata: unknown finalizer", IN_NAMESPACE, {"name": "a", "namespace": "d", "finalizers": ["mine"]}, ABSENT, ['invalid: f.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified']),
    ("metadata: both finalizers", CLUSTER, {"name": "a", "finalizers": ["orphan", "foregroundDeletion"]}, ABSENT, ['invalid: f.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set']),
    ("metadata: good", IN_NAMESPACE, {"name": "a.b", "generateName": "a-", "namespace": "d", "finalizers": ["orphan", "x.io/y"], "ownerReferences": [OWNER]}, ABSENT, []),
    ("update: identity", metadata_update, {"name": "b", "resourceVersion": "2", "uid": "u"}, {"name": "a", "resourceVersion": "1", "uid": "u"}, ['invalid: f.name: Invalid value: "b": field is immutable']),
    ("update: no version", metadata_update, {"name": "a"}, {"name": "a", "resourceVersion": "1"}, ['invalid: f.resourceVersion: Invalid value: "": must be specified for an update']),
    ("update: labels", metadata_update, {"labels": {"a": "!"}}, {"labels": {"a": "!"}}, [f'invalid: f.labels: Invalid value: "!": {VALUE}']),
    ("update: new finalizer", metadata_update, {"deletionTimestamp": "t", "finalizers": ["b/c", "a"]}, {"deletionTimestamp": "t", "finalizers": ["a"]}, ['forbidden: f.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"b/c"}']),
    ("update: good", metadata_update, {"name": "a", "labels": {"x": "y"}}, {"name": "a"}, []),
    ("selector: labels", SELECTOR, {"matchLabels": {"a": "!"}}, ABSENT, [f'invalid: f.matchLabels: Invalid value: "!": {VALUE}']),
    ("selector: no values", SELECTOR, {"matchExpressions": [{"key": "a", "operator": "In"}]}, ABSENT, ["required: f.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    ("selector: values", SELECTOR, {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}, ABSENT, ["forbidden: f.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
    ("selector: operator", SELECTOR, {"matchExpressions": [{"key": "a", "operator": "Is"}]}, ABSENT, ['invalid: f.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator']),
    ("selector: key and value", SELECTOR, {"matchExpressions": [{"key": "/", "operator": "In", "values": ["b", "!"]}]}, ABSENT, [
        'invalid: f.matchExpressions[0].key: Invalid value: "/": prefix part must be non-empty',
        'invalid: f.matchExpressions[0].key: Invalid value: "/": name part must be non-empty',
        f'invalid: f.matchExpressions[0].key: Invalid value: "/": name part {KEY}',
        f'invalid: f.matchExpressions[0].values[1]: Invalid value: "!": {VALUE}',
    ]),
    ("selector: any value", label_selector(any_value=True), BAD_VALUE, ABSENT, []),
    ("selector: bad value stays", ratcheting_label_selector, BAD_VALUE, BAD_VALUE, []),
    ("selector: bad value comes", ratcheting_label_selector, BAD_VALUE, {}, [f'invalid: f.matchExpressions[0].values[0]: Invalid value: "!": {VALUE}']),
    ("selector: good", SELECTOR, {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, ABSENT, []),
    ("number: negative", int_or_percent, -1, ABSENT, ["invalid: f: Invalid value: -1: must be greater than or equal to 0"]),
    ("number: text", int_or_percent, "1", ABSENT, [f'invalid: f: Invalid value: "1": {PERCENT}']),
    *((f"number: {text!r}", int_or_percent, text, ABSENT, [f"invalid: f: Invalid value: {quote(text)}: {PERCENT}"]) for text in ("²%", "٣%", "5%\n", "%")),
    ("number: good", int_or_percent, "101%", ABSENT, []),
    ("percentage: too much", at_most_100_percent, "101%", ABSENT, ['invalid: f: Invalid value: "101%": must not be greater than 100%']),
    ("percentage: a number", at_most_100_percent, 101, ABSENT, []),
    ("percentage: zeros", at_most_100_percent, "0" * 5000 + "5%", ABSENT, []),
    ("percentage: beyond int64", at_most_100_percent, "9" * 19 + "%", ABSENT, []),
    ("percentage: all", at_most_100_percent, "100%", ABSENT, []),
    ("quantity: negative", not_negative_quantity, "-1Ki", ABSENT, ['invalid: f: Invalid value: "-1Ki": must be greater than or equal to 0']),
    ("quantity: zero", not_negative_quantity, "0", ABSENT, []),
    ("quantity: not positive", positive_quantity, "0", ABSENT, ['invalid: f: Invalid value: "0": must be greater than zero']),
    ("quantity: positive", positive_quantity, "1m", ABSENT, []),
    ("quantity: fraction", whole_quantity, "1m", ABSENT, ['invalid: f: Invalid value: "1m": must be an integer']),
    ("quantity: whole", whole_quantity, "1k", ABSENT, []),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "old", "errors"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_shared_rule_returns_errors(rule: Rule, value: Any, old: Any, errors: list[str]) -> None:
    """Each shared rule has upstream's words, paths and order, and accepts what is good."""
    assert errors_of(rule, value, old) == errors


def test_second_controller_is_refused() -> None:
    """The error is at the list and names both owners."""
    owners = [{**OWNER, "controller": True}, {**OWNER, "name": "api", "controller": True}]
    (error,) = errors_of(owner_references, owners)
    assert error.startswith("invalid: f: Invalid value: [{")
    assert error.endswith('Found "true" in references for ReplicaSet/web and ReplicaSet/api')
