"""Memory that has been freed goes back to the system: glibc keeps what a thousand watches or a large list have used."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

INTERVAL = 60.0
"""Seconds between two times that freed memory is given back."""


@contextlib.asynccontextmanager
async def returning_memory(interval: float = INTERVAL) -> AsyncIterator[None]:
    """Give freed memory back to the system every `interval` seconds while the block runs; nothing happens without glibc."""
    task = asyncio.create_task(_return_memory(interval))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _return_memory(interval: float) -> None:
    await asyncio.sleep(interval)
    import ctypes  # not needed to start

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.to_thread(trim, 0)
        await asyncio.sleep(interval)
