"""How the seats of the server are divided among the priority levels."""

import pytest

from rootspan_apiserver.flow_control.concurrency_allocation import Claimant, ImpossibleAllocation, allocate
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.kube.users import User
from tests.apiserver.flow_control.parts import Clock, controller, info_of, limited, schema

IDLE_SERVER = {
    "catch-all": (13, 13, 613, 30),
    "exempt": (0, 0, 600, 0),
    "global-default": (49, 24, 649, 56),
    "leader-election": (25, 25, 625, 58),
    "node-high": (98, 73, 698, 170),
    "system": (74, 50, 674, 117),
    "workload-high": (98, 49, 698, 114),
    "workload-low": (245, 24, 845, 56),
}
"""Nominal, least, most and present seats as kube-apiserver v1.36 shows them."""


def test_limits_of_an_idle_server() -> None:
    """The 600 seats of the default flags are divided as on kube-apiserver."""
    levels = controller(600).levels
    assert {name: (each.nominal, each.lower, each.upper, each.current) for name, each in levels.items()} == IDLE_SERVER


@pytest.mark.parametrize(
    ("seats", "hand", "most"), [(5, 6, 1), (15, 6, 2), (20, 6, 3), (35, 6, 5), (100, 6, 15), (10, 1, 2), (100, 20, 5)]
)
def test_one_request_may_have_a_part_of_the_seats(seats: int, hand: int, most: int) -> None:
    """15 % of the nominal seats, no more than a queue of the hand gets, and at least one."""
    level = limited("mine", 1_000_000, queuing=(64, hand, 50))
    assert controller(seats, level, suggested=False).levels["mine"].max_seats == most


def occupied(flow: FlowController, user: str, requests: int) -> None:
    info = info_of("GET", "/version")
    for _ in range(requests):
        found = flow.schema_of(User(user), info)
        flow.arrive(found, flow.levels[found.priority_level], User(user), info, lambda name: None)


def two_levels(clock: Clock, **limits: int) -> FlowController:
    queuing = (8, 2, 50)
    first, second = (limited(name, 100, queuing=queuing, **limits) for name in ("first", "second"))
    return controller(
        24, first, second, schema("a", "first", "ann"), schema("b", "second", "bob"), clock=clock, suggested=False
    )


def test_busy_level_borrows_what_the_other_does_not_use() -> None:
    """A level that wants more than its seats gets those that the other lends, up to what it lends, and no more than it may borrow."""
    for limits, expected in (
        ({"lendablePercent": 50}, (18, 6)),
        ({"lendablePercent": 50, "borrowingLimitPercent": 25}, (15, 9)),
        ({"lendablePercent": 0}, (12, 12)),
    ):
        clock = Clock()
        flow = two_levels(clock, **limits)
        occupied(flow, "ann", 40)
        for _ in range(2):
            clock.now += 10.0
            flow.adjust()
        assert (flow.levels["first"].current, flow.levels["second"].current) == expected


def test_borrowed_seats_serve_waiting_requests() -> None:
    """Requests that wait are served as soon as their level has more seats."""
    clock = Clock()
    flow = two_levels(clock, lendablePercent=75)
    occupied(flow, "ann", 30)
    first = flow.levels["first"]
    before = first.queues.executing
    clock.now += 10.0
    flow.adjust()
    assert before < first.queues.executing == first.current


def test_demand_falls_slowly() -> None:
    """The demand rises at once and falls by 2.3 % of the difference in each period."""
    clock = Clock()
    flow = two_levels(clock)
    occupied(flow, "ann", 6)
    clock.now += 10.0
    flow.adjust()
    demand = flow.levels["first"].demand
    assert (demand.high_watermark, demand.average, demand.smoothed) == (6, 6.0, 6.0)
    for each in [*flow.levels["first"].queues.queues]:
        for request in [*each.executing]:
            flow.levels["first"].queues.finish(request)
    clock.now += 10.0
    flow.adjust()
    assert demand.high_watermark == 6
    assert demand.smoothed == pytest.approx(6 * 0.977)


def test_allocation_is_in_proportion_within_the_bounds() -> None:
    """Each gets the same fraction of its target, unless a bound is nearer."""
    free = allocate(30, [Claimant(0, 100, 10), Claimant(0, 100, 5)])
    assert (free.seats, free.fair_fraction) == ([20.0, 10.0], 2.0)
    bounded = allocate(30, [Claimant(0, 12, 10), Claimant(0, 100, 5), Claimant(3, 100, 3)])
    assert bounded.seats[0] == 12
    assert bounded.seats[1:] == pytest.approx([18 * 5 / 8, 18 * 3 / 8])
    assert allocate(9, [Claimant(4, 9, 4), Claimant(5, 9, 8)]).seats == [4, 5]
    assert allocate(0, [Claimant(0, 9, 4)]).seats == [0.0]


def test_allocation_that_is_impossible_says_so() -> None:
    """Bounds that add up to too much or too little are not forced."""
    for total, claimant in (
        (3, Claimant(4, 9, 4)),
        (10, Claimant(4, 9, 4)),
        (-1, Claimant(0, 9, 4)),
        (5, Claimant(4, 3, 4)),
    ):
        with pytest.raises(ImpossibleAllocation):
            allocate(total, [claimant])
