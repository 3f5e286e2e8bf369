"""`'%s is %.2f'.format([a, b])`, as version 2 of cel-go's strings has it.

Upstream: github.com/google/cel-go/ext/formatting.go
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import inf, isinf
from typing import Any

from rootspan_apiserver.kube.go_numbers import atoi
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.rules.cel.ast import UInt
from rootspan_apiserver.rules.cel.equality import find, is_map
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.implementations.conversions import as_string, write_duration
from rootspan_apiserver.rules.cel.implementations.moments import write_timestamp
from rootspan_apiserver.rules.cel.values import Duration, Timestamp, TypeValue, type_name

_PRECISION = 6
_SPECIAL = ("NaN", "Infinity", "-Infinity")
_INTEGERS = (int, UInt)
_STRINGS = "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class FormatError(ValueError):
    """A value that a clause cannot write."""


def format_string(template: str, arguments: Sequence[Any]) -> str:
    """Replace the clauses (`%s`) of a template. Raises CELEvaluationError with cel-go's words."""
    parts: list[str] = []
    position = used = 0
    while (percent := template.find("%", position)) >= 0:
        parts.append(template[position:percent])
        if template[percent + 1 : percent + 2] == "%":
            parts.append("%")
            position = percent + 2
            continue
        if used >= len(arguments):
            raise CELEvaluationError(f"index {used} out of range")
        if percent + 1 >= len(template):
            raise CELEvaluationError("unexpected end of string")
        try:
            position, write = read_clause(template, percent + 1)
        except ValueError as error:
            raise CELEvaluationError(f"could not parse formatting clause: {error}") from None
        try:
            parts.append(write(arguments[used]))
        except ValueError as error:
            raise CELEvaluationError(f"error during formatting: {error}") from None
        used += 1
    return "".join(parts) + template[position:]


def read_clause(template: str, position: int) -> tuple[int, Callable[[Any], str]]:
    """Return the position after the clause and what writes a value. Raises ValueError with cel-go's words."""
    precision = None
    if template[position] == ".":
        end = position + 1
        while end < len(template) and template[end] in "0123456789":
            end += 1
        if end >= len(template):
            raise ValueError("error while parsing precision: could not find end of precision specifier")
        try:
            precision = atoi(template[position + 1 : end])
        except ValueError as error:
            raise ValueError(
                f"error while parsing precision: error while converting precision to integer: {error}"
            ) from None
        position = end
    verb = template[position]
    if verb in "fe":
        return position + 1, _double(verb, _PRECISION if precision is None else precision)
    if verb not in _VERBS:
        raise ValueError(f'unrecognized formatting clause "{verb}"')
    return position + 1, _VERBS[verb]


def _string(value: Any) -> str:
    if isinstance(value, list):
        return _list(value)
    if is_map(value):
        return _map(value)
    if value is None:
        return "null"
    text = as_string(value) if isinstance(value, _SHOWN) else None
    if text is None:
        raise FormatError(f"string clause can only be used on {_STRINGS}, was given {type_name(value)}")
    return text


_SHOWN = (bool, int, float, str, bytes, Timestamp, Duration, TypeValue)


def _decimal(value: Any) -> str:
    if value.__class__ not in _INTEGERS:
        raise FormatError(f"decimal clause can only be used on integers, was given {type_name(value)}")
    return str(int(value))


def _member(value: Any) -> str:
    """Return a value as it stands in a list or map."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bytes):
        return "b" + quote(value.decode("utf-8", "surrogateescape"))
    if isinstance(value, Timestamp):
        return f"timestamp({quote(write_timestamp(value))})"
    if isinstance(value, Duration):
        return f"duration({quote(write_duration(value))})"
    if value.__class__ is float:
        text = fixed(value, _PRECISION)
        return quote(text) if value != value or isinf(value) else text
    if value is None or isinstance(value, bool | int | list | TypeValue) or is_map(value):
        return _string(value)
    raise FormatError(f"no formatting function for {type_name(value)}")


def _list(values: list[Any]) -> str:
    return "[" + ", ".join(map(_member, values)) + "]"


def _map(values: Any) -> str:
    pairs = []
    for key in values.keys():  # noqa: SIM118  # objects with declared fields have keys(), but are no mapping to Python
        if not isinstance(key, str | bool | int):
            raise FormatError(f"no formatting function for map key of type {type_name(key)}")
        pairs.append((quote(key) if isinstance(key, str) else _string(key), _member(find(values, key))))
    return "{" + ", ".join(f"{key}:{value}" for key, value in sorted(pairs, key=lambda pair: pair[0])) + "}"


def fixed(value: float, precision: int) -> str:
    """Write a double with so many digits after the point."""
    if value != value:
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{Decimal(value):.{precision}f}"


def _double(verb: str, precision: int) -> Callable[[Any], str]:
    name = "fixed-point" if verb == "f" else "scientific"

    def write(value: Any) -> str:
        if isinstance(value, str) and value in _SPECIAL:
            value = {"NaN": float("nan"), "Infinity": inf, "-Infinity": -inf}[value]
        if value.__class__ is not float:
            raise FormatError(f"{name} clause can only be used on doubles, was given {type_name(value)}")
        # Upstream takes the precision of the scientific clause for its width.
        return _localized(value, precision) if verb == "f" else _scientific(value).rjust(precision)

    return write


def _localized(value: float, precision: int) -> str:
    """Write a double as in American English, which parts thousands."""
    return _special(value) or f"{Decimal(value or 0.0):,.{precision}f}"


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.{_PRECISION}e}".partition("e")
    return _special(value) or f"{mantissa}\u00d710{_exponent(exponent)}"


def _special(value: float) -> str:
    if value != value:
        return "NaN"
    return ("∞" if value > 0 else "-∞") if isinf(value) else ""


def _exponent(text: str) -> str:
    number = int(text)
    return f"{'-' if number < 0 else ''}{abs(number):02}".translate(_SUPERSCRIPTS)


def _based(base: str) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        if value.__class__ in _INTEGERS:
            return format(int(value), base)
        if base == "b" and value.__class__ is bool:
            return "1" if value else "0"
        if base == "b":
            raise FormatError(f"only integers and bools can be formatted as binary, was given {type_name(value)}")
        if base == "o":
            raise FormatError(f"octal clause can only be used on integers, was given {type_name(value)}")
        if isinstance(value, str | bytes):
            text = (value.encode() if isinstance(value, str) else value).hex()
            return text.upper() if base == "X" else text
        raise FormatError(
            f"only integers, byte buffers, and strings can be formatted as hex, was given {type_name(value)}"
        )

    return write


_VERBS: Mapping[str, Callable[[Any], str]] = {
    "s": _string,
    "d": _decimal,
    "b": _based("b"),
    "o": _based("o"),
    "x": _based("x"),
    "X": _based("X"),
}

IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {"string_format": format_string}
