"""Where a request calculates: on the event loop, or in a worker thread once something large is in its hands.

CPython runs one thread at a time, but takes the interpreter away from a calculating one after `sys.getswitchinterval()`; so the event loop
goes on while a thread encodes a list or validates an object of a megabyte. Few threads share this, because the loop competes with each.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

LARGE = 8 * 1024
"""The bytes of JSON from which an object is large: to read, default, admit, validate and encode it takes some ten milliseconds."""
SWITCH_INTERVAL = 0.001
"""Seconds after which a thread that calculates lets the event loop run, for `sys.setswitchinterval`; the interpreter's own are 0.005."""
_THREADS = ThreadPoolExecutor(3, "calculating")
_LARGE: ContextVar[bool] = ContextVar("large", default=False)

T = TypeVar("T")


def weigh(size: int) -> None:
    """Take note that the present request holds an object of `size` bytes."""
    if size > LARGE:
        _LARGE.set(True)


async def calculated(work: Callable[[], T], *, long: bool = False) -> T:
    """Return what `work` returns, which runs in a thread if it takes `long` or the present request holds something large.

    `work` must change nothing that others use. It is finished even if the request is cancelled.
    """
    if not (long or _LARGE.get()):
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, copy_context().run, work)
