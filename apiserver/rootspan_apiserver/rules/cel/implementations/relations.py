"""Comparisons, `in`, `size`, `!` and `[]` as a function.

Upstream: github.com/google/cel-go/common/stdlib/standard.go
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from rootspan_apiserver.rules.cel.equality import EqualityValue, compare, equal, find, is_map, is_ordered
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue, no_such_operator, no_such_overload

_OPERATORS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "_<_": ("less", operator.lt),
    "_<=_": ("less_equals", operator.le),
    "_>_": ("greater", operator.gt),
    "_>=_": ("greater_equals", operator.ge),
}
_SAME_TYPE = ("bool", "int64", "uint64", "string", "bytes", "timestamp", "duration")


def _compared(function: str, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def call(left: Any, right: Any) -> bool:
        if not is_ordered(left):
            raise no_such_overload(function)
        return test(compare(left, right), 0)

    return call


def contains_element(element: Any, values: Any) -> bool:
    """Return whether a list has an element that is equal to `element`.

    Raises:
        CELEvaluationError: no element is, and one of a list that a schema declares cannot be compared with it.
    """
    declared, failure = isinstance(values, EqualityValue), None
    for value in values:
        try:
            if equal(value, element) if declared else equal(element, value):
                return True
        except CELEvaluationError as error:
            failure = failure or error
    if declared and failure is not None:
        raise failure
    return False


def contains_key(key: Any, values: Any) -> bool:
    """Return whether a map has a key."""
    return find(values, key) is not MISSING


def _in(element: Any, values: Any) -> bool:
    if isinstance(values, list):
        return contains_element(element, values)
    if is_map(values):
        return contains_key(element, values)
    raise no_such_overload()


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | list | dict | FieldsValue):
        return len(value)
    raise no_such_operator("size", value)


def _not(value: Any) -> bool:
    if value is True:
        return False
    if value is False:
        return True
    raise no_such_overload()


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **{f"{name}_{kind}": test for name, test in _OPERATORS.values() for kind in _SAME_TYPE},
    "in_list": contains_element,
    "in_map": contains_key,
    **dict.fromkeys(("size_string", "string_size", "size_bytes", "bytes_size", "size_list", "list_size"), len),
    **dict.fromkeys(("size_map", "map_size"), len),
    "logical_not": _not,
}
"""Doubles have no implementation of their own, because NaN has no order."""

DYNAMIC: Mapping[str, Callable[..., Any]] = {
    **{function: _compared(function, test) for function, (_, test) in _OPERATORS.items()},
    "@in": _in,
    "size": _size,
    "!_": _not,
}
