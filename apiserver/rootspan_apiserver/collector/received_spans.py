"""The spans that a collector has received, in the order of their arrival and by their traces."""

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


MAX_BYTES = 128 * 1024 * 1024
"""The memory that the kept spans take at most, as estimated."""
_SPAN, _FIELD = 1000, 150
"""The bytes of a span with its identifiers and times, and of an attribute with its key, beside the text of their values."""


class ReceivedSpans:
    """Keeps the last spans, at most `max_spans` and about `max_bytes`, indexed by their traces. Safe to use from any thread."""

    def __init__(self, max_spans: int, max_bytes: int = MAX_BYTES) -> None:
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._spans: deque[tuple[Span, int]] = deque()
        self._traces: dict[str, deque[Span]] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        self._waiters: list[_Waiter[Any]] = []
        self._listeners: list[Callable[[tuple[Span, ...]], object]] = []

    def add(self, spans: Iterable[Span]) -> None:
        """Keep `spans`, the oldest being forgotten for them, and notify waiters and listeners."""
        arrived = tuple(spans)
        with self._lock:
            for span in arrived:
                self._keep(span)
            received = self._all() if self._waiters else ()
            self._waiters = [waiter for waiter in self._waiters if not waiter.check(received)]
        for listener in tuple(self._listeners):
            listener(arrived)

    def _keep(self, span: Span) -> None:
        size = _size(span)
        self._spans.append((span, size))
        self._traces.setdefault(span.trace_id, deque()).append(span)
        self._bytes += size
        while len(self._spans) > self._max_spans or self._bytes > self._max_bytes:
            oldest, size = self._spans.popleft()
            self._bytes -= size
            trace = self._traces[oldest.trace_id]
            trace.popleft()
            if not trace:
                del self._traces[oldest.trace_id]

    def _all(self) -> tuple[Span, ...]:
        return tuple([span for span, _ in self._spans])

    @contextmanager
    def subscribed(self, listener: Callable[[tuple[Span, ...]], object]) -> Iterator[None]:
        """Call `listener`, in the running event loop, with the spans of every arrival while the block lasts."""
        loop = asyncio.get_running_loop()

        def deliver(spans: tuple[Span, ...]) -> None:
            loop.call_soon_threadsafe(listener, spans)

        self._listeners.append(deliver)
        try:
            yield
        finally:
            self._listeners.remove(deliver)

    def clear(self) -> None:
        """Forget all spans."""
        with self._lock:
            self._spans.clear()
            self._traces.clear()
            self._bytes = 0

    def snapshot(self) -> tuple[Span, ...]:
        """Return all spans kept."""
        with self._lock:
            return self._all()

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """Return the kept spans of one trace; `trace_id` is 32 lower-case hexadecimal digits."""
        with self._lock:
            return tuple(self._traces.get(trace_id, ()))

    def trace_ids(self) -> tuple[str, ...]:
        """Return the traces of which spans are kept, in the order in which the first of them arrived."""
        with self._lock:
            return tuple(self._traces)

    def when(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Future[Found]:
        """Return a future of the first true value of `condition`, evaluated on all spans kept now and after each arrival.

        `condition` may be called in another thread, and must not call methods of this object.
        """
        waiter = _Waiter(condition)
        with self._lock:
            if not waiter.check(self._all()):
                self._waiters.append(waiter)
        return waiter.result

    async def until(self, condition: Callable[[tuple[Span, ...]], Found | None]) -> Found:
        """Wait until `condition` of all spans kept is true, and return its value."""
        return await asyncio.wrap_future(self.when(condition))


def _size(span: Span) -> int:
    """Return about how many bytes a span takes in memory. Its resource and scope are shared with others."""
    fields = [span.attributes, *(event.attributes for event in span.events), *(link.attributes for link in span.links)]
    texts = sum(_FIELD + len(str(value)) for attributes in fields for value in attributes.values())
    return _SPAN + len(span.name) + len(span.status_message) + texts + _FIELD * (len(span.events) + len(span.links))
