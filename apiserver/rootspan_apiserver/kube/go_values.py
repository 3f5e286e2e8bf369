"""JSON values as Go prints them: `%v`, `%#v`, `%T`, and `json.Marshal`.

Integers are Go's int64, other numbers float64; objects and lists are `map[string]interface {}` and `[]interface {}`.

Upstream: Go's src/fmt/print.go, src/encoding/json/encode.go
"""

from typing import Any

import orjson

from rootspan_apiserver.kube.go_numbers import format_bool, format_float
from rootspan_apiserver.kube.go_quote import quote

_HTML = {
    ord("<"): r"\u003c",
    ord(">"): r"\u003e",
    ord("&"): r"\u0026",
    0x2028: r"\u2028",
    0x2029: r"\u2029",
}


def go_format(value: Any) -> str:
    """Format like `%v`: `map[a:1 b:[x y]]`; map keys sorted, strings bare, null as `<nil>`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return format_bool(value)
        case float():
            return format_float(value)
        case dict():
            return "map[" + " ".join(f"{key}:{go_format(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(go_format, value)) + "]"
        case _:
            return str(value)


def go_syntax(value: Any) -> str:
    """Format like `%#v`: `map[string]interface {}{"a":1}`."""
    match value:
        case str():
            return quote(value)
        case dict():
            members = ", ".join(f"{quote(key)}:{_member(value[key])}" for key in sorted(value))
            return f"map[string]interface {{}}{{{members}}}"
        case list():
            return f"[]interface {{}}{{{', '.join(map(_member, value))}}}"
        case _:
            return go_format(value)


def _member(value: Any) -> str:
    return "interface {}(nil)" if value is None else go_syntax(value)


def go_type(value: Any) -> str:
    """Format like `%T` of a value that was decoded without a type."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return "int64"
        case float():
            return "float64"
        case str():
            return "string"
        case list():
            return "[]interface {}"
        case _:
            return "map[string]interface {}"


def go_json(value: Any) -> str:
    """Write JSON like `json.Marshal`, which escapes `<`, `>` and `&`. The keys of objects stay in their order, that of Go's fields."""
    return orjson.dumps(value).decode().translate(_HTML)


def json_type(value: Any) -> str:
    """Return Go's name of the JSON type of a value: `null`, `bool`, `number`, `string`, `array` or `object`."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
