"""Which request begins in which turn of the event loop."""

import asyncio

import pytest

from rootspan_apiserver.flow_control.turns import Turns

pytestmark = pytest.mark.anyio


async def test_first_request_of_a_turn_begins_at_once() -> None:
    """A request that finds the turn free waits for nothing; the next one in the same turn waits, and a later turn is free again."""
    turns = Turns()
    assert (turns.take(), turns.take()) == (True, False)
    await asyncio.sleep(0)
    assert turns.take()


async def test_flows_take_turns() -> None:
    """A request of another flow is next, however many requests of one have come before it."""
    turns, order = Turns(), list[str]()

    async def begin(flow: str) -> None:
        await turns.wait(flow)
        order.append(flow)

    await asyncio.gather(*map(begin, ["greedy"] * 5 + ["modest"] * 2))
    assert order == ["greedy", "greedy", "modest", "greedy", "modest", "greedy", "greedy"]


async def test_request_that_went_away_takes_no_turn() -> None:
    """The turn of a request that was cancelled is the next one's, and the turns go on."""
    turns = Turns()
    first, gone, there = (asyncio.create_task(turns.wait(name)) for name in ("first", "gone", "there"))
    await first
    gone.cancel()
    await there
    await asyncio.sleep(0)
    assert turns.take()
