"""Booleans and numbers as Go reads and writes them.

Upstream: Go's src/strconv/atob.go, atoi.go, ftoa.go
"""

import math
import re
import struct
from decimal import Decimal

from rootspan_apiserver.kube.go_quote import quote

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_DIGITS = re.compile("[0-9]+")
_LITERAL = re.compile("0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*")
_DECIMAL_DIGITS_OF_64_BITS = 20
_LONGEST_LITERAL = 200
_DIGITS_OF_FLOAT32 = 9
_SMALLEST_EXPONENT, _EXPONENT_LIMIT = -4, 6


def parse_bool(text: str) -> bool:
    """Read a boolean like `strconv.ParseBool`.

    Raises:
        ValueError: it is none of Go's twelve spellings; with Go's message.
    """
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _error("ParseBool", text, "invalid syntax")


def format_bool(value: bool) -> str:
    """Write `true` or `false`."""
    return "true" if value else "false"


def parse_int(text: str, *, bits: int = 64, literal: bool = False, function: str = "ParseInt") -> int:
    """Read a signed integer of `bits` bits like `strconv.ParseInt`.

    Args:
        literal: whether the base is in the text, as in Go's source: `0x1F`, `0b1`, `0o17`, `1_000` (base 0 of ParseInt).
        function: the name of the Go function that the message begins with.

    Raises:
        ValueError: not an integer, or out of range; with Go's message.
    """
    digits = text[1:] if text[:1] in ("+", "-") else text
    sign = -1 if text.startswith("-") else 1
    number = sign * _unsigned(digits, text, function, literal=literal)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise _error(function, text, "value out of range")
    return number


def parse_uint(text: str, *, bits: int = 64) -> int:
    """Read an unsigned integer of `bits` bits like `strconv.ParseUint`. Raises ValueError with Go's message."""
    number = _unsigned(text, text, "ParseUint", literal=False)
    if number >= 1 << bits:
        raise _error("ParseUint", text, "value out of range")
    return number


def atoi(text: str) -> int:
    """Read an integer like `strconv.Atoi`. Raises ValueError with Go's message."""
    return parse_int(text, function="Atoi")


def format_float(value: float) -> str:
    """Write a float like `%v`: the fewest digits that give it back, with an exponent below 1e-4 and from 1e6."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    exact = Decimal(repr(value))
    sign, digits = "-" * exact.is_signed(), "".join(map(str, exact.as_tuple().digits)).rstrip("0") or "0"
    exponent = exact.adjusted() if value else 0
    if _SMALLEST_EXPONENT <= exponent < _EXPONENT_LIMIT:
        return f"{sign}{exact.copy_abs():f}".removesuffix(".0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{sign}{mantissa}e{exponent:+03d}"


def format_float32(value: float) -> str:
    """Write a float like a `float32` with `%v`: with the fewest digits that give the same number of 32 bits."""
    if not math.isfinite(value):
        return format_float(value)
    try:
        octets = struct.pack("f", value)
    except OverflowError:
        return format_float(math.copysign(math.inf, value))
    (exact,) = struct.unpack("f", octets)
    rounded = (float(f"{exact:.{digits}e}") for digits in range(_DIGITS_OF_FLOAT32))
    return format_float(next(each for each in rounded if struct.pack("f", each) == octets))


def _unsigned(digits: str, text: str, function: str, *, literal: bool) -> int:
    if not (_LITERAL if literal else _DIGITS).fullmatch(digits):
        raise _error(function, text, "invalid syntax")
    if literal:
        if len(digits) > _LONGEST_LITERAL:
            raise _error(function, text, "value out of range")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567_"
        return int("0o" + digits[1:].lstrip("_"), 8) if octal else int(digits, 0)
    digits = digits.lstrip("0")
    if len(digits) > _DECIMAL_DIGITS_OF_64_BITS:
        raise _error(function, text, "value out of range")
    return int(digits or "0")


def _error(function: str, text: str, why: str) -> ValueError:
    return ValueError(f"strconv.{function}: parsing {quote(text)}: {why}")
