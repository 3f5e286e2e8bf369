"""How long a command serves: until somebody says stop."""

import asyncio
import contextlib
import signal


async def serve_until_stopped(served: contextlib.AbstractAsyncContextManager[object], *, delay: float = 0.0) -> None:
    """Enter `served`, stay until SIGINT or SIGTERM and `delay` seconds more, leave. A signal before it is entered cancels that."""
    stop, entered = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        async with served:
            entered.set()
            await stop.wait()
            await asyncio.sleep(delay)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        serving, told = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if stop.is_set() and not entered.is_set():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
