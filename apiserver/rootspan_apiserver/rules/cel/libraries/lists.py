"""Lists: Kubernetes' own library, cel-go's extension in its version 3, sets, and the maps of two-variable comprehensions.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/lists.go, github.com/google/cel-go/ext/lists.go, sets.go, comprehensions.go
"""

from rootspan_apiserver.rules.cel.costs import GREATEST, TRAVERSAL_FACTOR, exactly
from rootspan_apiserver.rules.cel.functions import (
    CallEstimate,
    CELLibrary,
    Estimate,
    FunctionDeclaration,
    function,
    member,
    overload,
)
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, list_traversal, new_list

_SUMMABLE = ("int", "uint", "double", "duration")
_COMPARABLE = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
_RUNTIME_NAMES = {"duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp"}


def _number(operands: Operands, position: int, default: int) -> int:
    number = operands[position].number if position < len(operands) else default
    return default if number is None else max(number, 0)


def _slice(operands: Operands) -> CallEstimate:
    # cel-go lets the difference of unsigned numbers wrap around.
    length = (_number(operands, 2, operands[0].size.greatest) - _number(operands, 1, 0)) & GREATEST
    return new_list(1, exactly(length))


def _flatten(operands: Operands) -> CallEstimate:
    depth = _number(operands, 1, GREATEST) if len(operands) > 1 else 1
    return new_list(float(depth), operands[0].size)


def _range(operands: Operands) -> CallEstimate:
    return new_list(1, exactly(_number(operands, 0, GREATEST)))


def _reverse(operands: Operands) -> CallEstimate:
    return new_list(1, operands[0].size)


def _distinct(operands: Operands) -> CallEstimate:
    return new_list(2, operands[0].size * operands[0].size)


def _sort(element: str, position: int) -> Estimate:
    factor = 2 + TRAVERSAL_FACTOR if element in ("string", "bytes") else 2
    return lambda operands: new_list(factor, operands[position].size * operands[position].size)


def _pairs(factor: float) -> Estimate:
    return lambda operands: CallEstimate((operands[0].size * operands[1].size).scaled(factor) + exactly(1))


def _each(name: str, types: tuple[str, ...], identifier: str, result: str) -> FunctionDeclaration:
    """Return a function of lists of several types; `{}` in the id and result is the type of the elements."""
    rows = ((identifier.format(each, each), f"list({each}) -> {result.format(each)}") for each in types)
    return function(name, *(member(row, signature, list_traversal) for row, signature in rows))


LIST_LIBRARY = CELLibrary(
    "kubernetes.lists",
    (
        _each("isSorted", _COMPARABLE, "list_{}_is_sorted_bool", "bool"),
        _each("sum", _SUMMABLE, "list_{}_sum_{}", "{}"),
        _each("max", _COMPARABLE, "list_{}_max_{}", "{}"),
        _each("min", _COMPARABLE, "list_{}_min_{}", "{}"),
        function("indexOf", member("list_a_index_of_int", "list(A), A -> int", list_traversal)),
        function("lastIndexOf", member("list_a_last_index_of_int", "list(A), A -> int", list_traversal)),
    ),
)
LIST_EXTENSION = CELLibrary(
    "cel.lib.ext.lists",
    (
        function("slice", member("list_slice", "list(T), int, int -> list(T)", _slice)),
        function(
            "flatten",
            member("list_flatten", "list(list(T)) -> list(T)", _flatten),
            member("list_flatten_int", "list(dyn), int -> list(dyn)", _flatten),
        ),
        function(
            "sort",
            *(
                member(f"list_{_RUNTIME_NAMES.get(each, each)}_sort", f"list({each}) -> list({each})", _sort(each, 0))
                for each in _COMPARABLE
            ),
        ),
        function(
            "@sortByAssociatedKeys",
            *(
                member(
                    f"list_{_RUNTIME_NAMES.get(each, each)}_sortByAssociatedKeys",
                    f"list(T), list({each}) -> list(T)",
                    _sort(each, 1),
                )
                for each in _COMPARABLE
            ),
        ),
        function("lists.range", overload("lists_range", "int -> list(int)", _range)),
        function("reverse", member("list_reverse", "list(T) -> list(T)", _reverse)),
        function("distinct", member("list_distinct", "list(T) -> list(T)", _distinct)),
    ),
)
SET_LIBRARY = CELLibrary(
    "cel.lib.ext.sets",
    (
        function("sets.contains", overload("list_sets_contains_list", "list(T), list(T) -> bool", _pairs(1))),
        function("sets.equivalent", overload("list_sets_equivalent_list", "list(T), list(T) -> bool", _pairs(2))),
        function("sets.intersects", overload("list_sets_intersects_list", "list(T), list(T) -> bool", _pairs(1))),
    ),
)
TWO_VARIABLE_LIBRARY = CELLibrary(
    "cel.lib.ext.comprev2",
    (
        function(
            "cel.@mapInsert",
            overload("@mapInsert_map_key_value", "map(K, V), K, V -> map(K, V)"),
            overload("@mapInsert_map_map", "map(K, V), map(K, V) -> map(K, V)"),
        ),
    ),
)
