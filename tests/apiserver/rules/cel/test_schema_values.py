"""Values of JSON as a structural schema declares them."""

from typing import Any

import pytest

from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.rules.cel.calls import different
from rootspan_apiserver.rules.cel.equality import equal
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.relations import contains_element
from rootspan_apiserver.rules.cel.schema_values import DeclaredMap, conversion
from rootspan_apiserver.rules.cel.values import MISSING, Duration, Timestamp

KEYED = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
    "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}},
}
SET = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}


def value_of(schema: dict[str, Any], value: Any, *, is_resource: bool = False) -> Any:
    """Return the value of JSON with a schema."""
    return conversion(structural_schema(schema), is_resource=is_resource)(value)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "number"}, 1, 1.0),
        ({"type": "integer"}, 1, 1),
        ({"type": "string", "format": "duration"}, "1h", Duration(3600 * 10**9)),
        ({"type": "string", "format": "duration"}, "2 weeks 1 day", Duration(15 * 86400 * 10**9)),
        ({"type": "string", "format": "date"}, "1970-01-02", Timestamp(86400 * 10**9)),
        ({"type": "string", "format": "date-time"}, "1970-01-01T00:00:01Z", Timestamp(10**9)),
        ({"type": "string", "format": "byte"}, "aGk=", b"hi"),
        ({"type": "string", "format": "email"}, "a@b.c", "a@b.c"),
        ({"x-kubernetes-int-or-string": True}, "a", "a"),
        ({"type": "string", "nullable": True}, None, None),
        ({"x-kubernetes-preserve-unknown-fields": True}, {"a": [1]}, {"a": [1]}),
        ({"type": "object", "additionalProperties": {"type": "number"}}, {"a-b": 1}, DeclaredMap({"a-b": 1.0})),
    ],
)
def test_value_has_type_of_schema(schema: dict[str, Any], value: Any, expected: Any) -> None:
    """The schema says of which type a value is."""
    found = value_of(schema, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "string"}, None, "invalid data, got null for schema with nullable=false"),
        ({"type": "integer"}, 1.0, "invalid data, expected int, got float64"),
        ({"type": "boolean"}, 1, "invalid data, expected bool, got int64"),
        (
            {"x-kubernetes-int-or-string": True},
            1.5,
            "invalid data, expected XIntOrString value to be either a string or integer",
        ),
    ],
)
def test_value_of_other_type_is_refused(schema: dict[str, Any], value: Any, message: str) -> None:
    """A value that is not what its schema says has no value in CEL."""
    with pytest.raises(CELEvaluationError) as raised:
        value_of(schema, value)
    assert str(raised.value) == message


def test_fields_have_escaped_names() -> None:
    """A field is found under the identifier of its name, reserved words also as they are; null and undeclared fields are not found."""
    names = ("a-b", "namespace", "x__y", "n")
    schema = {"type": "object", "properties": {name: {"type": "string", "nullable": True} for name in names}}
    value = value_of(schema, {"a-b": "1", "namespace": "2", "x__y": "3", "n": None, "other": "4"})
    assert [value.find(name) for name in ("a__dash__b", "__namespace__", "x__underscores__y")] == ["1", "2", "3"]
    assert value.find("namespace") == "2"
    assert [value.find(name) for name in ("x__nothing__y", "n", "other")] == [MISSING] * 3
    assert len(value) == 5


def test_resource_has_names_in_metadata() -> None:
    """The root of a resource has its version, its kind and the names in its metadata, and no more of that."""
    raw = {"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "n", "labels": {"a": "b"}}}
    value = value_of({"type": "object", "properties": {"metadata": {"type": "object"}}}, raw, is_resource=True)
    assert (value.find("kind"), value.find("metadata").find("name")) == ("K", "n")
    assert value.find("metadata").find("labels") is MISSING


def test_order_of_sets_and_keyed_lists_does_not_count() -> None:
    """Lists that are sets or maps are equal in any order; other lists are not."""
    assert equal(value_of(SET, ["a", "b"]), value_of(SET, ["b", "a"]))
    assert not equal(value_of({**SET, "x-kubernetes-list-type": "atomic"}, ["a", "b"]), ["b", "a"])
    one, two = {"k": "1", "v": 1}, {"k": "2", "v": 2}
    assert equal(value_of(KEYED, [one, two]), value_of(KEYED, [two, one]))
    assert not equal(value_of(KEYED, [one, two]), value_of(KEYED, [two, {"k": "1", "v": 3}]))


def test_addition_unites_sets_and_merges_keyed_lists() -> None:
    """`+` keeps the places of what was there, and replaces what has the same key."""
    assert value_of(SET, ["a", "b"]).cel_add(["b", "c"]) == ["a", "b", "c"]
    merged = value_of(KEYED, [{"k": "1", "v": 1}, {"k": "2", "v": 2}]).cel_add(
        value_of(KEYED, [{"k": "1", "v": 3}, {"k": "4"}])
    )
    assert [each.raw for each in merged] == [{"k": "1", "v": 3}, {"k": "2", "v": 2}, {"k": "4"}]


def test_undeclared_fields_are_compared_where_both_have_them() -> None:
    """Two objects differ if an undeclared field that both have differs."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "x-kubernetes-preserve-unknown-fields": True}
    assert not equal(value_of(schema, {"a": 1, "u": 1}), value_of(schema, {"a": 1, "u": 2}))
    assert equal(value_of(schema, {"a": 1, "u": 1}), value_of(schema, {"a": 1, "w": 1}))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": {"type": "string"}}, ["a"]),
        (SET, ["a"]),
        (KEYED, [{"k": "1"}]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}),
    ],
)
def test_declared_lists_and_objects_cannot_be_equal_to_values_of_other_types(
    schema: dict[str, Any], value: Any
) -> None:
    """`==` with a value of another type is an error, except with null; `!=` is true."""
    declared = value_of(schema, value)
    others: list[Any] = [5, True, "a", {} if isinstance(declared, list) else []]
    for other in others:
        with pytest.raises(CELEvaluationError, match=r"^no such overload$"):
            equal(declared, other)
    assert different(declared, 5)
    assert not equal(declared, None)


def test_elements_of_sets_are_equal_only_to_those_of_their_type() -> None:
    """`[1]` is neither `[true]` nor `[1.0]`, also as a set, and `+` keeps them apart."""
    numbers = value_of({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}}, [1, 2])
    assert equal(numbers, [2, 1])
    assert not equal(numbers, [2, True])
    assert not equal(numbers, [2, 1.0])
    assert numbers.cel_add([True, 2]) == [1, 2, True]


def test_elements_that_cannot_be_compared_make_membership_an_error_in_declared_lists_only() -> None:
    """`in` is an error where no element is found and a declared one cannot be compared, and false in a list of the expression."""
    items = {"type": "object", "properties": {"k": {"type": "string"}}}
    declared = value_of({"type": "array", "items": items}, [{"k": "a"}, {"k": "b"}])
    assert contains_element({"k": "b"}, declared)
    assert not contains_element(declared[0], [1, 2])
    with pytest.raises(CELEvaluationError, match=r"^no such overload$"):
        contains_element(1, declared)
