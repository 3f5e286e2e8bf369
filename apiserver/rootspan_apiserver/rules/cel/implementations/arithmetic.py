"""`+`, `-`, `*`, `/`, `%` and the unary `-`, with the overflows of 64 bits.

Upstream: github.com/google/cel-go/common/types/overflow.go, int.go, uint.go, double.go, duration.go, timestamp.go
"""

import operator
from collections.abc import Callable, Mapping
from math import fmod, inf, nan
from typing import Any

from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import (
    MAXIMUM_INT,
    MAXIMUM_SECONDS,
    MAXIMUM_UINT,
    MINIMUM_INT,
    MINIMUM_SECONDS,
    NANOSECONDS,
    Duration,
    Timestamp,
    no_such_operator,
    no_such_overload,
)

_Binary = Callable[[Any, Any], Any]


class AccumulatorList(list[Any]):
    """The list that a loop builds; only the loop has it, so that adding to it may change it."""

    __slots__ = ()


class AccumulatorMap(dict[Any, Any]):
    """The map that a loop builds."""

    __slots__ = ()


def checked_int(value: int) -> int:
    """Return a number. Raises CELEvaluationError if it has more than 64 bits."""
    if MINIMUM_INT <= value <= MAXIMUM_INT:
        return value
    raise CELEvaluationError("integer overflow")


def checked_uint(value: int) -> UInt:
    """Return an unsigned number. Raises CELEvaluationError if it is negative or has more than 64 bits."""
    if 0 <= value <= MAXIMUM_UINT:
        return UInt(value)
    raise CELEvaluationError("unsigned integer overflow")


def checked_timestamp(nanoseconds: int, offset: int) -> Timestamp:
    """Return a moment. Raises CELEvaluationError if it is not in the years 1 to 9999."""
    if MINIMUM_SECONDS <= nanoseconds // NANOSECONDS <= MAXIMUM_SECONDS:
        return Timestamp(nanoseconds, offset)
    raise CELEvaluationError("timestamp overflow")


def add_lists(left: Any, right: Any) -> Any:
    """Return the elements of both lists; a list that is a set or map by its schema keeps to that."""
    if left.__class__ is AccumulatorList:
        left.extend(right)
        return left
    add = getattr(left, "cel_add", None)
    return list.__add__(left, right) if add is None else add(right)


def _add_duration(left: Duration, right: Any) -> Any:
    if right.__class__ is Timestamp:
        return _later(right, left)
    return Duration(checked_int(left.nanoseconds + right.nanoseconds))


def _later(moment: Timestamp, duration: Duration) -> Timestamp:
    return checked_timestamp(moment.nanoseconds + duration.nanoseconds, moment.offset)


def _subtract_from_timestamp(left: Timestamp, right: Any) -> Any:
    if right.__class__ is Duration:
        return _later(left, Duration(checked_int(-right.nanoseconds)))
    return Duration(checked_int(left.nanoseconds - right.nanoseconds))


def _quotient(left: int, right: int) -> int:
    """Divide towards zero."""
    if right == 0:
        raise CELEvaluationError("division by zero")
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: int, right: int) -> int:
    """Return the remainder, which has the sign of the dividend."""
    if right == 0:
        raise CELEvaluationError("modulus by zero")
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _divide_doubles(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or left != left:
        return nan
    return inf if (fmod(left, inf) < 0) == str(right).startswith("-") else -inf


_NUMBERS: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("_+_", operator.add),
    "subtract": ("_-_", operator.sub),
    "multiply": ("_*_", operator.mul),
    "divide": ("_/_", _quotient),
    "modulo": ("_%_", _remainder),
}


def _of_ints(operation: _Binary) -> _Binary:
    def int64(left: Any, right: Any) -> int:
        value: int = operation(left, right)
        if MINIMUM_INT <= value <= MAXIMUM_INT:
            return value
        raise CELEvaluationError("integer overflow")

    return int64


def _of_uints(operation: _Binary) -> _Binary:
    def uint64(left: Any, right: Any) -> UInt:
        return checked_uint(operation(int(left), int(right)))

    return uint64


def _modulo_ints(left: int, right: int) -> int:
    if left == MINIMUM_INT and right == -1:
        raise CELEvaluationError("integer overflow")
    return _remainder(left, right)


def _negate_int(value: int) -> int:
    return checked_int(-value)


def _negate_duration(value: Duration) -> Duration:
    return Duration(checked_int(-value.nanoseconds))


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **{f"{name}_int64": _of_ints(operation) for name, (_, operation) in _NUMBERS.items()},
    **{f"{name}_uint64": _of_uints(operation) for name, (_, operation) in _NUMBERS.items()},
    "modulo_int64": _modulo_ints,
    "add_double": operator.add,
    "subtract_double": operator.sub,
    "multiply_double": operator.mul,
    "divide_double": _divide_doubles,
    "add_string": operator.add,
    "add_bytes": operator.add,
    "add_list": add_lists,
    "add_duration_duration": _add_duration,
    "add_duration_timestamp": _add_duration,
    "add_timestamp_duration": _later,
    "subtract_duration_duration": lambda left, right: Duration(checked_int(left.nanoseconds - right.nanoseconds)),
    "subtract_timestamp_duration": _subtract_from_timestamp,
    "subtract_timestamp_timestamp": _subtract_from_timestamp,
    "negate_int64": _negate_int,
    "negate_double": operator.neg,
}

_Row = Mapping[type, tuple[tuple[type, ...], str]]
_BY_CLASS: Mapping[str, _Row] = {
    "_+_": {
        int: ((int,), "add_int64"),
        UInt: ((UInt,), "add_uint64"),
        float: ((float,), "add_double"),
        str: ((str,), "add_string"),
        bytes: ((bytes,), "add_bytes"),
        Duration: ((Duration, Timestamp), "add_duration_duration"),
        Timestamp: ((Duration,), "add_timestamp_duration"),
    },
    "_-_": {
        int: ((int,), "subtract_int64"),
        UInt: ((UInt,), "subtract_uint64"),
        float: ((float,), "subtract_double"),
        Duration: ((Duration,), "subtract_duration_duration"),
        Timestamp: ((Duration, Timestamp), "subtract_timestamp_timestamp"),
    },
    "_*_": {int: ((int,), "multiply_int64"), UInt: ((UInt,), "multiply_uint64"), float: ((float,), "multiply_double")},
    "_/_": {int: ((int,), "divide_int64"), UInt: ((UInt,), "divide_uint64"), float: ((float,), "divide_double")},
    "_%_": {int: ((int,), "modulo_int64"), UInt: ((UInt,), "modulo_uint64")},
}


def _dynamic(function: str, rows: _Row) -> _Binary:
    def call(left: Any, right: Any) -> Any:
        row = rows.get(left.__class__)
        if row is None:
            if function == "_+_" and isinstance(left, list):
                if not isinstance(right, list):
                    raise no_such_overload()
                return add_lists(left, right)
            raise no_such_operator(function, left)
        classes, overload = row
        if right.__class__ not in classes:
            raise no_such_overload()
        return IMPLEMENTATIONS[overload](left, right)

    return call


def _negate(value: Any) -> Any:
    if value.__class__ is int:
        return _negate_int(value)
    if value.__class__ is float:
        return -value
    if value.__class__ is Duration:
        return _negate_duration(value)
    raise no_such_overload() if value.__class__ is bool else no_such_operator("-_", value)


DYNAMIC: Mapping[str, Callable[..., Any]] = {
    **{function: _dynamic(function, rows) for function, rows in _BY_CLASS.items()},
    "-_": _negate,
}
"""The operators for arguments whose types are known only when they are evaluated."""
