"""Print each trace that a collector receives, once it is complete.

The services of a trace export their spans on separate schedules, so a trace counts as complete when it has a root and the parent of every
span, and no span of it has arrived for a second; or when none has arrived for seven seconds, which is longer than the default schedule of
any exporter. If a span arrives later, the whole trace is printed again.
"""

import asyncio
import contextlib
from typing import TextIO

from rootspan.spans import Span
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.collector.trees import is_whole, render_trace

_COMPLETE_SECONDS = 1.0
_INCOMPLETE_SECONDS = 7.0


class TracePrinter:
    """Prints traces of `spans` to `out`; `note` is called with the spans that arrive. Must be made in the event loop that it runs in."""

    def __init__(self, spans: ReceivedSpans, out: TextIO) -> None:
        self._spans = spans
        self._out = out
        self._due: dict[str, float] = {}
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def note(self, spans: tuple[Span, ...]) -> None:
        """Decide when the traces of `spans`, which have arrived, are printed."""
        now = self._loop.time()
        for trace_id in {span.trace_id for span in spans}:
            whole = is_whole(self._spans.trace(trace_id))
            self._due[trace_id] = now + (_COMPLETE_SECONDS if whole else _INCOMPLETE_SECONDS)
        self._arrived.set()

    async def run(self) -> None:
        """Print traces as they become complete, until cancelled. Raises OSError if they cannot be printed."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(self._due.values(), default=None)):
                    await self._arrived.wait()
            self._arrived.clear()
            now = self._loop.time()
            for trace_id in [trace_id for trace_id, at in self._due.items() if at <= now]:
                self._print(trace_id)

    def print_all(self) -> None:
        """Print the traces that are not complete."""
        for trace_id in tuple(self._due):
            self._print(trace_id)

    def _print(self, trace_id: str) -> None:
        del self._due[trace_id]
        trace = self._spans.trace(trace_id)
        try:
            rendered = render_trace(trace)
        except RecursionError:
            rendered = f"{len(trace)} spans, nested too deeply to print"
        print(f"\ntrace {trace_id}\n{rendered}", file=self._out, flush=True)
