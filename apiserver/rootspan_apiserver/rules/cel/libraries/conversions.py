"""The functions that make a value of a type of another, the types that expressions may name, and the parts of times.

Upstream: github.com/google/cel-go/common/stdlib/standard.go, common/overloads/overloads.go, checker/cost.go
"""

from rootspan_apiserver.rules.cel.costs import GREATEST, TRAVERSAL_FACTOR, CostRange
from rootspan_apiserver.rules.cel.functions import (
    CallEstimate,
    CELLibrary,
    FunctionDeclaration,
    function,
    member,
    overload,
)
from rootspan_apiserver.rules.cel.libraries.estimates import Operands
from rootspan_apiserver.rules.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    CELType,
    Kind,
    list_of,
    map_of,
    parameter,
)

_WORDS = {"int": "int64", "uint": "uint64"}
_TYPE = CELType(Kind.TYPE, "type")


def _to_bytes(operands: Operands) -> CallEstimate:
    size = operands[0].size
    # cel-go lets the product overflow.
    return CallEstimate(size.scaled(TRAVERSAL_FACTOR), CostRange(size.least, (size.greatest * 4) & GREATEST))


def _to_text(operands: Operands) -> CallEstimate:
    size = operands[0].size
    return CallEstimate(size.scaled(TRAVERSAL_FACTOR), CostRange(size.least // 4, size.greatest))


def _conversion(name: str, sources: str) -> FunctionDeclaration:
    estimates = {("bytes", "string"): _to_bytes, ("string", "bytes"): _to_text}
    rows = ((source, f"{_WORDS.get(source, source)}_to_{_WORDS.get(name, name)}") for source in sources.split())
    return function(
        name,
        *(overload(identifier, f"{source} -> {name}", estimates.get((name, source))) for source, identifier in rows),
    )


def _part(name: str, part: str, of_durations: bool = False, zoned: str = "_with_tz") -> FunctionDeclaration:
    declared = function(
        name,
        member(f"timestamp_to_{part}", "timestamp -> int"),
        member(f"timestamp_to_{part}{zoned}", "timestamp, string -> int"),
    )
    if not of_durations:
        return declared
    return function(name, *declared.overloads, member(f"duration_to_{part}", "duration -> int"))


CONVERSION_LIBRARY = CELLibrary(
    "stdlib.conversions",
    (
        function("type", overload("type", "A -> type(A)")),
        _conversion("bool", "bool string"),
        _conversion("bytes", "bytes string"),
        _conversion("double", "double int string uint"),
        _conversion("duration", "duration int string"),
        function("dyn", overload("to_dyn", "A -> dyn")),
        _conversion("int", "int double duration string timestamp uint"),
        _conversion("string", "string bool bytes double duration int timestamp uint"),
        _conversion("timestamp", "timestamp int string"),
        _conversion("uint", "uint double int string"),
    ),
    types=(
        *(BOOL, BYTES, DOUBLE, DURATION, INT, list_of(parameter("A")), map_of(parameter("A"), parameter("B"))),
        *(NULL, STRING, TIMESTAMP, _TYPE, UINT),
    ),
)
TIME_LIBRARY = CELLibrary(
    "stdlib.times",
    (
        _part("getFullYear", "year"),
        _part("getMonth", "month"),
        _part("getDayOfYear", "day_of_year"),
        _part("getDayOfMonth", "day_of_month"),
        _part("getDate", "day_of_month_1_based"),
        _part("getDayOfWeek", "day_of_week"),
        _part("getHours", "hours", of_durations=True),
        _part("getMinutes", "minutes", of_durations=True),
        _part("getSeconds", "seconds", of_durations=True, zoned="_tz"),
        _part("getMilliseconds", "milliseconds", of_durations=True),
    ),
)
