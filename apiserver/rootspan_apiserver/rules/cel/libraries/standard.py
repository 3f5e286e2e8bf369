"""The operators and functions of CEL itself, but for those of times and conversions.

Upstream: github.com/google/cel-go/common/stdlib/standard.go, common/overloads/overloads.go, checker/cost.go
"""

from rootspan_apiserver.rules.cel.costs import TRAVERSAL_FACTOR, UNBOUNDED, CostRange, exactly
from rootspan_apiserver.rules.cel.functions import (
    CallEstimate,
    CELLibrary,
    FunctionDeclaration,
    Overload,
    function,
    member,
    overload,
)
from rootspan_apiserver.rules.cel.libraries.estimates import Operands, comparison, match, traversal
from rootspan_apiserver.rules.cel.types import (
    AUTHORIZER,
    CIDR,
    DECISION,
    GROUP_CHECK,
    IP,
    NAMED_FORMAT,
    PATH_CHECK,
    QUANTITY,
    RESOURCE_CHECK,
    SEMVER,
    URL,
)

_NUMBERS = (("int", "int64"), ("uint", "uint64"), ("double", "double"))
_SIMPLE_TO_COMPARE = (IP, CIDR, QUANTITY, AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION, SEMVER)
_LONGEST_FORMAT = 64


def _equality(operands: Operands) -> CallEstimate:
    left, right = operands
    if left.type == right.type:
        if left.type in _SIMPLE_TO_COMPARE:
            return CallEstimate(exactly(1))
        if left.type == NAMED_FORMAT:
            return CallEstimate(CostRange(1, _LONGEST_FORMAT).scaled(TRAVERSAL_FACTOR))
        if left.type == URL:
            longest = 1 if right.size == UNBOUNDED else right.size.greatest
            return CallEstimate(CostRange(1, longest).scaled(TRAVERSAL_FACTOR))
    return comparison(operands)


def _concatenation(operands: Operands) -> CallEstimate:
    size = operands[0].size + operands[1].size
    return CallEstimate(size.scaled(TRAVERSAL_FACTOR), size)


def _list_concatenation(operands: Operands) -> CallEstimate:
    return CallEstimate(exactly(1), operands[0].size + operands[1].size)


def _choice(operands: Operands) -> CallEstimate:
    return CallEstimate(exactly(0), operands[1].size | operands[2].size)


def _contains(operands: Operands) -> CallEstimate:
    return CallEstimate(operands[0].size.scaled(TRAVERSAL_FACTOR) * operands[1].size.scaled(TRAVERSAL_FACTOR))


def _in_list(operands: Operands) -> CallEstimate:
    return CallEstimate(operands[1].size.scaled(1))


def _arithmetic(operation: str, *types: str) -> list[Overload]:
    return [overload(f"{operation}_{word}", f"{name}, {name} -> {name}") for name, word in _NUMBERS if name in types]


def _relation(operator: str, operation: str) -> FunctionDeclaration:
    rows = [("bool", "bool", "bool")]
    for name, word in _NUMBERS:
        rows.append((name, name, word))
        rows += [(name, other, f"{word}_{other_word}") for other, other_word in sorted(_NUMBERS) if other != name]
    rows += [(name, name, name) for name in ("string", "bytes", "timestamp", "duration")]
    estimates = {"string": comparison, "bytes": comparison}
    return function(
        operator,
        *(
            overload(f"{operation}_{words}", f"{left}, {right} -> bool", estimates.get(words))
            for left, right, words in rows
        ),
    )


STANDARD_LIBRARY = CELLibrary(
    "stdlib",
    (
        function("_?_:_", overload("conditional", "bool, A, A -> A", _choice)),
        function("_&&_", overload("logical_and", "bool, bool -> bool")),
        function("_||_", overload("logical_or", "bool, bool -> bool")),
        function("!_", overload("logical_not", "bool -> bool")),
        function("@not_strictly_false", overload("not_strictly_false", "bool -> bool")),
        function("_==_", overload("equals", "A, A -> bool", _equality)),
        function("_!=_", overload("not_equals", "A, A -> bool", comparison)),
        function(
            "_+_",
            *(
                overload("add_bytes", "bytes, bytes -> bytes", _concatenation),
                overload("add_double", "double, double -> double"),
                overload("add_duration_duration", "duration, duration -> duration"),
                overload("add_duration_timestamp", "duration, timestamp -> timestamp"),
                overload("add_timestamp_duration", "timestamp, duration -> timestamp"),
                overload("add_int64", "int, int -> int"),
                overload("add_list", "list(A), list(A) -> list(A)", _list_concatenation),
                overload("add_string", "string, string -> string", _concatenation),
                overload("add_uint64", "uint, uint -> uint"),
            ),
        ),
        function("_/_", *_arithmetic("divide", "double", "int", "uint")),
        function("_%_", *_arithmetic("modulo", "int", "uint")),
        function("_*_", *_arithmetic("multiply", "double", "int", "uint")),
        function("-_", overload("negate_double", "double -> double"), overload("negate_int64", "int -> int")),
        function(
            "_-_",
            *(
                overload("subtract_double", "double, double -> double"),
                overload("subtract_duration_duration", "duration, duration -> duration"),
                overload("subtract_int64", "int, int -> int"),
                overload("subtract_timestamp_duration", "timestamp, duration -> timestamp"),
                overload("subtract_timestamp_timestamp", "timestamp, timestamp -> duration"),
                overload("subtract_uint64", "uint, uint -> uint"),
            ),
        ),
        _relation("_<_", "less"),
        _relation("_<=_", "less_equals"),
        _relation("_>_", "greater"),
        _relation("_>=_", "greater_equals"),
        function("_[_]", overload("index_list", "list(A), int -> A"), overload("index_map", "map(A, B), A -> B")),
        function(
            "@in", overload("in_list", "A, list(A) -> bool", _in_list), overload("in_map", "A, map(A, B) -> bool")
        ),
        function(
            "size",
            *(
                overload("size_bytes", "bytes -> int"),
                member("bytes_size", "bytes -> int"),
                overload("size_list", "list(A) -> int"),
                member("list_size", "list(A) -> int"),
                overload("size_map", "map(A, B) -> int"),
                member("map_size", "map(A, B) -> int"),
                overload("size_string", "string -> int"),
                member("string_size", "string -> int"),
            ),
        ),
        function("contains", member("contains_string", "string, string -> bool", _contains)),
        function("endsWith", member("ends_with_string", "string, string -> bool", traversal(1))),
        function("startsWith", member("starts_with_string", "string, string -> bool", traversal(1))),
        function(
            "matches",
            overload("matches", "string, string -> bool"),
            member("matches_string", "string, string -> bool", match),
        ),
    ),
)
