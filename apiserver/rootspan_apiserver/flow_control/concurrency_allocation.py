"""The division of a number of seats among priority levels: to each the same fraction of its target, as far as its bounds allow.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/conc_alloc.go
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_TARGET = 0.001
_EPSILON = 1e-7


class ImpossibleAllocation(Exception):  # noqa: N818 - a fact about the bounds, not a fault
    """No division meets the bounds."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """What one level should get, and the least and the most that it can."""

    lower: float
    upper: float
    target: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """What each claimant gets, and the fraction of the targets that those get whose bounds do not matter."""

    seats: list[float]
    fair_fraction: float


def allocate(total: int, claimants: Sequence[Claimant]) -> Allocation:
    """Divide `total` seats.

    Raises:
        ImpossibleAllocation: The bounds add up to more or less, or contradict each other.
    """
    _check(total, claimants)
    if total == 0:
        return Allocation([0.0] * len(claimants), 0.0)
    targets = [max(each.target, LEAST_TARGET) for each in claimants]
    lows = [each.lower / target for each, target in zip(claimants, targets, strict=True)]
    highs = [each.upper / target for each, target in zip(claimants, targets, strict=True)]
    if sum(each.lower for each in claimants) - total > -_EPSILON:
        return Allocation([each.lower for each in claimants], min(lows))
    if total - sum(each.upper for each in claimants) > -_EPSILON:
        return Allocation([each.upper for each in claimants], max(highs))
    fraction = _fraction(total, sorted({*lows, *highs}), list(zip(claimants, targets, strict=True)))
    seats = [_at(fraction, each, target) for each, target in zip(claimants, targets, strict=True)]
    return Allocation(seats, fraction)


def _at(fraction: float, claimant: Claimant, target: float) -> float:
    return max(claimant.lower, min(claimant.upper, fraction * target))


def _fraction(total: int, bounds: list[float], claims: list[tuple[Claimant, float]]) -> float:
    """Return the fraction at which the seats add up to `total`: their sum is linear between two neighbouring `bounds`."""
    before, sum_before = bounds[0], sum(_at(bounds[0], *claim) for claim in claims)
    for bound in bounds[1:]:
        sum_here = sum(_at(bound, *claim) for claim in claims)
        if sum_here >= total:
            if sum_here == sum_before:
                return before
            return before + (bound - before) * (total - sum_before) / (sum_here - sum_before)
        before, sum_before = bound, sum_here
    return before


def _check(total: int, claimants: Sequence[Claimant]) -> None:
    if total < 0:
        raise ImpossibleAllocation("negative sums are not supported")
    for each in claimants:
        if each.lower < 0 or each.target < each.lower or each.upper < each.lower:
            raise ImpossibleAllocation(f"the bounds and the target of {each} contradict each other")
    low, high = sum(each.lower for each in claimants), sum(each.upper for each in claimants)
    if low - total > _EPSILON or total - high > _EPSILON:
        raise ImpossibleAllocation(f"the bounds add up to {low} and {high}, which do not include {total}")
