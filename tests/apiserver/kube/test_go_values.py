"""JSON values, as Go prints them."""

import pytest

from rootspan_apiserver.kube.go_values import go_format, go_json, go_syntax, go_type, json_type


@pytest.mark.parametrize(
    ("value", "formatted", "syntax", "name"),
    [
        (None, "<nil>", "<nil>", "<nil>"),
        (True, "true", "true", "bool"),
        (17, "17", "17", "int64"),
        (2.5, "2.5", "2.5", "float64"),
        (1e30, "1e+30", "1e+30", "float64"),
        ("a\x07", "a\x07", '"a\\a"', "string"),
        ([1, "x", None], "[1 x <nil>]", '[]interface {}{1, "x", interface {}(nil)}', "[]interface {}"),
        (
            {"b": [1, "x y", None, 2.5], "a": {"c": True}, "d": {}},
            "map[a:map[c:true] b:[1 x y <nil> 2.5] d:map[]]",
            (
                'map[string]interface {}{"a":map[string]interface {}{"c":true}, '
                '"b":[]interface {}{1, "x y", interface {}(nil), 2.5}, "d":map[string]interface {}{}}'
            ),
            "map[string]interface {}",
        ),
        ([], "[]", "[]interface {}{}", "[]interface {}"),
    ],
)
def test_value_is_formatted(value: object, formatted: str, syntax: str, name: str) -> None:
    """`%v`, `%#v` and `%T` of a value that was decoded without a type."""
    assert (go_format(value), go_syntax(value), go_type(value)) == (formatted, syntax, name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": "<&>", "a": [None, 1.5]}, r'{"b":"\u003c\u0026\u003e","a":[null,1.5]}'),
        ("\u2028\u2029\x7f", '"\\u2028\\u2029\x7f"'),
    ],
)
def test_value_is_written_as_json(value: object, text: str) -> None:
    """What a browser could take for markup is escaped."""
    assert go_json(value) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "bool"), (1, "number"), (1.5, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_json_type_has_a_name(value: object, name: str) -> None:
    """Go's names, as its decoder's errors use them."""
    assert json_type(value) == name
