"""Optional values; `or` and `orValue` are in `programs.py`, because they evaluate their argument only if they need it.

Upstream: github.com/google/cel-go/cel/library.go (optionalLib)
"""

from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import NONE, OptionalValue, is_zero, shown


def _value(value: OptionalValue) -> Any:
    if not value.has_value:
        raise CELEvaluationError("optional.none() dereference")
    return value.value


def _unwrap(values: list[Any]) -> list[Any]:
    for value in values:
        if not isinstance(value, OptionalValue):
            raise CELEvaluationError(f"value {shown(value)} is not optional")
    return [value.value for value in values if value.has_value]


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "optional_of": OptionalValue,
    "optional_ofNonZeroValue": lambda value: NONE if is_zero(value) else OptionalValue(value),
    "optional_none": lambda: NONE,
    "optional_value": _value,
    "optional_hasValue": lambda value: value.has_value,
    "list_first": lambda values: OptionalValue(values[0]) if values else NONE,
    "list_last": lambda values: OptionalValue(values[-1]) if values else NONE,
    "optional_unwrap": _unwrap,
    "optional_unwrapOpt": _unwrap,
}
