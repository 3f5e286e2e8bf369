"""The functions of lists: those of Kubernetes, and version 3 of cel-go's extension.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/lists.go, github.com/google/cel-go/ext/lists.go
"""

from collections.abc import Callable, Mapping
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.equality import compare, equal, is_ordered
from rootspan_apiserver.rules.cel.errors import CELEvaluationError, CostLimitExceededError
from rootspan_apiserver.rules.cel.implementations import arithmetic
from rootspan_apiserver.rules.cel.values import Duration, no_such_operator, type_name

_COMPARABLE = {
    "int": "int",
    "uint": "uint",
    "double": "double",
    "bool": "bool",
    "duration": "google.protobuf.Duration",
    "timestamp": "google.protobuf.Timestamp",
    "string": "string",
    "bytes": "bytes",
}
"""The names of the types whose values have an order: in the overloads of Kubernetes, and in those of cel-go."""
_LONGEST_RANGE = 10_000_000
"""What costs more than any evaluation may."""
_ZEROS: Mapping[str, Any] = {"int": 0, "uint": UInt(0), "double": 0.0, "duration": Duration(0)}


def _is_sorted(values: list[Any]) -> bool:
    return all(compare(left, right) <= 0 for left, right in pairwise(values))


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    add = arithmetic.DYNAMIC["_+_"]

    def call(values: list[Any]) -> Any:
        total = zero
        for value in values:
            total = add(total, value)
        return total

    return call


def _extreme(name: str, sign: int) -> Callable[[list[Any]], Any]:
    def call(values: list[Any]) -> Any:
        if not values:
            raise CELEvaluationError(f"{name} called on empty list")
        found = values[0]
        for value in values[1:]:
            if compare(found, value) == sign:
                found = value
        return found

    return call


def _index_of(values: list[Any], wanted: Any) -> int:
    return next((index for index, value in enumerate(values) if equal(value, wanted)), -1)


def _last_index_of(values: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(values) - 1, -1, -1) if equal(values[index], wanted)), -1)


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise CELEvaluationError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise CELEvaluationError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if len(values) < end:
        raise CELEvaluationError(f"cannot slice({start}, {end}), list is length {len(values)}")
    return values[start:end]


def _range(count: int) -> list[int]:
    if count > _LONGEST_RANGE:
        raise CostLimitExceededError
    return list(range(count))


def _flatten(values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise CELEvaluationError("level must be non-negative")
    found: list[Any] = []
    for value in values:
        if isinstance(value, list) and depth:
            found.extend(_flatten(value, depth - 1))
        else:
            found.append(value)
    return found


def _flatten_any(values: Any, *depth: Any) -> list[Any]:
    """Flatten what may be no list; upstream has no guard here."""
    if not isinstance(values, list) or any(each.__class__ is not int for each in depth):
        shown = ", ".join(map(type_name, depth))
        raise CELEvaluationError(f"no such overload: {type_name(values)}.flatten({shown})")
    return _flatten(values, *depth)


def _sort_by(values: list[Any], keys: list[Any]) -> list[Any]:
    if len(values) != len(keys):
        raise CELEvaluationError(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, "
            f"but got {len(values)} and {len(keys)} elements respectively"
        )
    if any(type_name(key) != type_name(keys[0]) for key in keys):
        raise CELEvaluationError("list elements must have the same type")

    def compare_at(left: int, right: int) -> int:
        return compare(keys[left], keys[right])

    order = sorted(range(len(keys)), key=cmp_to_key(compare_at))
    return [values[index] for index in order]


def _sort_any(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise no_such_operator("sort", values)
    if values and not is_ordered(values[0]):
        raise CELEvaluationError("list elements must be comparable")
    return _sort_by(values, values)


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(equal(value, other) for other in found):
            found.append(value)
    return found


def contains(values: list[Any], part: list[Any]) -> bool:
    """Return whether each element of `part` is in `values`."""
    return all(any(equal(element, value) for value in values) for element in part)


def _intersects(left: list[Any], right: list[Any]) -> bool:
    return any(equal(element, value) for element in left for value in right)


def _equivalent(left: list[Any], right: list[Any]) -> bool:
    return contains(left, right) and contains(right, left)


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    **{f"list_{name}_is_sorted_bool": _is_sorted for name in _COMPARABLE},
    **{f"list_{name}_sum_{name}": _sum(zero) for name, zero in _ZEROS.items()},
    **{f"list_{name}_max_{name}": _extreme("max", -1) for name in _COMPARABLE},
    **{f"list_{name}_min_{name}": _extreme("min", 1) for name in _COMPARABLE},
    "list_a_index_of_int": _index_of,
    "list_a_last_index_of_int": _last_index_of,
    "list_slice": _slice,
    "list_flatten": _flatten,
    "list_flatten_int": _flatten,
    "lists_range": _range,
    "list_reverse": lambda values: list(reversed(values)),
    "list_distinct": _distinct,
    **{f"list_{name}_sort": lambda values: _sort_by(values, values) for name in _COMPARABLE.values()},
    **{f"list_{name}_sortByAssociatedKeys": _sort_by for name in _COMPARABLE.values()},
    "list_sets_contains_list": contains,
    "list_sets_intersects_list": _intersects,
    "list_sets_equivalent_list": _equivalent,
}
DYNAMIC: Mapping[str, Callable[..., Any]] = {"flatten": _flatten_any, "sort": _sort_any}
