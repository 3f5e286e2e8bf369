"""The batch mode of a backend: events are buffered, and passed on together, while requests go on.

The buffer is bounded: what does not fit is lost, counted and logged.

Upstream: staging/src/k8s.io/apiserver/plugin/pkg/audit/buffered/buffered.go
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from rootspan_apiserver.audit.backend import Backend, Outcome, PluginErrors
from rootspan_apiserver.audit.event import AuditEvent

PLUGIN = "buffered"
_CONCURRENT = 32
"""How many batches may be on their way: while a webhook does not answer, the buffer fills."""
_CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConfig:
    """How events are batched.

    Attributes:
        buffer_size: The events that wait at most.
        max_size: The events of a batch at most.
        max_wait: The seconds after which a smaller batch is passed on.
        qps: The batches a second on average at most; 0 for no limit.
        burst: The batches at once at most after a pause.
        concurrent: Whether a batch is passed on before the outcome of the one before it is known.
    """

    buffer_size: int
    max_size: int
    max_wait: float
    qps: float = 0.0
    burst: int = 0
    concurrent: bool = False


class Buffered:
    """Passes events on to `delegate` in batches."""

    def __init__(self, delegate: Backend, config: BatchConfig, errors: PluginErrors) -> None:
        self._delegate = delegate
        self._config = config
        self._errors = errors
        self._buffer: deque[AuditEvent] = deque()
        self._changed = asyncio.Event()
        self._closing = False
        self._free = asyncio.Semaphore(_CONCURRENT if config.concurrent else 1)
        self._tokens, self._filled = float(config.burst), asyncio.get_running_loop().time()
        self._sending = asyncio.create_task(self._send(), name="audit-batches")

    def process(self, events: Sequence[AuditEvent]) -> Outcome:
        """Buffer the events; requests do not wait for them."""
        if self._closing:
            self._errors.handle(PLUGIN, "audit backend shut down", events)
            return None
        room = self._config.buffer_size - len(self._buffer)
        self._buffer.extend(events[:room])
        if len(events) > room:
            self._errors.handle(PLUGIN, "audit buffer queue blocked", events[room:])
        self._changed.set()
        return None

    async def aclose(self) -> None:
        """Pass on what is buffered, for at most ten seconds."""
        self._closing = True
        self._changed.set()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await asyncio.shield(self._sending)
                for _ in range(_CONCURRENT if self._config.concurrent else 1):
                    await self._free.acquire()
        except TimeoutError:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
            if self._buffer:
                self._errors.handle(PLUGIN, "audit backend shut down", list(self._buffer))
        await self._delegate.aclose()

    def __str__(self) -> str:
        return f"{PLUGIN}<{self._delegate}>"

    async def _send(self) -> None:
        while batch := await self._batch():
            await self._throttled()
            await self._free.acquire()
            outcome = self._delegate.process(batch)
            if outcome is None:
                self._free.release()
            else:
                outcome.add_done_callback(lambda _: self._free.release())

    async def _batch(self) -> list[AuditEvent]:
        """Return the next events once there are enough or the time is over; none at the end."""
        config, loop = self._config, asyncio.get_running_loop()
        deadline = loop.time() + config.max_wait
        while len(self._buffer) < config.max_size and not self._closing:
            self._changed.clear()
            wait = deadline - loop.time() if config.max_size > 1 and self._buffer else None
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                break
        return [self._buffer.popleft() for _ in range(min(config.max_size, len(self._buffer)))]

    async def _throttled(self) -> None:
        """Wait until one more batch may be passed on."""
        config, loop = self._config, asyncio.get_running_loop()
        if not config.qps:
            return
        while True:
            present = loop.time()
            self._tokens = min(float(config.burst), self._tokens + (present - self._filled) * config.qps)
            self._filled = present
            if self._tokens >= 1:
                self._tokens -= 1
                return
            await asyncio.sleep((1 - self._tokens) / config.qps)
