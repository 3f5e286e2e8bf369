"""The order in which watches end, and what the server waits for."""

import asyncio

import pytest

from rootspan_apiserver.http.lifecycle import InFlight, Stopping

pytestmark = pytest.mark.anyio


async def test_watches_end_at_once_without_a_period() -> None:
    """All waiters wake in the same pass of the event loop."""
    stopping = Stopping()
    waiting = [asyncio.create_task(stopping.wait()) for _ in range(100)]
    await asyncio.sleep(0)
    stopping.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert all(task.done() for task in waiting)


async def test_watches_end_one_after_the_other_within_the_period() -> None:
    """In the order in which they began, none before its turn, and one that comes later ends, too."""
    stopping = Stopping(60.0)
    ended: list[int] = []
    elapsed: list[float] = []

    async def watch(number: int) -> None:
        await stopping.wait()
        ended.append(number)
        elapsed.append(asyncio.get_running_loop().time() - begun)

    waiting = [asyncio.create_task(watch(number)) for number in range(20)]
    await asyncio.sleep(0)
    begun = asyncio.get_running_loop().time()
    stopping.set()
    late = asyncio.create_task(watch(20))
    await asyncio.wait_for(asyncio.gather(*waiting, late), 30)
    assert ended == list(range(21))
    assert all(seconds > number / 200 - 0.01 for number, seconds in enumerate(elapsed))


async def test_requests_in_flight_are_waited_for() -> None:
    """Until the last one has left, also where one fails."""
    in_flight = InFlight()
    await asyncio.wait_for(in_flight.drained(), 30)
    with in_flight.counted():
        with pytest.raises(ValueError, match="failed"), in_flight.counted():
            raise ValueError("failed")
        drained = asyncio.create_task(in_flight.drained())
        await asyncio.sleep(0)
        assert not drained.done()
    await asyncio.wait_for(drained, 30)
