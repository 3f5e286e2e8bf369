"""The event loop of the server: uvloop's if it is installed, else asyncio's."""

import asyncio
import importlib.util


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop, for `asyncio.Runner(loop_factory=...)`."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
