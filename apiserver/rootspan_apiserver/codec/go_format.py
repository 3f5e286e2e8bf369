"""JSON values in Go's syntax, which is how some messages quote what they refuse."""

from typing import Any

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_values import go_format


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
