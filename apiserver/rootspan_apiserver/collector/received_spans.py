"""The spans that a collector has received, in the order of their arrival."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from rootspan.spans import Span

Found = TypeVar("Found")


class _Waiter(Generic[Found]):
    def __init__(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> None:
        self._condition = condition
        self.result: Future[Found] = Future()

    def check(self, spans: tuple[Span, ...]) -> bool:
        """Set the result if the condition of `spans` is true. Return whether the waiter is done."""
        if self.result.cancelled():
            return True
        try:
            found = self._condition(spans)
        except Exception as error:
            if self.result.set_running_or_notify_cancel():
                self.result.set_exception(error)
            return True
        if found and self.result.set_running_or_notify_cancel():
            self.result.set_result(found)
        return bool(found)


class ReceivedSpans:
    """Keeps the last `max_spans` spans. Safe to use from any thread."""

    def __init__(self, max_spans: int) -> None:
        self._spans: deque[Span] = deque(maxlen=max_spans)
        self._lock = threading.Lock()
        self._waiters: list[_Waiter[Any]] = []
        self._listeners: list[Callable[[tuple[Span, ...]], object]] = []

    def add(self, spans: Iterable[Span]) -> None:
        """Keep `spans` and notify waiters and listeners."""
        arrived = tuple(spans)
        with self._lock:
            self._spans.extend(arrived)
            received = tuple(self._spans) if self._waiters else ()
            self._waiters = [waiter for waiter in self._waiters if not waiter.check(received)]
        for listener in tuple(self._listeners):
            listener(arrived)

    def subscribe(self, listener: Callable[[tuple[Span, ...]], object]) -> None:
        """Call `listener`, in the receiver's thread, with the spans of every later arrival."""
        self._listeners.append(listener)

    @contextmanager
    def subscribed(self, listener: Callable[[tuple[Span, ...]], object]) -> Iterator[None]:
        """Call `listener` as `subscribe` does, for as long as the block lasts."""
        self.subscribe(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def clear(self) -> None:
        """Forget all spans."""
        with self._lock:
            self._spans.clear()

    def snapshot(self) -> tuple[Span, ...]:
        """Return all spans kept."""
        with self._lock:
            return tuple(self._spans)

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """Return the spans of one trace; `trace_id` is 32 lower-case hexadecimal digits."""
        return tuple(span for span in self.snapshot() if span.trace_id == trace_id)

    def when(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Future[Found]:
        """Return a future of the first true value of `condition`, evaluated on all spans kept now and after each arrival.

        `condition` may be called in another thread, and must not call methods of this object.
        """
        waiter = _Waiter(condition)
        with self._lock:
            if not waiter.check(tuple(self._spans)):
                self._waiters.append(waiter)
        return waiter.result

    async def until(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Found:
        """Wait until `condition` of all spans kept is true, and return its value."""
        return await asyncio.wrap_future(self.when(condition))
