"""`int(…)`, `string(…)`, `duration(…)` and the other conversions.

Upstream: github.com/google/cel-go/common/types/ (ConvertToType)
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_numbers import format_bool, format_float, parse_bool, parse_int, parse_uint
from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.arithmetic import checked_int, checked_timestamp, checked_uint
from rootspan_apiserver.rules.cel.implementations.floats import parse_float
from rootspan_apiserver.rules.cel.implementations.moments import read_timestamp, write_timestamp
from rootspan_apiserver.rules.cel.values import (
    MAXIMUM_INT,
    MINIMUM_INT,
    NANOSECONDS,
    Duration,
    OpaqueValue,
    Timestamp,
    TypeValue,
    type_name,
)

_TWO_TO_64 = float(1 << 64)


def write_duration(value: Duration) -> str:
    """Write a duration in seconds: `5400s`. The digits are those of a double, as upstream."""
    sign = -1 if value.nanoseconds < 0 else 1
    whole, rest = divmod(abs(value.nanoseconds), NANOSECONDS)
    return plain_float(sign * (float(whole) + rest / 1e9)) + "s"


def plain_float(value: float) -> str:
    """Write a double with the fewest digits that give it back, without exponent."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _double_to_int(value: float) -> int:
    if not isfinite(value) or value <= MINIMUM_INT or value >= float(MAXIMUM_INT):
        raise CELEvaluationError("integer overflow")
    return int(value)


def _double_to_uint(value: float) -> UInt:
    if not isfinite(value) or value < 0 or value >= _TWO_TO_64:
        raise CELEvaluationError("unsigned integer overflow")
    return UInt(int(value))


def _bytes_to_string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise CELEvaluationError("invalid UTF-8 in bytes, cannot convert to string") from None


def _of_text(name: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    def call(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            raise CELEvaluationError(f"type conversion error from 'string' to '{name}'") from None

    return call


def _no_duration(value: int) -> Duration:
    """Refuse what cel-go declares and does not implement."""
    raise CELEvaluationError("type conversion error from 'int' to 'google.protobuf.Duration'")


def type_of(value: Any) -> TypeValue:
    """Return the type of a value."""
    return TypeValue(type_name(value))


def same(value: Any) -> Any:
    """Return the value itself."""
    return value


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("to_dyn", "bool_to_bool", "bytes_to_bytes", "double_to_double", "int64_to_int64", "string_to_string"), same
    ),
    **dict.fromkeys(("uint64_to_uint64", "duration_to_duration", "timestamp_to_timestamp"), same),
    "type": type_of,
    "string_to_bool": _of_text("bool", parse_bool),
    "string_to_bytes": str.encode,
    "string_to_double": _of_text("double", parse_float),
    "string_to_duration": _of_text("google.protobuf.Duration", lambda text: Duration(parse_duration(text))),
    "string_to_int64": _of_text("int", parse_int),
    "string_to_timestamp": _of_text("google.protobuf.Timestamp", read_timestamp),
    "string_to_uint64": _of_text("uint", lambda text: UInt(parse_uint(text))),
    "int64_to_double": float,
    "uint64_to_double": float,
    "int64_to_duration": _no_duration,
    "double_to_int64": _double_to_int,
    "duration_to_int64": lambda value: value.nanoseconds,
    "timestamp_to_int64": lambda value: value.nanoseconds // NANOSECONDS,
    "uint64_to_int64": lambda value: checked_int(int(value)),
    "double_to_uint64": _double_to_uint,
    "int64_to_uint64": checked_uint,
    "bool_to_string": format_bool,
    "bytes_to_string": _bytes_to_string,
    "double_to_string": format_float,
    "duration_to_string": write_duration,
    "int64_to_string": str,
    "uint64_to_string": str,
    "timestamp_to_string": write_timestamp,
    "int64_to_timestamp": lambda seconds: checked_timestamp(seconds * NANOSECONDS, 0),
}


def as_string(value: Any) -> str | None:
    """Return what `string(value)` is, None if there is no such conversion."""
    if isinstance(value, OpaqueValue):
        return value.text()
    if isinstance(value, str):
        return value
    if isinstance(value, TypeValue):
        return value.name
    write = _WRITERS.get(value.__class__)
    return None if write is None else write(value)


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    bool: format_bool,
    bytes: _bytes_to_string,
    float: format_float,
    Duration: write_duration,
    int: str,
    UInt: str,
    Timestamp: write_timestamp,
}
