"""The actual cost of a call, by the values of its arguments.

Kubernetes counts by the name of the function, cel-go by the id of the overload; what neither names costs 1.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/cost.go (CallCost), github.com/google/cel-go/interpreter/runtimecost.go
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.rules.cel.equality import find, is_map
from rootspan_apiserver.rules.cel.implementations.named_formats import NamedFormatValue
from rootspan_apiserver.rules.cel.values import OpaqueValue, size_of

Cost = Callable[[Sequence[Any], Any], int]
"""Gets the arguments and the result of a call."""

SELECT_COST, LIST_COST, MAP_COST, OBJECT_COST = 1, 10, 30, 40
TRAVERSAL = 0.1
"""The cost of a character."""
_REGULAR_EXPRESSION = 0.25
_AUTHORIZATION_CHECK = 350_000


def traversal(*sizes: int) -> int:
    """Return the cost of going through so many characters."""
    return ceil(sum(sizes) * TRAVERSAL)


def equality_cost(arguments: Sequence[Any], result: Any) -> int:
    """Return the cost of `==`."""
    return 1 if isinstance(arguments[0], OpaqueValue) else inequality_cost(arguments, result)


def inequality_cost(arguments: Sequence[Any], result: Any) -> int:
    """Return the cost of `!=`."""
    left, right = arguments
    return ceil(min(size_of(left), size_of(right)) * TRAVERSAL)


def _of_first(factor: int = 1) -> Cost:
    return lambda arguments, result: ceil(size_of(arguments[0]) * factor * TRAVERSAL)


def _of_both(arguments: Sequence[Any], result: Any) -> int:
    return ceil((size_of(arguments[0]) + size_of(arguments[1])) * TRAVERSAL)


def _of_result(arguments: Sequence[Any], result: Any) -> int:
    return ceil(size_of(result) * 2 * TRAVERSAL)


def _fixed(cost: int) -> Cost:
    return lambda arguments, result: cost


def _elements(arguments: Sequence[Any], result: Any) -> int:
    return _whole(arguments[0])


def _whole(value: Any) -> int:
    """Return the cost of going through a value with all that is in it. Texts count in bytes, and are rounded down."""
    if isinstance(value, str):
        return int(len(value.encode()) * TRAVERSAL)
    if isinstance(value, bytes):
        return int(len(value) * TRAVERSAL)
    if isinstance(value, list):
        return sum(map(_whole, value))
    if is_map(value):
        return sum(_whole(key) + _whole(find(value, key)) for key in value.keys())  # noqa: SIM118  # FieldsValue is no mapping
    return 1


def _search(text_size: int, pattern_size: int) -> int:
    return ceil((1.0 + text_size) * TRAVERSAL) * ceil(pattern_size * _REGULAR_EXPRESSION)


def _regular_expression(arguments: Sequence[Any], result: Any) -> int:
    return _search(size_of(arguments[0]), size_of(arguments[1]))


def _contains(arguments: Sequence[Any], result: Any) -> int:
    return traversal(size_of(arguments[0])) * traversal(size_of(arguments[1]))


def _validate(arguments: Sequence[Any], result: Any) -> int:
    named = arguments[0]
    return _search(size_of(arguments[1]), named.pattern_size) if isinstance(named, NamedFormatValue) else 1


def _selector(arguments: Sequence[Any], result: Any) -> int:
    size = size_of(arguments[1])
    requirements = ceil(size * 0.5)
    return LIST_COST + traversal(size) + ceil(requirements * (LIST_COST + OBJECT_COST))


def _contains_ip(arguments: Sequence[Any], result: Any) -> int:
    text = arguments[1] if isinstance(arguments[1], str) else ""
    return traversal(2 * size_of(arguments[0])) + traversal(len(text))


def _contains_cidr(arguments: Sequence[Any], result: Any) -> int:
    return _contains_ip(arguments, result) + traversal(size_of(arguments[0])) + 1


def _ip(arguments: Sequence[Any], result: Any) -> int:
    return traversal(size_of(arguments[0])) if isinstance(arguments[0], str) else 1


def _new_list(factor: float, size: int) -> int:
    return int(size * factor) + 1 + LIST_COST


def _list_of_result(arguments: Sequence[Any], result: Any) -> int:
    return _new_list(1, size_of(result))


def _flatten(arguments: Sequence[Any], result: Any) -> int:
    return _new_list(arguments[1] if len(arguments) > 1 else 1, size_of(arguments[0]))


def _compared_with_itself(index: int) -> Cost:
    def cost(arguments: Sequence[Any], result: Any) -> int:
        values = arguments[index]
        factor = 2 + TRAVERSAL if values and isinstance(values[0], str | bytes) else 2.0
        return _new_list(factor, len(values) ** 2)

    return cost


def _sets(factor: int) -> Cost:
    return lambda arguments, result: 1 + size_of(arguments[0]) * size_of(arguments[1]) * factor


_AUTHORIZATION = [
    "serviceAccount",
    "path",
    "group",
    "resource",
    "subresource",
    "namespace",
    "name",
    "allowed",
    "reason",
    "error",
    "errored",
]
_LISTS = ("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf")
_TEXTS = ["url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey", "cidr", "isIP", "isCIDR"]
_TEXTS_TOO = ("quantity", "isQuantity", "semver", "isSemver")

BY_FUNCTION: Mapping[str, Cost] = MappingProxyType(
    {
        "check": _fixed(_AUTHORIZATION_CHECK),
        **dict.fromkeys(_AUTHORIZATION, _fixed(1)),
        **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
        **dict.fromkeys(_LISTS, _elements),
        **dict.fromkeys((*_TEXTS, *_TEXTS_TOO), _of_first()),
        **dict.fromkeys(("replace", "split", "ip.isCanonical"), _of_first(2)),
        "join": _of_result,
        **dict.fromkeys(("find", "findAll"), _regular_expression),
        "ip": _ip,
        "containsIP": _contains_ip,
        "containsCIDR": _contains_cidr,
        "validate": _validate,
    }
)
_COMPARISONS = ("less", "less_equals", "greater", "greater_equals")
_SORTED = ["int", "uint", "double", "bool", "google.protobuf.Duration", "google.protobuf.Timestamp", "string", "bytes"]
BY_OVERLOAD: Mapping[str, Cost] = MappingProxyType(
    {
        "starts_with_string": _of_first(),
        "ends_with_string": _of_first(),
        "string_to_bytes": _of_first(),
        "bytes_to_string": _of_first(),
        "strings_quote": _of_first(),
        "string_format": _of_first(),
        "in_list": lambda arguments, result: size_of(arguments[1]),
        **{f"{name}_{kind}": inequality_cost for name in _COMPARISONS for kind in ("string", "bytes")},
        "add_string": _of_both,
        "add_bytes": _of_both,
        "matches_string": _regular_expression,
        "contains_string": _contains,
        "list_sets_contains_list": _sets(1),
        "list_sets_intersects_list": _sets(1),
        "list_sets_equivalent_list": _sets(2),
        **dict.fromkeys(("list_slice", "lists_range", "list_reverse"), _list_of_result),
        **dict.fromkeys(("list_flatten", "list_flatten_int"), _flatten),
        "list_distinct": _compared_with_itself(0),
        **{f"list_{name}_sort": _compared_with_itself(0) for name in _SORTED},
        **{f"list_{name}_sortByAssociatedKeys": _compared_with_itself(1) for name in _SORTED},
    }
)
_OVERLOADS_FIRST = "list_"
"""The overloads of cel-go's lists and sets count before the names of functions do."""


def cost_of_call(function: str, overload: str) -> Cost | None:
    """Return what counts a call; None is a cost of 1. `overload` is empty if several may apply."""
    if overload in BY_OVERLOAD and overload.startswith(_OVERLOADS_FIRST):
        return BY_OVERLOAD[overload]
    return BY_FUNCTION.get(function) or BY_OVERLOAD.get(overload)
