"""The combinators: for each what it refuses, word by word, and what it lets through."""

from collections.abc import Iterator
from typing import Any

import pytest

from rootspan_apiserver.kube.names import dns_label, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    Rule,
    RuleContext,
    absent_as,
    at_most_one,
    between,
    each,
    entries,
    first_error,
    forbidden,
    function,
    greater_than,
    immutable,
    max_items,
    max_length,
    maximum,
    minimum,
    named,
    not_negative,
    not_nil,
    on_create,
    on_update,
    one_of,
    positive,
    required,
    struct,
    union,
    unique,
    unless_empty,
    unless_unchanged,
    when,
)
from tests.apiserver.rules.checking import errors_of

NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


@function("validateOrder")
def ordered(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The first is not above the second.

    A second paragraph is not listed.
    """
    if value["a"] > value["b"]:
        yield FieldError.invalid(path / "a", value["a"], "must not be greater than b")


@function("validatePresence", absent=True)
def present(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It is there."""
    if value is None:
        yield FieldError.required(path)


PAIR = struct(a=required & minimum(2), b=one_of("x", "y"))
TYPED = union("text", "file", none="must specify a source", more="may not specify more than 1 source")
EXCLUSIVE = at_most_one("low", "high", words="cannot be both set")
ROWS: list[tuple[str, Rule, Any, list[str]]] = [
    ("required refuses null", struct(x=required), {"x": None}, ["required: f.x: Required value"]),
    ("required refuses zero", required, 0, ["required: f: Required value"]),
    ("required refuses an empty list", required("must have one"), [], ["required: f: Required value: must have one"]),
    ("required accepts false", required, False, []),
    ("required stops the rules after it", required & named(dns_label), "", ["required: f: Required value"]),
    ("not_nil refuses null", struct(x=not_nil("why")), {}, ["required: f.x: Required value: why"]),
    ("not_nil accepts an empty object", struct(x=not_nil), {"x": {}}, []),
    ("forbidden refuses what is set", forbidden("not here"), "x", ["forbidden: f: Forbidden: not here"]),
    ("forbidden accepts what is empty", forbidden("not here"), [], []),
    ("forbidden refuses an empty pointer", forbidden("no", empty=True), {}, ["forbidden: f: Forbidden: no"]),
    ("one_of refuses another", one_of("B", "A"), "a", ['not supported: f: Unsupported value: "a": supported values: "B", "A"']),
    ("one_of accepts a choice", one_of("B", "A"), "A", []),
    ("minimum refuses less", minimum(3), 2, ["invalid: f: Invalid value: 2: must be greater than or equal to 3"]),
    ("minimum accepts the bound", minimum(3), 3, []),
    ("minimum ignores a text", minimum(3), "2", []),
    ("maximum refuses more", maximum(3), 4, ["invalid: f: Invalid value: 4: must be less than or equal to 3"]),
    ("maximum accepts the bound", maximum(3), 3, []),
    ("greater_than refuses the bound", greater_than(3), 3, ["invalid: f: Invalid value: 3: must be greater than 3"]),
    ("greater_than accepts more", greater_than(3), 4, []),
    ("words replace upstream's", positive & greater_than(4, words="more!"), 3, ["invalid: f: Invalid value: 3: more!"]),
    ("between refuses more", between(1, 5), 6, ["invalid: f: Invalid value: 6: must be between 1 and 5, inclusive"]),
    ("between accepts both ends", each(between(1, 5)), [1, 5], []),
    ("not_negative refuses -1", not_negative, -1, ["invalid: f: Invalid value: -1: must be greater than or equal to 0"]),
    ("not_negative accepts 0", not_negative, 0, []),
    ("positive refuses 0", positive, 0, ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("positive accepts 1", positive, 1, []),
    ("max_length counts bytes", max_length(3), "éé", ["too long: f: Too long: may not be more than 3 bytes"]),
    ("max_length counts characters", max_length(3, unit="characters"), "ééé", []),
    ("max_length accepts the bound", max_length(4), "éé", []),
    ("max_items refuses more", max_items(1), [1, 2], ["too many: f: Too many: 2: must have at most 1 items"]),
    ("max_items stops the rules after it", max_items(1) & each(positive), [0, 0], ["too many: f: Too many: 2: must have at most 1 items"]),
    ("max_items accepts the bound", max_items(2), [1, 2], []),
    ("named refuses with each reason", named(dns_label), "A", [f'invalid: f: Invalid value: "A": {NOT_A_LABEL}']),
    ("named accepts a name", named(port_number), 80, []),
    ("unless_empty skips an empty text", unless_empty(named(dns_label)), "", []),
    ("unless_empty checks others", unless_empty(named(port_number, words="no port")), 70000, ["invalid: f: Invalid value: 70000: no port"]),
    (
        "struct checks in the order of its fields",
        PAIR,
        {"b": "z", "a": 1},
        [
            "invalid: f.a: Invalid value: 1: must be greater than or equal to 2",
            'not supported: f.b: Unsupported value: "z": supported values: "x", "y"',
        ],
    ),
    ("struct skips absent fields", PAIR, {"a": 2, "b": None}, []),
    ("struct takes names of all kinds", struct({"$ref": required}), {}, ["required: f.$ref: Required value"]),
    ("each gives indices", each(positive), [1, 0], ["invalid: f[1]: Invalid value: 0: must be greater than 0"]),
    ("each without indices", each(positive, indexed=False), [0], ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("each accepts an empty list", each(positive), [], []),
    ("entries gives keys", entries(values=positive), {"b c": 0, "a": 1}, ["invalid: f[b c]: Invalid value: 0: must be greater than 0"]),
    ("entries checks keys", entries(named(dns_label, words="bad")), {"B": 0}, ['invalid: f[B]: Invalid value: "B": bad']),
    ("entries at the map", entries(named(dns_label, words="bad"), keyed=False), {"B": 0}, ['invalid: f: Invalid value: "B": bad']),
    ("entries sorts keys", entries(values=required), {"b": "", "a": ""}, ["required: f[a]: Required value", "required: f[b]: Required value"]),
    ("entries accepts good ones", entries(named(dns_label), positive), {"a": 1}, []),
    ("absent_as checks the zero value", struct(x=absent_as("", one_of("A"))), {}, ['not supported: f.x: Unsupported value: "": supported values: "A"']),
    ("absent_as goes into absent objects", struct(x=absent_as({}, struct(y=required))), {}, ["required: f.x.y: Required value"]),
    ("absent_as accepts a good value", struct(x=absent_as("", one_of("A"))), {"x": "A"}, []),
    ("unique finds equal elements", unique(), ["a", "b", "a"], ['duplicate: f[2]: Duplicate value: "a"']),
    ("unique finds equal objects", unique(), [{"a": 1, "b": 2}, {"b": 2, "a": 1}], ['duplicate: f[1]: Duplicate value: {"b":2,"a":1}']),
    ("unique by a field", unique(by="n"), [{"n": "x"}, {"n": "x", "m": 1}, {}, {}], ['duplicate: f[1].n: Duplicate value: "x"']),
    ("unique by fields", unique(by=("a", "b")), [{"a": 1, "b": 2, "c": 3}] * 2, ['duplicate: f[1]: Duplicate value: {"a":1,"b":2}']),
    ("unique accepts others", unique(by=("a", "b")), [{"a": 1, "b": 2}, {"a": 1, "b": 3}], []),
    ("union refuses none", TYPED, {}, ["required: f: Required value: must specify a source"]),
    ("union refuses two", TYPED, {"file": {}, "text": ""}, ["forbidden: f.file: Forbidden: may not specify more than 1 source"]),
    ("union accepts one", TYPED, {"file": {}}, []),
    ("union may accept none", union("a", more="-"), {}, []),
    ("at_most_one refuses two", EXCLUSIVE, {"low": 0, "high": 1}, ['invalid: f: Invalid value: {"low":0,"high":1}: cannot be both set']),
    ("at_most_one accepts one", EXCLUSIVE, {"low": 0}, []),
    ("first_error stops", first_error(minimum(1), minimum(2)), 0, ["invalid: f: Invalid value: 0: must be greater than or equal to 1"]),
    ("first_error goes on", first_error(minimum(1), minimum(2)), 1, ["invalid: f: Invalid value: 1: must be greater than or equal to 2"]),
    ("first_error accepts", first_error(minimum(1), minimum(2)), 2, []),
    ("& runs both", minimum(1) & minimum(2), 0, [
        "invalid: f: Invalid value: 0: must be greater than or equal to 1",
        "invalid: f: Invalid value: 0: must be greater than or equal to 2",
    ]),
    ("when checks where the predicate holds", when(bool, minimum(2), words="set"), 1, ["invalid: f: Invalid value: 1: must be greater than or equal to 2"]),
    ("when skips where it does not", when(lambda value: value > 1, minimum(3), words="above 1"), 1, []),
    ("a function refuses", ordered, {"a": 2, "b": 1}, ["invalid: f.a: Invalid value: 2: must not be greater than b"]),
    ("a function accepts", ordered, {"a": 1, "b": 1}, []),
    ("a function may want absent values", struct(x=present), {}, ["required: f.x: Required value"]),
    ("a function is skipped for absent values", struct(x=ordered), {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "value", "errors"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_rule_on_create_returns_errors(rule: Rule, value: Any, errors: list[str]) -> None:
    """On create a rule refuses a value with upstream's reason and words, or accepts it."""
    assert errors_of(rule, value) == errors


FIXED = "Invalid value: 2: field is immutable"
BY_NAME = each(struct(v=immutable), key="n")
CHANGES: list[tuple[str, Rule, Any, Any, list[str]]] = [
    ("immutable refuses a change", immutable, 2, 1, [f"invalid: f: {FIXED}"]),
    ("immutable refuses what appears", struct(x=immutable), {"x": 2}, {}, [f"invalid: f.x: {FIXED}"]),
    ("immutable refuses what disappears", struct(x=immutable), {}, {"x": 1}, ["invalid: f.x: Invalid value: null: field is immutable"]),
    ("immutable accepts the same", struct(x=immutable, y=immutable), {"x": 1}, {"x": 1, "y": []}, []),
    ("immutable accepts anything on create", immutable, 2, ABSENT, []),
    ("immutable may forbid", immutable("may not change", forbid=True), 2, 1, ["forbidden: f: Forbidden: may not change"]),
    ("immutable shows the zero value", struct(x=absent_as("", immutable)), {}, {"x": "a"}, ['invalid: f.x: Invalid value: "": field is immutable']),
    ("on_create skips updates", on_create(positive), 0, 1, []),
    ("on_create checks creations", on_create(positive), 0, ABSENT, ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("on_update checks updates", on_update(positive), 0, 1, ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("on_update skips creations", on_update(positive), 0, ABSENT, []),
    ("unless_unchanged checks a change", unless_unchanged(positive), 0, -1, ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("unless_unchanged skips the same", unless_unchanged(positive), 0, 0, []),
    ("unless_unchanged checks creations", unless_unchanged(positive), 0, ABSENT, ["invalid: f: Invalid value: 0: must be greater than 0"]),
    ("each finds old elements by index", each(immutable), [1, 2], [1, 1], [f"invalid: f[1]: {FIXED}"]),
    ("each has no old value for new elements", each(immutable), [1, 2], [1], []),
    ("each finds old elements by key", BY_NAME, [{"n": "b", "v": 2}, {"n": "a", "v": 1}], [{"n": "a", "v": 1}, {"n": "b", "v": 1}], [f"invalid: f[0].v: {FIXED}"]),
    ("each has no old value for a new key", BY_NAME, [{"n": "b", "v": 2}], [{"n": "a", "v": 1}], []),
    ("entries finds old values", entries(values=immutable), {"a": 2, "b": 2}, {"a": 1}, [f"invalid: f[a]: {FIXED}"]),
    ("entries knows old keys", entries(keys=unless_unchanged(named(dns_label, words="bad"))), {"A": 1}, {"A": 1}, []),
    ("struct passes null below a null", struct(x=struct(y=immutable)), {"x": {"y": 2}}, {}, [f"invalid: f.x.y: {FIXED}"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "value", "old", "errors"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_rule_on_update_compares_with_old_value(rule: Rule, value: Any, old: Any, errors: list[str]) -> None:
    """In an update a rule sees the old value that corresponds, or ABSENT where none does."""
    assert errors_of(rule, value, old) == errors


def test_rules_list_themselves() -> None:
    """A listing has each field's path and rules, conditions before the rules that they are for."""
    rule = struct(
        name=required("must be named") & named(dns_label),
        ports=max_items(3) & each(struct(port=named(port_number), protocol=one_of("TCP", "UDP"))) & unique(by="name"),
        labels=entries(named(dns_label), max_length(63)),
        kind=immutable & on_create(not_nil),
    )
    listed = [f"{line.path}: {line.text}" for line in (rule & TYPED & EXCLUSIVE & ordered).describe()]
    assert listed == [
        "name: required: “must be named”",
        "name: a dns label",
        "ports: at most 3 items",
        "ports[*].port: a port number",
        "ports[*].protocol: one of TCP, UDP",
        "ports: unique by name",
        "labels[*]: key: a dns label",
        "labels[*]: at most 63 bytes",
        "kind: immutable",
        "kind: on create: not null",
        ": exactly one of text, file",
        ": at most one of low, high: “cannot be both set”",
        ": validateOrder(): The first is not above the second",
    ]
