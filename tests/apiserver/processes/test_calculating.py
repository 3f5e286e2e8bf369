"""What is large is calculated in a worker thread."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from rootspan_apiserver.processes.calculating import LARGE, calculated, weigh

pytestmark = pytest.mark.anyio

NAME: ContextVar[str] = ContextVar("name", default="")


async def test_requests_calculate_in_a_thread_once_they_are_large() -> None:
    """A small object is worked on where it is, in the loop's thread; a large one is not, nor is anything after it in its request."""
    assert await calculated(threading.get_ident) == threading.get_ident()
    weigh(LARGE)
    assert await calculated(threading.get_ident) == threading.get_ident()
    weigh(LARGE + 1)
    assert await calculated(threading.get_ident) != threading.get_ident()
    weigh(1)
    assert await calculated(threading.get_ident) != threading.get_ident()


async def test_large_request_makes_no_other_large() -> None:
    """Each request is a task, and its weight is its own."""

    async def request(size: int) -> bool:
        weigh(size)
        await asyncio.sleep(0)
        return await calculated(threading.get_ident) == threading.get_ident()

    assert list(await asyncio.gather(request(1), request(LARGE + 1), request(1))) == [True, False, True]


async def test_event_loop_goes_on_while_a_thread_calculates() -> None:
    """The loop sets what the work waits for."""
    told = threading.Event()
    working = asyncio.create_task(calculated(lambda: told.wait(30), long=True))
    await asyncio.sleep(0)
    told.set()
    assert await working


async def test_work_sees_the_context_of_its_request_and_raises_into_it() -> None:
    """Context variables can be read in the thread, and an error of the work is the error of the request."""
    NAME.set("here")
    assert await calculated(NAME.get, long=True) == "here"
    with pytest.raises(ZeroDivisionError):
        await calculated(lambda: 1 // 0, long=True)
