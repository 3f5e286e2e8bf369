"""Quantities (`500m`, `1.5Gi`, `12e6`): the canonical form in which the server answers what it was given.

The value is kept exact down to 10⁻⁹; the mantissa has no fraction and as small an exponent as that allows; the suffix stays in the
family that was written, except that binary suffixes give way to decimal ones below 1024 and where they would lose precision.
"""

import re
from decimal import ROUND_UP, Decimal
from functools import lru_cache

GRAMMAR = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_SHAPE = re.compile(GRAMMAR.replace("$", r"\Z"))
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)\Z")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_NANO = Decimal("1e-9")


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """The canonical form of a quantity.

    Raises:
        ValueError: it is none, with the real server's message.
    """
    match = _SHAPE.match(text)
    if match is None:
        raise ValueError(f"quantities must match the regular expression '{GRAMMAR}'")
    digits, suffix = match.groups()
    if digits.count(".") > 1 or not any(map(str.isdigit, digits)):
        raise ValueError("unable to parse numeric part of quantity")
    try:
        number = Decimal(digits)
        if suffix in _BINARY:
            return _binary(number * 1024 ** _BINARY[suffix])
        if suffix in _DECIMAL:
            return _decimal(number.scaleb(_DECIMAL[suffix]))
        if exponent := _EXPONENT.match(suffix):
            mantissa, power = _canonical_exponent(number.scaleb(int(exponent[1])))
            return f"{mantissa}e{power}" if power else str(mantissa)
    except ArithmeticError as error:
        raise ValueError("unable to parse numeric part of quantity") from error
    raise ValueError("unable to parse quantity's suffix")


def _canonical_exponent(value: Decimal) -> tuple[int, int]:
    value = value.quantize(_NANO, rounding=ROUND_UP) if value != value.to_integral_value() else value
    if not value:
        return 0, 0
    sign, digits, exponent = value.normalize().as_tuple()
    assert isinstance(exponent, int)
    mantissa = int("".join(map(str, digits)))
    while exponent % 3:
        mantissa *= 10
        exponent -= 1
    return -mantissa if sign else mantissa, exponent


def _decimal(value: Decimal) -> str:
    mantissa, exponent = _canonical_exponent(value)
    while exponent > 18:
        mantissa, exponent = mantissa * 1000, exponent - 3
    return f"{mantissa}{_DECIMAL_SUFFIX[exponent]}"


def _binary(value: Decimal) -> str:
    if -1024 < value < 1024 or value != value.to_integral_value():
        return _decimal(value)
    mantissa, power = int(value), 0
    while mantissa % 1024 == 0 and power < 6:
        mantissa, power = mantissa // 1024, power + 1
    return f"{mantissa}{_BINARY_SUFFIX[power]}" if power else str(mantissa)
