"""The estimates of calls that several libraries share.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/library/cost.go (EstimateCallCost), github.com/google/cel-go/checker/cost.go
"""

from collections.abc import Sequence
from math import ceil

from rootspan_apiserver.rules.cel.costs import GREATEST, REGULAR_EXPRESSION_FACTOR, TRAVERSAL_FACTOR, CostRange, exactly
from rootspan_apiserver.rules.cel.functions import CallEstimate, Estimate, EstimatedOperand
from rootspan_apiserver.rules.cel.types import Kind

Operands = Sequence[EstimatedOperand]
_SCANNED = (Kind.STRING, Kind.BYTES)


def fixed(cost: int) -> Estimate:
    """Return the estimate of a call that always costs the same."""
    return lambda operands: CallEstimate(exactly(cost))


def traversal(position: int = 0, factor: float = 1, keeps_size: bool = False) -> Estimate:
    """Return the estimate of a call that goes through one of its operands, whose size the result may have."""

    def estimate(operands: Operands) -> CallEstimate:
        size = operands[position].size
        return CallEstimate(size.scaled(factor * TRAVERSAL_FACTOR), size if keeps_size else None)

    return estimate


def list_traversal(operands: Operands) -> CallEstimate:
    """Estimate a call that goes once through a list and its elements, or through a string."""
    receiver = operands[0]
    if not receiver.type.parameters:
        return CallEstimate(receiver.size.scaled(TRAVERSAL_FACTOR))
    each = exactly(1)
    if receiver.type.parameters[0].kind in _SCANNED:
        each += receiver.element_size.scaled(TRAVERSAL_FACTOR)
    return CallEstimate(receiver.size * each)


def search(operands: Operands) -> CallEstimate:
    """Estimate the search for a regular expression in a string."""
    text, pattern = operands[0].size, operands[1].size
    return CallEstimate(_search_cost(text, pattern), CostRange(0, text.greatest))


def match(operands: Operands) -> CallEstimate:
    """Estimate whether a string has a match of a regular expression."""
    return CallEstimate(_search_cost(operands[0].size, operands[1].size))


def _search_cost(text: CostRange, pattern: CostRange) -> CostRange:
    return (text + exactly(1)).scaled(TRAVERSAL_FACTOR) * pattern.scaled(REGULAR_EXPRESSION_FACTOR)


def replacement(operands: Operands) -> CallEstimate:
    """Estimate the replacement of all occurrences of a string in a string by another."""
    text, old, new = (operand.size for operand in operands[:3])
    if old.least == 0:
        most, most_kept = min(text.greatest + 1, GREATEST), text.greatest
    elif new.greatest <= old.least:
        most, most_kept = 0, text.greatest
    else:
        most, most_kept = ceil(float(text.greatest) / old.least), 0
    if old.greatest == 0:
        least, least_kept = min(text.least + 1, GREATEST), text.least
    elif old.greatest <= new.least:
        least, least_kept = 0, text.least
    else:
        least, least_kept = ceil(float(text.least) / old.greatest), 0
    size = CostRange(least, min(most, GREATEST)) * new + CostRange(least_kept, most_kept)
    return CallEstimate(text.scaled(2 * TRAVERSAL_FACTOR), size)


def comparison(operands: Operands) -> CallEstimate:
    """Estimate the comparison of two values, which ends with the shorter."""
    shorter = min(operands[0].size.greatest, operands[1].size.greatest)
    return CallEstimate(CostRange(int(shorter > 0), shorter).scaled(TRAVERSAL_FACTOR))


def new_list(factor: float, size: CostRange) -> CallEstimate:
    """Estimate a call that makes a list of a size, with the factor for each element."""
    return CallEstimate(size.scaled(factor) + exactly(11), size)
