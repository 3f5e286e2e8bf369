"""Validation of values against schemas, in the words of the real server."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.correlation import Correlated
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.custom.validation import validate, validate_update

A_OR_B: JSONObject = {
    "type": "object",
    "properties": {"t": {"type": "string", "enum": ["A", "B"]}, "a": {"type": "integer"}, "b": {"type": "string"}},
    "oneOf": [
        {"properties": {"t": {"enum": ["A"]}}, "required": ["a"]},
        {"properties": {"t": {"enum": ["B"]}}, "required": ["b"]},
    ],
}
INTEGER_OR_STRING: JSONObject = {"x-kubernetes-int-or-string": True}


def errors_of(schema: JSONObject, value: Any) -> list[str]:
    """Return what is wrong with `value` as the field `spec.x`."""
    inner = {"type": "object", "properties": {"x": schema}}
    whole = structural_schema({"type": "object", "properties": {"spec": inner}})
    return list(map(str, validate({"spec": {"x": value}}, whole).placed(None)))


# fmt: off
WRONG: list[tuple[JSONObject, Any, list[str]]] = [
    ({"type": "integer"}, "x", ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"']),
    ({"type": "string"}, None, ['spec.x: Invalid value: "null": spec.x in body must be of type string: "null"']),
    ({"type": "array", "items": {"type": "string"}}, {}, ['spec.x: Invalid value: "object": spec.x in body must be of type array: "object"']),
    ({"type": "integer"}, 1.5, ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"', '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.x']),
    ({"type": "integer", "format": "int32"}, 1.5, ['spec.x: Invalid value: "float64": spec.x in body must be of type int32: "float64"', '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.x']),
    ({"type": "integer", "format": "int32", "maximum": 3_000_000_000}, 7, ['<nil>: Invalid value: "": Maximum boundary value must be of type integer with format int32 in spec.x']),
    ({"type": "number", "format": "float"}, 1e39, ['<nil>: Invalid value: "": Checked value must be of type number with format float in spec.x']),
    ({"type": "integer", "minimum": 4_000_000}, 1, ["spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 4000000"]),
    ({"type": "integer", "minimum": 2.5}, 1, ['<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in spec.x', "spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 2.5"]),
    ({"type": "number", "maximum": 2.5, "exclusiveMaximum": True}, 2.5, ["spec.x: Invalid value: 2.5: spec.x in body should be less than 2.5"]),
    ({"type": "integer", "multipleOf": 4}, 6, ["spec.x: Invalid value: 6: spec.x in body should be a multiple of 4"]),
    ({"type": "integer", "multipleOf": -4}, 6, ["spec.x: Invalid value: -4: factor MultipleOf declared for spec.x must be positive: -4"]),
    ({"type": "string", "minLength": 3, "pattern": "^b"}, "ä", ['spec.x: Invalid value: "ä": spec.x in body should be at least 3 chars long']),
    ({"type": "string", "maxLength": 2}, "äöü", ["spec.x: Too long: may not be more than 2 bytes"]),
    ({"type": "string", "pattern": "^b+$"}, "abc", ["spec.x: Invalid value: \"abc\": spec.x in body should match '^b+$'"]),
    ({"type": "string", "pattern": "("}, "a", ["spec.x: Invalid value: \"a\": spec.x in body should match '(, but pattern is invalid: error parsing regexp: missing closing ): `(`'"]),
    ({"type": "string", "format": "hexcolor"}, "rot", ['spec.x: Invalid value: "rot": spec.x in body must be of type hexcolor: "rot"']),
    ({"type": "string", "enum": ["r", "g"]}, "x", ['spec.x: Unsupported value: "x": supported values: "r", "g"']),
    ({"type": "string", "enum": ["r", None], "nullable": True}, None, ['spec.x: Unsupported value: null: supported values: "r", "null"']),
    ({"type": "object", "properties": {"b": {"type": "integer"}}, "enum": [{"b": 1}]}, {"b": 2}, ['spec.x: Unsupported value: {"b":2}: supported values: "{\\"b\\":1}"']),
    ({"type": "array", "items": {"type": "integer", "minimum": 3}, "maxItems": 1}, [4, 2], ["spec.x[1]: Invalid value: 2: spec.x[1] in body should be greater than or equal to 3", "spec.x: Too many: 2: must have at most 1 items"]),
    ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["a"], ["spec.x: Invalid value: 1: spec.x in body should have at least 2 items"]),
    ({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b", "a"]}, {}, ["spec.x.b: Required value", "spec.x.a: Required value"]),
    ({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1}, {}, ["spec.x: Invalid value: 0: spec.x in body should have at least 1 properties"]),
    ({"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1}, {"a": 1, "b.c/d": "x"}, ["spec.x: Too many: 2: must have at most 1 items", 'spec.x.b.c/d: Invalid value: "string": spec.x.b.c/d in body must be of type integer: "string"']),
    ({"type": "object", "additionalProperties": False}, {"k": 1}, ['spec.x: Invalid value: "k": spec.x.k in body is a forbidden property']),
    (INTEGER_OR_STRING, 2.5, ['spec.x: Invalid value: "number": spec.x in body must be of type integer,string: "number"']),
    ({"type": "integer", "anyOf": [{"minimum": 10}, {"multipleOf": 5, "maximum": 3}]}, 7, ['<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)', "spec.x: Invalid value: 7: spec.x in body should be greater than or equal to 10"]),
    ({"type": "string", "oneOf": [{"pattern": "^a"}, {"maxLength": 1}]}, "a", ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives']),
    (A_OR_B, {"t": "B"}, ['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid', 'spec.x.t: Unsupported value: "B": supported values: "A"', "spec.x.a: Required value"]),
    ({"type": "integer", "allOf": [{"minimum": 3}, {"maximum": 9}]}, 1, ["spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 3", '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)']),
    ({"type": "integer", "allOf": [{"minimum": 3}]}, 1, ["spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 3", '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf). None validated']),
    ({"type": "integer", "not": {"minimum": 3}}, 4, ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)']),
]
# fmt: on


@pytest.mark.parametrize(("schema", "value", "errors"), WRONG)
def test_value_that_does_not_fit_is_refused_in_the_words_of_the_real_server(
    schema: JSONObject, value: object, errors: list[str]
) -> None:
    """Errors have upstream's fields, order and words; of alternatives that all fail, the closest explains itself."""
    assert errors_of(schema, value) == errors


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 3),
        ({"type": "integer"}, 3.0),
        ({"type": "number", "multipleOf": 0.1}, 0.3),
        ({"type": "number"}, 3),
        ({"type": "string", "nullable": True}, None),
        ({"type": "string", "format": "no-such-format"}, "x"),
        ({"type": "string", "format": "date"}, ["a list, which upstream does not ask for its type here"]),
        ({"type": "number", "enum": [1, 2]}, 1.5),
        ({"type": "array", "items": {"type": "integer"}, "enum": [[1, 2]]}, [1, 2]),
        (INTEGER_OR_STRING, "25%"),
        ({"x-kubernetes-preserve-unknown-fields": True}, {"anything": [1]}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"k": "v"}),
        ({"type": "object", "additionalProperties": True}, {"k": [1]}),
        (A_OR_B, {"t": "A", "a": 1}),
    ],
)
def test_value_that_fits_is_accepted(schema: JSONObject, value: object) -> None:
    """Types take their values, and some that the real server takes as well."""
    assert errors_of(schema, value) == []


