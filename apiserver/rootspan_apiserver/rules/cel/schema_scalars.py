"""Scalar values of JSON as a structural schema declares them: numbers, texts, dates, durations, bytes.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/valuesunstructured.go
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.kube.go_values import go_type
from rootspan_apiserver.kube.string_formats import parse_schema_duration
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.moments import read_timestamp
from rootspan_apiserver.rules.cel.values import Duration, Timestamp

Conversion = Callable[[Any], Any]
"""Makes a value of JSON. Raises CELEvaluationError if it does not fit the schema."""


def misfit(value: Any, message: str) -> CELEvaluationError:
    """Return the error of a value that does not fit its schema."""
    return CELEvaluationError("invalid data, got null for schema with nullable=false" if value is None else message)


def int_or_string(value: Any) -> Any:
    """Return a whole number or a text."""
    if value.__class__ in (str, int):
        return value
    raise misfit(value, "invalid data, expected XIntOrString value to be either a string or integer")


def _expected(what: str, value: Any) -> CELEvaluationError:
    return misfit(value, f"invalid data, expected {what}, got {go_type(value)}")


def string(value: Any) -> str:
    """Return a text."""
    if isinstance(value, str):
        return value
    raise _expected("string", value)


def _integer(value: Any) -> int:
    if value.__class__ is int:
        return int(value)
    raise _expected("int", value)


def _number(value: Any) -> float:
    if value.__class__ in (int, float):
        return float(value)
    raise _expected("float", value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _expected("bool", value)


def unchanged(value: Any) -> Any:
    """Return JSON of which the schema declares no type."""
    if value is None:
        raise misfit(value, "")
    return value


def _duration(value: Any) -> Duration:
    try:
        return Duration(parse_schema_duration(string(value)))
    except ValueError as error:
        raise CELEvaluationError(f"Invalid duration {value}: {error}") from None


def _date(value: Any) -> Timestamp:
    try:
        return read_timestamp(f"{string(value)}T00:00:00Z")
    except ValueError as error:
        raise CELEvaluationError(f"Invalid date formatted string {value}: {error}") from None


def _date_time(value: Any) -> Timestamp:
    text = string(value)
    try:
        return read_timestamp(text) if text[19:] else read_timestamp(f"{text}Z")
    except ValueError as error:
        raise CELEvaluationError(f"Invalid date-time formatted string {value}: {error}") from None


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(string(value), validate=True)
    except binascii.Error as error:
        raise CELEvaluationError(f"Invalid byte formatted string {value}: {error}") from None


FORMATS: Mapping[str, Conversion] = {"duration": _duration, "date": _date, "date-time": _date_time, "byte": _bytes}
SCALARS: Mapping[str, Conversion] = {"number": _number, "integer": _integer, "boolean": _boolean}
