"""The start and the end of a server, announced to the request path.

Upstream: staging/src/k8s.io/apiserver/pkg/server/lifecycle_signals.go, staging/src/k8s.io/apimachinery/pkg/util/waitgroup
"""

import asyncio
from asyncio import Event
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

_MOST_PER_SECOND = 200.0
"""Watches that are ended per second, unless their time is too short for that."""


class Stopping(Event):
    """An event whose waiters, the watches, wake one after the other, all of them within `seconds`; at once if that is 0."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._waiting = 0
        self._per_second = 0.0
        self._awake = 0

    def set(self) -> None:
        if self._seconds and not self.is_set():
            self._per_second = max(_MOST_PER_SECOND, self._waiting / self._seconds)
        super().set()

    async def wait(self) -> Literal[True]:
        self._waiting += 1
        try:
            await super().wait()
        finally:
            self._waiting -= 1
        if self._per_second:
            self._awake += 1
            await asyncio.sleep((self._awake - 1) / self._per_second)
        return True


class InFlight:
    """Counts the requests that the server waits for before it stops listening."""

    def __init__(self) -> None:
        self._count = 0
        self._none = Event()
        self._none.set()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request inside the block."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def drained(self) -> None:
        """Wait until none is left."""
        await self._none.wait()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The events of a start and of a shutdown.

    Attributes:
        started: Is set when all parts run: the server is ready.
        shutting_down: Is set when the server is asked to stop: it goes on serving, but is not ready any more.
        stopping: Is set when the server takes no more requests: watches end.
        in_flight: The requests that the server waits for while it still listens (--shutdown-send-retry-after).
    """

    started: Event = field(default_factory=Event)
    shutting_down: Event = field(default_factory=Event)
    stopping: Event = field(default_factory=Stopping)
    in_flight: InFlight = field(default_factory=InFlight)
