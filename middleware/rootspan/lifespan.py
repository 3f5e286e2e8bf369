"""The end of a server: spans are handed over before it says so.

uvicorn ends a process by the signal it was sent, once the application has shut down: no `atexit` function runs, so this is the last
moment at which the spans of answered requests can be exported.
"""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

from opentelemetry.trace import TracerProvider

Send = Callable[[Any], Awaitable[None]]

FLUSH_SECONDS = 2.0
"""How long the end of a server waits for the collector. Some exporters keep no time-out of their own."""


def flushing(send: Send, provider: TracerProvider) -> Send:
    """Return a `send` that flushes `provider` before the application's shutdown is confirmed to the server."""

    async def send_flushed(message: Any) -> None:
        if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            flush(provider)
        await send(message)

    return send_flushed


def flush(provider: TracerProvider) -> None:
    """Flush an SDK provider, in a thread that is left alone if it takes too long. The event loop has nothing else left to do."""
    force_flush = getattr(provider, "force_flush", None)
    if force_flush is None:
        return
    thread = threading.Thread(
        target=force_flush, args=(int(FLUSH_SECONDS * 1000),), name="rootspan-last-flush", daemon=True
    )
    thread.start()
    thread.join(FLUSH_SECONDS)
