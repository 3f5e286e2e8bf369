"""JSON values as Go prints them, which is how some messages quote what they refuse."""

from typing import Any


def go_format(value: Any) -> str:
    """As `%v`: `map[a:1 b:[x y]]`; map keys sorted, strings bare, null as `<nil>`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return "map[" + " ".join(f"{key}:{go_format(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(go_format, value)) + "]"
        case _:
            return str(value)


def go_type(value: Any) -> str:
    """As `%T` of a value that was decoded without a type."""
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
