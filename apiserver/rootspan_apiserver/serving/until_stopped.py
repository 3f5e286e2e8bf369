"""Serve until SIGINT or SIGTERM.

Upstream: staging/src/k8s.io/apiserver/pkg/server/signal.go
"""

import asyncio
import contextlib
from collections.abc import Callable

from rootspan_apiserver.processes.interruption import on_first_signal


def stop_signal() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, even if a parent process had the signals ignored."""
    stop = asyncio.Event()
    on_first_signal(lambda number: stop.set())
    return stop


async def serve_until_stopped(
    served: contextlib.AbstractAsyncContextManager[Callable[[], None] | None], *, delay: float = 0.0
) -> None:
    """Enter `served`, and leave it `delay` seconds after SIGINT or SIGTERM. A signal before it is entered cancels entering.

    The function that `served` yields is called at the signal, before the delay. A later signal ends the process at once.
    """
    entered, stop = asyncio.Event(), stop_signal()

    async def serve() -> None:
        async with served as shut_down:
            entered.set()
            await stop.wait()
            if shut_down is not None:
                shut_down()
            await asyncio.sleep(delay)

    serving, stopping = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set() and not entered.is_set():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
