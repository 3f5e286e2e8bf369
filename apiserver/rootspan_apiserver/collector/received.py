"""The spans a collector has received, in the order of their arrival."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from rootspan.spans import Span

Found = TypeVar("Found")


class _Wish(Generic[Found]):
    def __init__(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> None:
        self._condition = condition
        self.granted: Future[Found] = Future()

    def consider(self, spans: tuple[Span, ...]) -> bool:
        """Grant the wish if `spans` fulfil it. Return whether nobody waits for it any more."""
        if self.granted.cancelled():
            return True
        try:
            found = self._condition(spans)
        except Exception as error:
            if self.granted.set_running_or_notify_cancel():
                self.granted.set_exception(error)
            return True
        if found and self.granted.set_running_or_notify_cancel():
            self.granted.set_result(found)
        return bool(found)


class ReceivedSpans:
    """Keeps the last `max_spans` spans. Safe to use from any thread."""

    def __init__(self, max_spans: int) -> None:
        self._spans: deque[Span] = deque(maxlen=max_spans)
        self._lock = threading.Lock()
        self._wishes: list[_Wish[Any]] = []
        self._listeners: list[Callable[[tuple[Span, ...]], None]] = []

    def add(self, spans: Iterable[Span]) -> None:
        arrived = tuple(spans)
        with self._lock:
            self._spans.extend(arrived)
            received = tuple(self._spans) if self._wishes else ()
            self._wishes = [wish for wish in self._wishes if not wish.consider(received)]
        for listener in self._listeners:
            listener(arrived)

    def subscribe(self, listener: Callable[[tuple[Span, ...]], None]) -> None:
        """Call `listener`, in the receiver's thread, with the spans of every later arrival."""
        self._listeners.append(listener)

    def clear(self) -> None:
        with self._lock:
            self._spans.clear()

    def snapshot(self) -> tuple[Span, ...]:
        with self._lock:
            return tuple(self._spans)

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """The spans of one trace; `trace_id` is 32 lower-case hexadecimal digits."""
        return tuple(span for span in self.snapshot() if span.trace_id == trace_id)

    def when(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Future[Found]:
        """A future of the first true value of `condition`, asked now and after each arrival, of all spans kept.

        `condition` may be called in another thread, and must not call back into this object.
        """
        wish = _Wish(condition)
        with self._lock:
            if not wish.consider(tuple(self._spans)):
                self._wishes.append(wish)
        return wish.granted

    async def until(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Found:
        """Wait until `condition` of all spans kept is true, and return its value."""
        return await asyncio.wrap_future(self.when(condition))
