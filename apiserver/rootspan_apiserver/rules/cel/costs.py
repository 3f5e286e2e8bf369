"""Ranges of sizes and costs, as the estimator computes with them: unsigned 64-bit numbers that stay at their greatest value.

Upstream: github.com/google/cel-go/checker/cost.go
"""

from dataclasses import dataclass
from math import ceil

GREATEST = (1 << 64) - 1
"""The size of what has no bound."""
TRAVERSAL_FACTOR = 0.1
"""The cost of a character."""
REGULAR_EXPRESSION_FACTOR = 0.25
"""The cost of a character of a regular expression."""


@dataclass(frozen=True, slots=True)
class CostRange:
    """The least and the greatest value that a size or cost may have."""

    least: int
    greatest: int

    def __add__(self, other: "CostRange") -> "CostRange":
        return CostRange(min(self.least + other.least, GREATEST), min(self.greatest + other.greatest, GREATEST))

    def __mul__(self, other: "CostRange") -> "CostRange":
        return CostRange(min(self.least * other.least, GREATEST), min(self.greatest * other.greatest, GREATEST))

    def __or__(self, other: "CostRange") -> "CostRange":
        return CostRange(min(self.least, other.least), max(self.greatest, other.greatest))

    def scaled(self, factor: float) -> "CostRange":
        """Return the cost of so many steps of a factor each, rounded up."""
        return CostRange(min(ceil(self.least * factor), GREATEST), min(ceil(self.greatest * factor), GREATEST))


def exactly(value: int) -> CostRange:
    """Return the range of one value."""
    return CostRange(value, value)


UNBOUNDED = CostRange(0, GREATEST)
