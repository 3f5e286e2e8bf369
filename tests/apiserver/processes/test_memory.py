"""Freed memory is given back to the system."""

import asyncio
import sys
from pathlib import Path

import pytest

from rootspan_apiserver.processes.memory import returning_memory

pytestmark = pytest.mark.anyio


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's allocator decides")
async def test_memory_of_many_small_buffers_comes_back() -> None:
    """Buffers below one that is still in use are given back once they are freed, which free() alone does not do."""
    buffers = [bytearray(b"x" * 50_000) for _ in range(2000)]
    above = bytearray(b"x" * 50_000)
    full = _resident()
    buffers.clear()
    async with asyncio.timeout(30), returning_memory(0.01):
        while _resident() > full - 50_000_000:  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.01)
    assert above
