"""Seats and fair queues."""

import asyncio

import pytest

from rootspan_apiserver.filters.priority_level import PriorityLevel, Rejected

pytestmark = pytest.mark.anyio


async def _waiting(level: PriorityLevel, flow: str, order: list[str]) -> asyncio.Task[None]:
    async def run() -> None:
        await level.enter(flow, 5)
        order.append(flow)

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    return task


async def test_busy_flow_waits_behind_itself() -> None:
    """Seats that come free go to the flows in turn, not to whoever asked most often."""
    level = PriorityLevel(1)
    await level.enter("first", 5)
    order: list[str] = []
    tasks = [await _waiting(level, flow, order) for flow in ("greedy", "greedy", "greedy", "modest")]
    for task in (tasks[0], tasks[3], tasks[1], tasks[2]):
        level.leave()
        await asyncio.wait_for(task, 5)
    assert order == ["greedy", "modest", "greedy", "greedy"]


async def test_full_queue_rejects_request() -> None:
    """A flow whose queue is full is told so at once, and another flow still finds room."""
    level = PriorityLevel(1, queue_length=1)
    await level.enter("a", 5)
    order: list[str] = []
    waiting = [await _waiting(level, flow, order) for flow in ("a", "b")]
    with pytest.raises(Rejected) as refused:
        await level.enter("a", 5)
    assert refused.value.reason == "queue-full"
    level.leave()
    level.leave()
    await asyncio.gather(*waiting)
    assert order == ["a", "b"]


async def test_waiting_ends() -> None:
    """Who waits too long is rejected, and holds neither a seat nor a place in the queue afterwards."""
    level = PriorityLevel(1)
    await level.enter("a", 5)
    with pytest.raises(Rejected) as refused:
        await level.enter("b", 0.01)
    assert refused.value.reason == "time-out"
    level.leave()
    await level.enter("c", 0.01)


async def test_cancelled_request_frees_its_seat() -> None:
    """A request cancelled while it waits, or in the very moment it is given a seat, gives it on."""
    level = PriorityLevel(1)
    await level.enter("a", 5)
    order: list[str] = []
    given = await _waiting(level, "b", order)
    level.leave()
    given.cancel()
    await asyncio.wait([given])
    await level.enter("c", 0.1)
