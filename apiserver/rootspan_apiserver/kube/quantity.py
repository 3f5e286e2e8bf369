"""Quantities (`500m`, `1.5Gi`, `12e6`): their value, and the canonical form in which the server answers what it was given.

The value is kept exact down to 10⁻⁹ and rounded up there; beyond 2⁶³-1 it is capped, if the suffix is a binary one. In the canonical form
the mantissa has no fraction and as small an exponent as that allows; the suffix stays in the family that was written, except that binary
suffixes give way to decimal ones below 1024 and where they would lose precision. What is canonical but for its spelling (`+5`, `1E3`)
keeps it. Unlike the real server's, the canonical form of `1000E` is not `1`.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go
"""

import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_UP, Context, Decimal
from functools import lru_cache
from typing import Self

GRAMMAR = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_SHAPE = re.compile(r"([+-]?)(0*+)([0-9]*+)(?:\.([0-9]*+))?+([eEinumkKMGTP]*+[-+]?[0-9]*)")
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]{1,10})")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_SLOW_BINARY = ("Pi", "Ei")
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}
_NANO = -9
_MAXIMUM = (1 << 63) - 1
_INT32 = 1 << 31
_SHORT = 64
_NOT_NUMERIC = "unable to parse numeric part of quantity"
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_UP)


def amount(value: object) -> Decimal | None:
    """Return the value of a quantity, None if `value` is not a quantity."""
    try:
        return _parsed(str(value))[0]
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity to calculate with. `suffix` is one of the family in which the canonical form is written; `text` the form that was read."""

    value: Decimal
    suffix: str = ""
    text: str = ""

    @classmethod
    def of(cls, text: object) -> Self:
        """Return what `text` says, 0 if it is not a quantity."""
        try:
            value, suffix, is_spelt_well = _parsed(str(text))
        except ValueError:
            return cls(Decimal(0))
        return cls(value, suffix, str(text) if is_spelt_well else "")

    def __str__(self) -> str:
        return self.text or _form(self.value, self.suffix)

    def __add__(self, other: "Quantity") -> "Quantity":
        """Return the sum, in the family of the first operand unless that is zero."""
        return Quantity(_EXACT.add(self.value, other.value), self.suffix if self.value else other.suffix)

    def __sub__(self, other: "Quantity") -> "Quantity":
        """Return the difference, in the family of the first operand unless that is zero."""
        return Quantity(_EXACT.subtract(self.value, other.value), self.suffix if self.value else other.suffix)

    def rounded_up(self) -> "Quantity":
        """Return the next whole quantity away from zero."""
        return Quantity(Decimal(self.scaled(0)), self.suffix)

    def scaled(self, exponent: int) -> int:
        """Return the value as an integer number of 10^`exponent`, rounded away from zero."""
        return int(_EXACT.to_integral_value(_EXACT.scaleb(self.value, -exponent)))


def is_whole(value: Decimal) -> bool:
    """Return whether a value has no fraction."""
    return value == value.to_integral_value()


def canonical(text: str) -> str:
    """Return the canonical form of a quantity.

    Raises:
        ValueError: not a quantity, with Go's message.
    """
    return _remembered(text) if len(text) < _SHORT else _canonical(text)


def _canonical(text: str) -> str:
    value, suffix, is_spelt_well = _parsed(text)
    return text if is_spelt_well else _form(value, suffix)


def _form(value: Decimal, suffix: str) -> str:
    """Return the canonical form of a value in the family of `suffix`."""
    if suffix in _BINARY:
        return _binary(value)
    return _decimal(value) if suffix in _DECIMAL else _exponential(value)


_remembered = lru_cache(maxsize=1024)(_canonical)


def _parsed(text: str) -> tuple[Decimal, str, bool]:
    """Return the value and the suffix of a quantity, and whether its canonical form is `text` itself."""
    match = _SHAPE.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"quantities must match the regular expression '{GRAMMAR}'")
    sign, zeros, whole, fraction, suffix = match.groups(default="")
    digits = (whole or "0") + fraction
    scale = None if suffix in _BINARY else _scale(suffix) - len(fraction)
    # Go's fast path takes a number without digits for 0, its slow path refuses it.
    if not (zeros or whole or fraction) and (suffix in _SLOW_BINARY or (scale is not None and scale < _NANO)):
        raise ValueError(_NOT_NUMERIC)
    if scale is None:
        value = _capped(Decimal(f"{sign}{digits}E-{len(fraction)}"), 1024 ** _BINARY[suffix])
        good = not fraction and len(digits) + 3 * _BINARY[suffix] <= 14 and int(digits) % 8 != 0
        return value, suffix, good
    value = Decimal(f"{sign}{digits}E{scale}")
    if scale >= _NANO:
        good = len(digits) <= 18 and scale % 3 == 0 and digits[0] != "0" and not digits.endswith("000")
        return value, suffix, good
    return _rounded(value), suffix, False


def _scale(suffix: str) -> int:
    if suffix in _DECIMAL:
        return _DECIMAL[suffix]
    match = _EXPONENT.fullmatch(suffix)
    if match is None:
        raise ValueError("unable to parse quantity's suffix")
    if not -_INT32 <= (exponent := int(match[1])) < _INT32:
        raise ValueError(_NOT_NUMERIC)
    return exponent


def _capped(value: Decimal, factor: int) -> Decimal:
    value = _rounded(_EXACT.multiply(value, Decimal(factor)))
    return max(min(value, Decimal(_MAXIMUM)), Decimal(-_MAXIMUM))


def _rounded(value: Decimal) -> Decimal:
    """Return the value, or the next one away from zero that has no more than nine digits behind the point."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= _NANO:
        return value
    if value and value.adjusted() < _NANO:
        return Decimal((value.is_signed(), (1,), _NANO))
    return value.quantize(Decimal((0, (1,), _NANO)), context=_EXACT)


def _mantissa(value: Decimal) -> tuple[str, int]:
    """Return the mantissa and the exponent of the canonical form."""
    digits = f"{value.copy_abs():E}".partition("E")[0].replace(".", "")
    mantissa = digits.rstrip("0")
    if not mantissa:
        return "0", 0
    exponent = value.adjusted() - len(mantissa) + 1
    mantissa = "-" * value.is_signed() + mantissa
    return mantissa + "0" * (exponent % 3), exponent - exponent % 3


def _exponential(value: Decimal) -> str:
    mantissa, exponent = _mantissa(value)
    return f"{mantissa}e{exponent}" if exponent else mantissa


def _decimal(value: Decimal) -> str:
    mantissa, exponent = _mantissa(value)
    if exponent > 18:
        mantissa, exponent = mantissa + "0" * (exponent - 18), 18
    return f"{mantissa}{_DECIMAL_SUFFIX[exponent]}"


def _binary(value: Decimal) -> str:
    if -1024 < value < 1024 or not is_whole(value):
        return _decimal(value)
    mantissa, power = int(value), 0
    while mantissa % 1024 == 0 and power < 6:
        mantissa, power = mantissa // 1024, power + 1
    return f"{mantissa}{_BINARY_SUFFIX[power]}" if power else str(mantissa)
