"""Equality and order of CEL values: numbers of different types are compared by their values, other types are different.

Upstream: github.com/google/cel-go/common/types/compare.go, util.go, list.go, map.go
"""

from typing import Any

from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import (
    MAXIMUM_INT,
    MAXIMUM_UINT,
    MINIMUM_INT,
    MISSING,
    Duration,
    FieldsValue,
    OpaqueValue,
    OptionalValue,
    Timestamp,
    no_such_overload,
)

_NUMBERS = frozenset({int, UInt, float})
_ORDERED = frozenset({bool, str, bytes, Duration, Timestamp})


class EqualityValue:
    """A value that has an equality of its own. Unlike others, most of them cannot be compared with what is of another type."""

    __slots__ = ()

    def equals(self, other: Any) -> bool:
        """Return whether `other` is equal to it. Raises CELEvaluationError where the two cannot be compared."""
        raise NotImplementedError


def equal(left: Any, right: Any) -> bool:
    """Return whether two values are equal."""
    kind, other = left.__class__, right.__class__
    if kind is str or kind is bool or left is None or right is None:
        return kind is other and bool(left == right)
    if kind in _NUMBERS:
        return other in _NUMBERS and _equal_numbers(left, right)
    if isinstance(left, EqualityValue):
        return left.equals(right)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return is_map(right) and equal_items(left, right)
    if kind is OptionalValue:
        return (
            other is kind
            and left.has_value == right.has_value
            and (not left.has_value or equal(left.value, right.value))
        )
    if kind is not other and isinstance(left, OpaqueValue):
        raise no_such_overload()
    return kind is other and bool(left == right)


def is_map(value: Any) -> bool:
    """Return whether a value is a map."""
    return isinstance(value, dict | FieldsValue)


def find(mapping: Any, key: Any) -> Any:
    """Return the value of a key of a map, MISSING if there is none."""
    if not isinstance(mapping, dict):
        if key.__class__ is not str:
            raise no_such_overload()
        return mapping.find(key)
    kind = key.__class__
    if kind is str:
        return mapping.get(key, MISSING)
    if kind is not bool and kind not in _NUMBERS:
        return MISSING
    if key not in mapping:
        return MISSING
    # Python takes 1 and true for one key, CEL does not.
    return next((value for name, value in mapping.items() if equal(name, key)), MISSING)


def is_ordered(value: Any) -> bool:
    """Return whether there is an order of values like this one."""
    return value.__class__ in _NUMBERS or value.__class__ in _ORDERED


def compare(left: Any, right: Any) -> int:
    """Return -1, 0 or 1. Raises CELEvaluationError for values without an order."""
    kind, other = left.__class__, right.__class__
    if kind in _NUMBERS:
        if other not in _NUMBERS:
            raise no_such_overload()
        return _compare_numbers(left, right)
    if kind is not other or kind not in _ORDERED:
        raise no_such_overload()
    return int(left > right) - int(left < right)


def equal_items(left: dict[Any, Any], right: Any) -> bool:
    """Return whether another map has the same keys with equal values."""
    return len(left) == len(right) and all(_equal_in(right, key, value) for key, value in left.items())


def _equal_in(mapping: Any, key: Any, value: Any) -> bool:
    other = find(mapping, key)
    return other is not MISSING and equal(value, other)


def _equal_numbers(left: Any, right: Any) -> bool:
    # cel-go compares a double with an integer as doubles, and so may lose digits.
    if left.__class__ is float or right.__class__ is float:
        return float(left) == float(right)
    return bool(left == right)


def _compare_numbers(left: Any, right: Any) -> int:
    if left != left or right != right:
        raise CELEvaluationError("NaN values cannot be ordered")
    if left.__class__ is float and right.__class__ is not float:
        return _compare_double(left, right)
    if right.__class__ is float and left.__class__ is not float:
        return -_compare_double(right, left)
    return int(left > right) - int(left < right)


def _compare_double(double: float, integer: int) -> int:
    least, greatest = (0, MAXIMUM_UINT) if integer.__class__ is UInt else (MINIMUM_INT, MAXIMUM_INT)
    if double < least:
        return -1
    if double > greatest:
        return 1
    return int(double > float(integer)) - int(double < float(integer))
