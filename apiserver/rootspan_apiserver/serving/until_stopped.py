"""How long a command serves: until somebody says stop.

Upstream: staging/src/k8s.io/apiserver/pkg/server/signal.go
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """An event of the running loop that SIGINT and SIGTERM set, even where a parent process had them ignored."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


async def serve_until_stopped(
    served: contextlib.AbstractAsyncContextManager[Callable[[], None] | None], *, delay: float = 0.0
) -> None:
    """Enter `served`, stay until SIGINT or SIGTERM and `delay` seconds more, leave. A signal before it is entered cancels that.

    What `served` gives is called at the signal, before the delay. A second signal ends the process at once, with status 1.
    """
    entered = asyncio.Event()
    with stop_signal() as stop:

        async def serve() -> None:
            async with served as shut_down:
                entered.set()
                await stop.wait()
                for number in SIGNALS:
                    asyncio.get_running_loop().add_signal_handler(number, os._exit, 1)
                if shut_down is not None:
                    shut_down()
                await asyncio.sleep(delay)

        serving, told = asyncio.create_task(serve()), asyncio.create_task(stop.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if stop.is_set() and not entered.is_set():
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
