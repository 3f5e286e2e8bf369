"""How long a command serves: until somebody says stop."""

import asyncio
import contextlib

from rootspan_apiserver.interruption import on_first_signal


def stop_signal() -> asyncio.Event:
    """An event of the running loop that SIGINT and SIGTERM set, even where a parent process had them ignored."""
    stop = asyncio.Event()
    on_first_signal(lambda number: stop.set())
    return stop


async def serve_until_stopped(served: contextlib.AbstractAsyncContextManager[object], *, delay: float = 0.0) -> None:
    """Enter `served`, stay until SIGINT or SIGTERM and `delay` seconds more, leave. A signal before it is entered cancels that."""
    entered, stop = asyncio.Event(), stop_signal()

    async def serve() -> None:
        async with served:
            entered.set()
            await stop.wait()
            await asyncio.sleep(delay)

    serving, told = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
    await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if stop.is_set() and not entered.is_set():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
