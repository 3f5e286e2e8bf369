"""Quantities.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/quantity.go
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rootspan_apiserver.kube.quantity import Quantity, canonical
from rootspan_apiserver.rules.cel.equality import EqualityValue
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.values import MAXIMUM_INT, MINIMUM_INT, OpaqueValue, no_such_overload

_DIGITS = re.compile("[+-]?0*([0-9]*)(?:[.]([0-9]*))?([a-zA-Z]*)([+-]?[0-9]*)")
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_DIGITS, _BINARY_DIGITS, _SMALLEST_EXPONENT = 18, 14, -9


@dataclass(frozen=True, slots=True, eq=False)
class QuantityValue(OpaqueValue, EqualityValue):
    """A quantity; two that say the same amount are equal.

    Upstream keeps a sum or a difference in another type of Go, to which nothing can be compared; it can be compared itself.

    `exponent` is the decimal exponent with which upstream keeps it as 64 bits, None where it keeps an arbitrary number. An integer is
    only what is kept as 64 bits and has no negative exponent: neither `1000m` nor `1.5Gi`.
    """

    type_name = "kubernetes.Quantity"
    quantity: Quantity
    exponent: int | None = 0
    is_combined: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QuantityValue) and self.quantity.value == other.quantity.value

    def equals(self, other: Any) -> bool:
        """Return whether another quantity is the same amount."""
        if not isinstance(other, QuantityValue) or other.is_combined:
            raise no_such_overload()
        return self == other

    def __hash__(self) -> int:
        return hash(self.quantity.value)

    def text(self) -> str:
        """Return the canonical form."""
        return str(self.quantity)


def _parse(text: str) -> QuantityValue:
    try:
        canonical(text)
    except ValueError as error:
        raise CELEvaluationError(str(error)) from None
    return QuantityValue(Quantity.of(text), _exponent(text))


def _exponent(text: str) -> int | None:
    """Return the decimal exponent of a quantity that fits into 64 bits by its digits."""
    match = _DIGITS.fullmatch(text)
    if match is None:
        return None
    whole, fraction, suffix, power = match.groups(default="")
    if suffix in _BINARY:
        bits = 10 * (_BINARY.index(suffix) + 1)
        return 0 if not fraction and len(whole) + bits * 3 // 10 <= _BINARY_DIGITS else None
    exponent = (_DECIMAL[suffix] if suffix in _DECIMAL and not power else int(power)) - len(fraction)
    return exponent if len(whole + fraction) <= _DECIMAL_DIGITS and exponent >= _SMALLEST_EXPONENT else None


def _is_quantity(text: str) -> bool:
    try:
        canonical(text)
    except ValueError:
        return False
    return True


def _is_integer(value: QuantityValue) -> bool:
    is_kept = value.exponent is not None and value.exponent >= 0
    return is_kept and MINIMUM_INT <= value.quantity.value <= MAXIMUM_INT


def _as_integer(value: QuantityValue) -> int:
    if not _is_integer(value):
        raise CELEvaluationError("cannot convert value to integer")
    return int(value.quantity.value)


def _compare(value: QuantityValue, other: QuantityValue) -> int:
    return int(value.quantity.value.compare(other.quantity.value))


def _of(number: int) -> QuantityValue:
    return QuantityValue(Quantity(Decimal(number), "e"))


def _combined(value: QuantityValue, other: QuantityValue, result: Quantity) -> QuantityValue:
    return QuantityValue(replace(result, text=""), _common_exponent(value, other, result.value), is_combined=True)


def _common_exponent(value: QuantityValue, other: QuantityValue, result: Decimal) -> int | None:
    if value.exponent is None or other.exponent is None:
        return None
    if not other.quantity.value:
        return value.exponent
    exponent = min(value.exponent, other.exponent) if value.quantity.value else other.exponent
    kept = [abs(number.scaleb(-exponent)) for number in (value.quantity.value, other.quantity.value, result)]
    return exponent if max(kept) <= MAXIMUM_INT else None


def _plus(value: QuantityValue, other: QuantityValue) -> QuantityValue:
    return _combined(value, other, value.quantity + other.quantity)


def _minus(value: QuantityValue, other: QuantityValue) -> QuantityValue:
    return _combined(value, other, value.quantity - other.quantity)


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "string_to_quantity": _parse,
    "is_quantity_string": _is_quantity,
    "quantity_sign": lambda value: _compare(value, _of(0)),
    "quantity_is_greater_than": lambda value, other: _compare(value, other) > 0,
    "quantity_is_less_than": lambda value, other: _compare(value, other) < 0,
    "quantity_compare_to": _compare,
    "quantity_get_float": lambda value: float(value.quantity.value),
    "quantity_get_int": _as_integer,
    "quantity_is_integer": _is_integer,
    "quantity_add": _plus,
    "quantity_add_int": lambda value, number: _plus(value, _of(number)),
    "quantity_sub": _minus,
    "quantity_sub_int": lambda value, number: _minus(value, _of(number)),
}
