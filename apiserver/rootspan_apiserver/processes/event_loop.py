"""Which event loop the server runs in: uvloop's where it is installed, asyncio's where it is not."""

import asyncio
import importlib.util


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make a loop, for `asyncio.Runner(loop_factory=...)`."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
