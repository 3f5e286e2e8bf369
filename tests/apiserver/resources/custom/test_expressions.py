"""The rules in CEL of custom resources, evaluated. The messages are those of kube-apiserver."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.correlation import Correlated
from rootspan_apiserver.resources.custom.expression_nodes import rule_nodes
from rootspan_apiserver.resources.custom.expressions import ExpressionEvaluation
from rootspan_apiserver.resources.custom.field_paths import field_path
from rootspan_apiserver.resources.custom.structural import structural_schema

INT: JSONObject = {"type": "integer"}
TEXT: JSONObject = {"type": "string"}
KEYED: JSONObject = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}


def ruled(schema: JSONObject, *rules: str | JSONObject) -> JSONObject:
    """Return a schema with rules; a text is a rule without more."""
    return {**schema, "x-kubernetes-validations": [{"rule": rule} if isinstance(rule, str) else rule for rule in rules]}


def thing(**properties: JSONObject) -> JSONObject:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


def evaluated(schema: JSONObject, value: Any, old: Any = None, budget: int = 10_000_000) -> tuple[list[str], list[str]]:
    """Return the errors and the warnings of a value."""
    declared = structural_schema(schema)
    nodes = rule_nodes(schema, declared)
    assert nodes is not None
    warnings: list[str] = []
    evaluation = ExpressionEvaluation(warnings.append, budget=budget)
    correlated = None if old is None else Correlated(value, old, declared)
    return [str(error) for error in evaluation.run(nodes, value, old, correlated)], warnings


@pytest.mark.parametrize(
    ("schema", "value", "errors"),
    [
        (ruled(thing(a=INT), "self.a > 1"), {"a": 2}, []),
        (ruled(thing(a=INT), "self.a > 1"), {"a": 1}, ["<nil>: Invalid value: failed rule: self.a > 1"]),
        (thing(a=ruled(INT, "self > 1")), {"a": 1}, ["a: Invalid value: 1: failed rule: self > 1"]),
        (thing(a=ruled(TEXT, "false")), {"a": "x"}, ['a: Invalid value: "x": failed rule: false']),
        (ruled(thing(a=INT), "self.a > 1"), {}, ['<nil>: Invalid value: "object": no such key: a evaluating rule: self.a > 1']),
        (ruled(thing(a=INT), "!has(self.a) || self.a > 1"), {}, []),
        (ruled(thing(metadata={"type": "object"}), "self.metadata.name != 'x'"), {"metadata": {"name": "x"}}, ["<nil>: Invalid value: failed rule: self.metadata.name != 'x'"]),
        (thing(a={"type": "array", "items": ruled(INT, "self > 0")}), {"a": [1, 0, 2, -1]}, ["a[1]: Invalid value: 0: failed rule: self > 0", "a[3]: Invalid value: -1: failed rule: self > 0"]),
        (thing(m={"type": "object", "additionalProperties": ruled(TEXT, "self.size() < 3")}), {"m": {"b.c": "long", "a": "x"}}, ['m[b.c]: Invalid value: "long": failed rule: self.size() < 3']),
        (thing(a={**INT, "allOf": [{"x-kubernetes-validations": [{"rule": "self > 5"}]}], "x-kubernetes-validations": [{"rule": "self < 5"}]}), {"a": 5}, ["a: Invalid value: 5: failed rule: self < 5", "a: Invalid value: 5: failed rule: self > 5"]),
        (thing(a=ruled({**INT, "nullable": True}, "self > 1")), {"a": None}, []),
        (thing(a=ruled({"x-kubernetes-int-or-string": True}, "self < 5")), {"a": "x"}, ["a: Invalid value: \"\": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self < 5"]),
        (ruled(thing(a=INT), {"rule": "false", "message": " be good "}), {}, ["<nil>: Invalid value: be good"]),
        (ruled(thing(a=INT), {"rule": "false", "messageExpression": "'a is %d'.format([self.a])"}), {"a": 7}, ["<nil>: Invalid value: a is 7"]),
        (ruled(thing(a=INT), {"rule": "false", "message": "m", "messageExpression": "string(self.a)"}), {}, ["<nil>: Invalid value: m"]),
        (ruled(thing(a=INT), {"rule": "false", "messageExpression": "'one\\ntwo'"}), {}, ["<nil>: Invalid value: failed rule: false"]),
        (ruled(thing(a=INT), {"rule": "false", "reason": "FieldValueForbidden"}), {}, ["<nil>: Forbidden: failed rule: false"]),
        (ruled(thing(a=INT), {"rule": "false", "reason": "FieldValueDuplicate"}), {}, ["<nil>: Duplicate value"]),
        (thing(a=ruled(INT, {"rule": "false", "reason": "FieldValueDuplicate"})), {"a": 2}, ["a: Duplicate value: 2"]),
        (ruled(thing(b=thing(**{"c.d": INT})), {"rule": "false", "reason": "FieldValueRequired", "fieldPath": ".b['c.d']"}), {}, ["b.c.d: Required value: failed rule: false"]),
        (ruled(thing(a=INT), "oldSelf.a == self.a"), {"a": 1}, []),
        (ruled(thing(a=INT), {"rule": "oldSelf.hasValue() || self.a == 1", "optionalOldSelf": True}), {"a": 2}, ["<nil>: Invalid value: failed rule: oldSelf.hasValue() || self.a == 1"]),
        (ruled(thing(d={"type": "string", "format": "date-time"}), "self.d.getFullYear() == 2024"), {"d": "2024-02-29T00:00:00Z"}, []),
        (ruled(thing(a={"type": "array", "x-kubernetes-list-type": "set", "items": TEXT}), "self.a == ['b', 'a']"), {"a": ["a", "b"]}, []),
        (ruled(thing(a=INT), "self.b == 1"), {}, ['<nil>: Invalid value: "object": rule compile error: compilation failed: ERROR: <input>:1:5: undefined field \'b\'\n | self.b == 1\n | ....^']),
    ],
)  # fmt: skip
def test_rules_find_errors(schema: JSONObject, value: Any, errors: list[str]) -> None:
    """A rule that does not hold, or has no value, is an error at the place of its schema."""
    assert evaluated(schema, value) == (errors, [])


@pytest.mark.parametrize(
    ("schema", "value", "old", "errors"),
    [
        (ruled(thing(a=INT), "self.a >= oldSelf.a"), {"a": 1}, {"a": 2}, ["<nil>: Invalid value: failed rule: self.a >= oldSelf.a"]),
        (thing(a=ruled(INT, "self == oldSelf")), {"a": 1}, {}, []),
        (thing(a=ruled(INT, "self == oldSelf")), {"a": 1}, {"a": 2}, ["a: Invalid value: 1: failed rule: self == oldSelf"]),
        (thing(a=ruled(INT, {"rule": "oldSelf.orValue(1) == self", "optionalOldSelf": True})), {"a": 2}, {}, ["a: Invalid value: 2: failed rule: oldSelf.orValue(1) == self"]),
        (thing(l={**KEYED, "items": ruled(thing(k=TEXT, v=INT), "self.v >= oldSelf.v")}), {"l": [{"k": "a", "v": 1}, {"k": "b", "v": 1}]}, {"l": [{"k": "b", "v": 2}]}, ["l[1]: Invalid value: failed rule: self.v >= oldSelf.v"]),
        (thing(l={"type": "array", "items": ruled(INT, "self >= oldSelf")}), {"l": [1]}, {"l": [2]}, []),
    ],
)  # fmt: skip
def test_old_value_is_that_of_same_part(schema: JSONObject, value: Any, old: Any, errors: list[str]) -> None:
    """`oldSelf` is the old value of the same field, or the element with the same keys; without one the rule is left out."""
    assert evaluated(schema, value, old) == (errors, [])


def test_error_in_unchanged_part_is_warning() -> None:
    """What was wrong before an update and did not change is a warning; rules with `oldSelf` are no exception to the rule."""
    schema = thing(
        a=ruled(INT, "self > 5"),
        b=INT,
        c=ruled(thing(d=INT), "self.d > 5"),
        e=ruled(INT, "self == oldSelf && self > 5"),
    )
    value = {"a": 1, "b": 2, "c": {"d": 1}, "e": 1}
    errors, warnings = evaluated(schema, value, {**value, "b": 3, "c": {"d": 2}})
    assert errors == [
        "c: Invalid value: failed rule: self.d > 5",
        "e: Invalid value: 1: failed rule: self == oldSelf && self > 5",
    ]
    assert warnings == ["a: Invalid value: 1: failed rule: self > 5"]


def test_expensive_rule_is_stopped() -> None:
    """An evaluation ends at its limit, and no further rules are evaluated."""
    numbers = {"type": "array", "items": INT}
    rule = "self.l.all(x, self.l.all(y, x + y > 0))"
    errors, _ = evaluated(ruled(thing(l=numbers), rule, "false"), {"l": [1] * 1000})
    why = "no further validation rules will be run due to call cost exceeds limit for rule"
    assert errors == [
        f"<nil>: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': {why}: {rule}"
    ]


def test_budget_is_that_of_whole_object() -> None:
    """The rules of one object share a budget; the one that exceeds it is the last."""
    schema = thing(l={"type": "array", "items": ruled(INT, "self > 0")})
    errors, _ = evaluated(schema, {"l": [1, 1, 0, 0]}, budget=5)
    words = "validation failed due to running out of cost budget, no further validation rules will be run"
    assert errors == [f'l[2]: Invalid value: "integer": {words}']


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".a.b", "a.b"),
        (".a['b']", "a.b"),
        (".m['x.y']", "m[x.y]"),
        ("['a'].b", "a.b"),
        (".a.c", ValueError("does not refer to a valid field")),
        ("a", ValueError("expected [ or . but got: a")),
        (".a[0]", ValueError("expected single quoted string but got 0")),
        (".a['b'", ValueError("unexpected end of JSON path")),
    ],
)
def test_field_path_is_read(text: str, expected: str | ValueError) -> None:
    """The path of a rule names fields and keys of maps that the schema has."""
    schema = thing(a=thing(b=INT), m={"type": "object", "additionalProperties": TEXT})
    if isinstance(expected, str):
        assert str(field_path(text, schema)) == expected
        return
    with pytest.raises(ValueError, match=r".") as raised:
        field_path(text, schema)
    assert str(raised.value) == str(expected)
