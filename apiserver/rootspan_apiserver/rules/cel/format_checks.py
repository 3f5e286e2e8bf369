"""The check of `'…'.format([…])` with a constant format.

Upstream: github.com/google/cel-go/ext/formatting.go
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rootspan_apiserver.rules.cel.ast import (
    CheckedExpression,
    Expression,
    FunctionCall,
    ListLiteral,
    Literal,
    MapLiteral,
)
from rootspan_apiserver.rules.cel.types import Kind

_NUMBERS = (Kind.INT, Kind.UINT)
_TEXTS = (
    Kind.LIST,
    Kind.MAP,
    Kind.INT,
    Kind.UINT,
    Kind.DOUBLE,
    Kind.BOOL,
    Kind.STRING,
    Kind.TIMESTAMP,
    Kind.BYTES,
    Kind.DURATION,
)
_CLAUSES: Mapping[str, tuple[tuple[Kind, ...], str]] = MappingProxyType(
    {
        "s": (
            (*_TEXTS, Kind.TYPE, Kind.NULL),
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
        ),
        "d": (_NUMBERS, "decimal clause can only be used on integers"),
        "f": ((Kind.DOUBLE, Kind.STRING), "fixed-point clause can only be used on doubles"),
        "e": ((Kind.DOUBLE, Kind.STRING), "scientific clause can only be used on doubles"),
        "b": ((*_NUMBERS, Kind.BOOL), "only integers and bools can be formatted as binary"),
        "o": (_NUMBERS, "octal clause can only be used on integers"),
    }
    | dict.fromkeys(
        "xX",
        ((*_NUMBERS, Kind.STRING, Kind.BYTES), "only integers, byte buffers, and strings can be formatted as hex"),
    )
)
_CLAUSE = re.compile(r"%(?:(%)|(\.[0-9]*)?(.?))", re.DOTALL)


class _FormatFaultError(ValueError):
    """A clause of a format is wrong; `node` is the id of the argument to which that is due, None if it is to none."""

    def __init__(self, message: str, node: int | None = None) -> None:
        super().__init__(message)
        self.node = node


def format_issues(checked: CheckedExpression, node: FunctionCall) -> Iterator[tuple[int, str]]:
    """Return what is wrong with a call of `format`, with the id of the node where it is."""
    if node.function != "format" or not isinstance(node.target, Literal) or not isinstance(node.target.value, str):
        return
    if len(node.arguments) != 1 or not isinstance(node.arguments[0], ListLiteral):
        return
    arguments = node.arguments[0].elements
    try:
        count = _check_clauses(checked, node.target.value, arguments)
    except _FormatFaultError as error:
        yield (node.id if error.node is None else error.node), str(error)
        return
    if len(arguments) > count:
        yield node.id, f"too many arguments supplied to string.format (expected {count}, got {len(arguments)})"


def _check_clauses(checked: CheckedExpression, text: str, arguments: Sequence[Expression]) -> int:
    """Return how many arguments a format asks for."""
    count = 0
    for clause in _CLAUSE.finditer(text):
        percent, precision, letter = clause.groups()
        if percent:
            continue
        if not letter and precision is None:
            raise _FormatFaultError("unexpected end of string")
        if count >= len(arguments):
            raise _FormatFaultError(f"index {count} out of range")
        _check_clause(checked, precision, letter, arguments[count])
        count += 1
    return count


def _check_clause(checked: CheckedExpression, precision: str | None, letter: str, argument: Expression) -> None:
    parsing = "could not parse formatting clause: "
    if not letter:
        raise _FormatFaultError(f"{parsing}error while parsing precision: could not find end of precision specifier")
    if precision == ".":
        reason = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
        raise _FormatFaultError(f"{parsing}error while parsing precision: {reason}")
    if letter not in _CLAUSES:
        raise _FormatFaultError(f'{parsing}unrecognized formatting clause "{letter}"')
    kinds, message = _CLAUSES[letter]
    wrong = _misfit(checked, argument, kinds, is_deep=letter == "s")
    if wrong is not None:
        name = checked.types[wrong.id].name
        raise _FormatFaultError(f"error during formatting: {message}, was given {name}", wrong.id)


def _misfit(checked: CheckedExpression, node: Expression, kinds: Sequence[Kind], is_deep: bool) -> Expression | None:
    """Return the first value in a node that is of none of the kinds; of lists and maps only if it is to go into them."""
    kind = checked.types[node.id].kind
    if kind is not Kind.DYN and kind not in kinds:
        return node
    parts: Sequence[Expression] = ()
    if is_deep and isinstance(node, ListLiteral):
        parts = node.elements
    elif is_deep and isinstance(node, MapLiteral):
        parts = [part for entry in node.entries for part in (entry.key, entry.value)]
    wrong = (_misfit(checked, part, kinds, is_deep) for part in parts)
    return next((each for each in wrong if each is not None), None)
