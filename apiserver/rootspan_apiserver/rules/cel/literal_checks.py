"""What is checked of constants when an expression is compiled: durations, timestamps, patterns, formats and aggregates.

Upstream: github.com/google/cel-go/cel/validator.go, ext/formatting.go (stringFormatValidator)
"""

from collections.abc import Callable, Container, Iterator, Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.patterns import Pattern
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.rules.cel.ast import (
    CheckedExpression,
    Expression,
    FunctionCall,
    ListLiteral,
    Literal,
    MapLiteral,
    children,
)
from rootspan_apiserver.rules.cel.errors import CELIssue, IssuePlaces
from rootspan_apiserver.rules.cel.format_checks import format_issues
from rootspan_apiserver.rules.cel.types import CELType, shown

_PARSERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"duration": parse_duration, "timestamp": read_time, "matches": lambda text: Pattern(text).steps()}
)
"""Of the first argument of the functions, if it is a constant string."""
_SECONDS: Mapping[str, Container[object]] = MappingProxyType({"timestamp": range(-62_135_596_800, 253_402_300_800)})
"""The numbers that are times: the seconds from 1970. cel-go declares durations of numbers, but cannot make them."""


def literal_issues(checked: CheckedExpression) -> list[CELIssue]:
    """Return what is wrong with the constants of an expression."""
    parsed = checked.parsed
    places = IssuePlaces(parsed.text)
    found = _faults(checked, parsed.root, in_format=False)
    return [places.issue(parsed.offsets[identifier], message) for identifier, message in found]


def _faults(checked: CheckedExpression, node: Expression, in_format: bool) -> Iterator[tuple[int, str]]:
    match node:
        case FunctionCall():
            yield from _argument_faults(node)
            yield from format_issues(checked, node)
            in_format = in_format or node.function == "format"
        case ListLiteral() if not in_format:
            yield from _list_faults(checked, node)
        case MapLiteral() if not in_format:
            yield from _map_faults(checked, node)
    for child in children(node):
        yield from _faults(checked, child, in_format)


def _argument_faults(node: FunctionCall) -> Iterator[tuple[int, str]]:
    parser = _PARSERS.get(node.function)
    argument = node.arguments[0] if node.arguments else None
    if parser is None or not isinstance(argument, Literal):
        return
    try:
        if isinstance(argument.value, str):
            parser(argument.value)
        elif argument.value not in _SECONDS.get(node.function, ()):
            raise ValueError("not a time in seconds")
    except ValueError:
        yield argument.id, f"invalid {node.function} argument"


def _list_faults(checked: CheckedExpression, node: ListLiteral) -> Iterator[tuple[int, str]]:
    types = [_entry_type(checked, element, index in node.optional) for index, element in enumerate(node.elements)]
    for element, each in zip(node.elements, types, strict=True):
        if each != types[0]:
            yield element.id, _mismatch(types[0], each)
            return


def _map_faults(checked: CheckedExpression, node: MapLiteral) -> Iterator[tuple[int, str]]:
    if not node.entries:
        return
    first = node.entries[0]
    key, value = checked.types[first.key.id], _entry_type(checked, first.value, first.optional)
    for entry in node.entries[1:]:
        if (found := checked.types[entry.key.id]) != key:
            yield entry.key.id, _mismatch(key, found)
        if (found := _entry_type(checked, entry.value, entry.optional)) != value:
            yield entry.value.id, _mismatch(value, found)


def _entry_type(checked: CheckedExpression, node: Expression, is_optional: bool) -> CELType:
    found = checked.types[node.id]
    return found.parameters[0] if is_optional and found.parameters else found


def _mismatch(expected: CELType, actual: CELType) -> str:
    return f"expected type '{shown(expected)}' but found '{shown(actual)}'"
