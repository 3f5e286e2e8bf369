"""JSON values as Go's `%v` prints them, which is how some messages quote a patch."""

from typing import Any


def go_format(value: Any) -> str:
    """`map[a:1 b:[x y]]`: map keys sorted, strings bare, null as `<nil>`."""
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
