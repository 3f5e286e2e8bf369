"""Borrowing: how many seats each priority level has until the next period, by what it wanted in the last.

Upstream: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go (updateBorrowingLocked)
"""

import math
from collections.abc import Collection

from rootspan_apiserver.flow_control.concurrency_allocation import Claimant, ImpossibleAllocation, allocate
from rootspan_apiserver.flow_control.priority_level import PriorityLevel

PERIOD = 10.0
"""Seconds between two adjustments."""


def borrow(levels: Collection[PriorityLevel], server_seats: int) -> float:
    """End the period of all levels, and set their seats. Return the fraction of its target that a level gets where no bound matters."""
    for each in levels:
        each.end_period()
    remaining = total = sum(each.nominal for each in levels)
    limited = [each for each in levels if not each.exempt]
    for each in levels:
        if each.exempt:
            seats = max(each.lower, each.demand.high_watermark)
            remaining -= seats
            each.set_current(seats, server_seats)
    lowest = sum(each.lower for each in limited)
    least = [max(each.lower, min(each.nominal, each.demand.high_watermark)) for each in limited]
    claims = [
        Claimant(few, each.upper, max(few, each.demand.smoothed)) for each, few in zip(limited, least, strict=True)
    ]
    for each, claim in zip(limited, claims, strict=True):
        each.numbers.target.set(claim.target)
    fair_fraction = 0.0
    if remaining <= lowest:
        seats_of = [each.lower for each in limited]
    elif remaining <= sum(least):
        part = (remaining - lowest) / (sum(least) - lowest)
        seats_of = [each.lower + _round((few - each.lower) * part) for each, few in zip(limited, least, strict=True)]
    else:
        try:
            # The seats of exempt levels are not taken off: they are lent, not given away.
            found = allocate(total, claims)
        except ImpossibleAllocation:
            seats_of = [each.current for each in limited]
        else:
            fair_fraction = found.fair_fraction
            seats_of = [_round(seats) for seats in found.seats]
    for each, seats in zip(limited, seats_of, strict=True):
        each.set_current(seats, server_seats)
    return fair_fraction


def _round(value: float) -> int:
    return math.floor(value + 0.5)
