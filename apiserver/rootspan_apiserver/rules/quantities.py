"""Quantities of resources.

Upstream: pkg/apis/core/validation/validation.go (ValidateNonnegativeQuantity, ValidatePositiveQuantityValue,
validateBasicResource)
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rootspan_apiserver.kube.quantity import amount, is_whole
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.paths import Path
from rootspan_apiserver.rules.rule import Line, Rule, RuleContext


@dataclass(frozen=True)
class QuantityRule(Rule):
    """A quantity with a property; what is no quantity was refused when the object was decoded."""

    holds: Callable[[Decimal], bool]
    words: str

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        number = amount(value)
        return () if number is None or self.holds(number) else (FieldError.invalid(path, str(value), self.words),)

    def describe(self) -> Iterator[Line]:
        yield Line("", f"a quantity that {self.words}")


def quantity(holds: Callable[[Decimal], bool], words: str) -> Rule:
    """Return a rule for a quantity for whose amount `holds` is true; `words` is the error."""
    return QuantityRule(holds, words)


not_negative_quantity = quantity(lambda number: number >= 0, "must be greater than or equal to 0")
positive_quantity = quantity(lambda number: number > 0, "must be greater than zero")
whole_quantity = quantity(is_whole, "must be an integer")

_LOWEST = Decimal(-(1 << 63))


@function("validateBasicResource")
def stored_quantity(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A quantity that is not negative; the error shows it as an int64."""
    number = amount(value)
    if number is not None and number <= -1:
        yield FieldError.invalid(path, int(max(number, _LOWEST)), "must be a valid resource quantity")
