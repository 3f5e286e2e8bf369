"""JSON values without a type, as Go reads them: kinds of values, numbers, repeated keys, depth.

Upstream: Go's src/encoding/json/decode.go, sigs.k8s.io/json/json.go
"""

from typing import Any

from rootspan_apiserver.types.problems import NotDecodableError

MAXIMUM_DEPTH = 240


class DuplicateKeys(dict[str, Any]):
    """A JSON object in which keys occurred more than once; the last value of each counts."""

    __slots__ = ("repeated",)
    repeated: tuple[str, ...]


def plain(value: Any) -> Any:
    """Return a value of no known type as Go reads and writes it: a float without a fraction becomes an integer."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value.__class__ is float and abs(value) < 1e21 and value.is_integer():
        return int(value)
    if value.__class__ is int and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    return value


def sorted_keys(value: Any) -> Any:
    """Return a value with the keys of all objects sorted, as Go writes maps."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]
    return value


def check_depth(value: Any, limit: int = MAXIMUM_DEPTH) -> None:
    """Check how deep a value is nested.

    Raises:
        NotDecodableError: deeper than `limit`.
    """
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise NotDecodableError("exceeded max depth")


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
