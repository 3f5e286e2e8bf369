"""JSON values as Go prints them, which is how some messages quote what they refuse."""

from typing import Any

from rootspan_apiserver.go_quote import quote


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


def go_syntax(value: Any) -> str:
    """As `%#v`: `map[string]interface {}{"a":1}`."""
    match value:
        case str():
            return quote(value)
        case dict():
            return (
                "map[string]interface {}{"
                + ", ".join(f"{quote(key)}:{go_syntax(value[key])}" for key in sorted(value))
                + "}"
            )
        case list():
            return "[]interface {}{" + ", ".join(map(go_syntax, value)) + "}"
        case _:
            return go_format(value)
