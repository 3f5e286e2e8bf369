"""Seats, and the fairness of the queues before them."""

import pytest

from rootspan_apiserver.flow_control.fair_queue import QueuedRequest
from rootspan_apiserver.flow_control.queue_set import QueueSet
from rootspan_apiserver.flow_control.work_estimate import WorkEstimate
from tests.apiserver.flow_control.parts import Clock, queued


def queue_set(clock: Clock, seats: int, *, queues: int = 4, length: int = 50) -> QueueSet:
    found = QueueSet(clock=clock)
    found.configure(queues, length)
    found.set_limit(seats)
    return found


def arrived(queues: QueueSet, *requests: QueuedRequest) -> list[QueuedRequest]:
    assert [queues.arrive(each) for each in requests] == [""] * len(requests)
    return list(requests)


def order(queues: QueueSet, clock: Clock, requests: list[QueuedRequest], seconds: float) -> list[str]:
    """Serve the requests one after another, each for some seconds, and return their flows in that order."""
    flows = []
    while executing := [each for each in requests if each.started is not None]:
        clock.now += seconds
        first = executing[0]
        requests.remove(first)
        flows.append(first.flow)
        queues.finish(first)
    return flows


def test_flows_are_served_in_turn() -> None:
    """A flow that came later, with less, does not wait for all of another: their queues are served in turn."""
    clock = Clock()
    queues = queue_set(clock, 1)
    requests = arrived(queues, *(queued("greedy", (0,)) for _ in range(6)), *(queued("modest", (1,)) for _ in range(2)))
    assert order(queues, clock, requests, 1.0) == ["greedy", "modest", "greedy", "modest", *["greedy"] * 4]


def test_wide_requests_wait_longer() -> None:
    """A flow whose requests take four seats is served as much work, which is a quarter of the requests."""
    clock = Clock()
    queues = queue_set(clock, 4)
    wide = [queued("wide", (0,), WorkEstimate(4)) for _ in range(4)]
    narrow = [queued("narrow", (1,)) for _ in range(16)]
    requests = arrived(queues, queued("first", (2,), WorkEstimate(4)), *wide, *narrow)
    flows = order(queues, clock, requests, 1.0)
    assert (flows.index("wide") > 1, flows[1:11].count("narrow")) == (True, 8)


def test_request_waits_until_there_are_seats_for_it() -> None:
    """A request for three of four seats waits while two are in use, and what comes after it does not overtake it."""
    clock = Clock()
    queues = queue_set(clock, 4)
    first, second, wide, later = arrived(
        queues, queued("a", (0,)), queued("a", (0,)), queued("b", (1,), WorkEstimate(3)), queued("b", (1,))
    )
    assert [each.started is not None for each in (first, second, wide, later)] == [True, True, False, False]
    queues.finish(first)
    assert (wide.started is not None, later.started is not None, queues.seats_in_use) == (True, False, 4)


def test_request_wider_than_the_level_is_served_alone() -> None:
    """A request for more seats than there are is served when nothing else executes."""
    queues = queue_set(Clock(), 2)
    first, wide = arrived(queues, queued("a", (0,)), queued("b", (1,), WorkEstimate(5)))
    assert wide.started is None
    queues.finish(first)
    assert wide.started is not None


def test_full_queue_refuses() -> None:
    """While all seats are in use a queue takes no more than its length; another queue still does."""
    queues = queue_set(Clock(), 1, length=2)
    arrived(queues, *(queued("a", (0,)) for _ in range(3)))
    assert queues.arrive(queued("a", (0,))) == "queue-full"
    assert (queues.arrive(queued("b", (1,))), queues.waiting, queues.rejected) == ("", 3, 1)


def test_level_without_queues_refuses_at_once() -> None:
    """Without queues a request that finds no seat is refused."""
    queues = queue_set(Clock(), 2, queues=0)
    arrived(queues, queued("a", ()), queued("b", ()))
    assert queues.arrive(queued("c", ())) == "concurrency-limit"


def test_exempt_level_has_seats_for_all() -> None:
    """The exempt level has no limit, but counts its seats."""
    queues = QueueSet(exempt=True, clock=Clock())
    arrived(queues, *(queued("a", ()) for _ in range(5)))
    assert (queues.executing, queues.seats_in_use) == (5, 5)


def test_least_loaded_queue_of_the_hand_is_chosen() -> None:
    """Of the queues dealt to its flow a request takes the one in which the least work waits."""
    queues = queue_set(Clock(), 1)
    arrived(queues, *(queued("x", (0,)) for _ in range(3)))
    (request,) = arrived(queues, queued("y", (0, 3)))
    assert request.queue is queues.queues[3]


def test_seats_linger_after_the_answer() -> None:
    """Seats for what a write causes afterwards stay in use until they are released, and nobody else gets them before."""
    clock = Clock()
    queues = queue_set(clock, 2)
    first, second = arrived(queues, queued("a", (0,), WorkEstimate(1, 2, 0.25)), queued("b", (1,)))
    assert queues.finish(first) == 0.25
    assert (queues.executing, queues.seats_in_use, second.started) == (0, 2, None)
    queues.release(first)
    assert (queues.seats_in_use, second.started) == (1, 0.0)


def test_final_seats_beyond_the_limit_become_time() -> None:
    """Six seats for a second, of which there are two, are two seats for three seconds."""
    queues = queue_set(Clock(), 2)
    (blocking, request) = arrived(queues, queued("a", (0,)), queued("b", (1,), WorkEstimate(1, 6, 1.0)))
    queues.finish(blocking)
    assert request.estimate.final_seats == 2
    assert request.estimate.additional_seconds == pytest.approx(3.0)


def test_request_that_gives_up_leaves_its_place() -> None:
    """A request whose time is over waits no longer; the next one gets the seat."""
    queues = queue_set(Clock(), 1)
    first, second, third = arrived(queues, *(queued("a", (0,)) for _ in range(3)))
    queues.give_up(second)
    queues.finish(first)
    assert (second.started, third.started is not None, queues.cancelled, queues.waiting) == (None, True, 1, 0)


def test_virtual_time_follows_the_seats_in_use() -> None:
    """Virtual time passes as the seats in use, divided by the queues that are busy."""
    clock = Clock()
    queues = queue_set(clock, 4)
    arrived(queues, *(queued("a", (0,)) for _ in range(3)), queued("b", (1,)))
    clock.now += 2.0
    queues.spent()
    assert queues.current_r == 2 * 4 * 100_000_000 // 2


def test_fewer_queues_remain_while_they_are_in_use() -> None:
    """A queue too many goes once its last request is served; more seats serve those that wait at once."""
    queues = queue_set(Clock(), 1, queues=4)
    first, second = arrived(queues, queued("a", (3,)), queued("a", (3,)))
    queues.configure(2, 50)
    assert first.queue in queues.queues
    queues.set_limit(2)
    assert second.started is not None
    for each in (first, second):
        queues.finish(each)
    assert ([each.index for each in queues.queues], queues.idle) == ([0, 1], True)


def test_time_is_counted_by_state() -> None:
    """How long each number of requests and seats lasted is known, for the demand and the metrics."""
    clock = Clock()
    queues = queue_set(clock, 1)
    clock.now += 1.0
    first, _ = arrived(queues, queued("a", (0,)), queued("a", (0,), WorkEstimate(3)))
    clock.now += 2.0
    queues.finish(first)
    clock.now += 4.0
    spent = {state: seconds for state, seconds in queues.spent().items() if seconds}
    assert spent == {(0, 0, 0, 0): 1.0, (1, 1, 1, 3): 2.0, (1, 0, 3, 0): 4.0}