def test_status_by_itself_has_fields_without_a_path_above_them() -> None:
    """The field of an error is below the status, its message is not, and what is in a map begins with a dot."""
    schema = structural_schema({"type": "object", "additionalProperties": {"type": "integer"}})
    (error,) = validate({"a": "x"}, schema).placed(None)
    assert str(error) == 'a: Invalid value: "string": .a in body must be of type integer: "string"'


RATCHETED: JSONObject = {
    "type": "object",
    "properties": {
        "size": {"type": "integer", "maximum": 3},
        "plain": {"type": "array", "items": {"type": "integer", "maximum": 3}},
        "keyed": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {
                "type": "object",
                "properties": {"k": {"type": "string"}, "n": {"type": "integer", "maximum": 3}},
            },
        },
        "map": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 3}, "minProperties": 2},
    },
}


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        ({"size": 5}, {"size": 5}, 0),
        ({"size": 5}, {"size": 6}, 1),
        ({"plain": [5, 1]}, {"plain": [5, 1]}, 0),
        ({"plain": [5, 1]}, {"plain": [5, 2]}, 1),
        ({"keyed": [{"k": "a", "n": 5}]}, {"keyed": [{"k": "b", "n": 1}, {"k": "a", "n": 5}]}, 0),
        ({"keyed": [{"k": "a", "n": 5}]}, {"keyed": [{"k": "b", "n": 5}]}, 1),
        ({"map": {"a": 5}}, {"map": {"a": 5}}, 0),
        ({"map": {"a": 5, "b": 1}}, {"map": {"a": 5, "c": 1}}, 0),
        ({"map": {"a": 1}}, {"map": {"b": 1}}, 1),
        ({"size": 5}, {"size": 5.0}, 1),
    ],
)
def test_update_forgives_only_what_did_not_change(old: JSONObject, new: JSONObject, errors: int) -> None:
    """An error is forgiven where its value is what it was: of a field, of an element with the same keys, of an entry of a map."""
    schema = structural_schema(RATCHETED)
    assert len(validate_update(new, schema, Correlated(new, old, schema)).errors) == errors
