"""`rootspan collector`: print each trace as it completes.

The services of a trace export on their own schedules, so a trace counts as complete when it has its root, no span of it
lacks its parent, and nothing of it has arrived for a second; or when nothing has for seven, longer than any exporter
waits by default. Spans that come later still have the whole trace printed again.
"""

import signal
import sys
import time
from queue import Empty, SimpleQueue
from typing import TextIO

from rootspan.spans import Span
from rootspan_apiserver.collector.received import ReceivedSpans
from rootspan_apiserver.collector.receiver import Collector, CollectorError
from rootspan_apiserver.collector.trees import is_whole, render_trace

_SETTLED = 1.0
_GIVEN_UP = 7.0


def run_collector(endpoint: str = "127.0.0.1:4317", *, out: TextIO = sys.stdout) -> int:
    """Receive spans on `endpoint` and print traces to `out` until SIGINT or SIGTERM. Return the exit status.

    To be called in the main thread, which alone may set signal handlers.
    """
    arrivals: SimpleQueue[tuple[Span, ...] | None] = SimpleQueue()
    previous = {
        number: signal.signal(number, lambda *_: arrivals.put(None)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Collector(endpoint) as collector:
            print(f"Listening for OTLP/gRPC on {collector.endpoint}", file=out, flush=True)
            collector.spans.subscribe(arrivals.put)
            _print_traces(arrivals, collector.spans, out)
    except CollectorError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def _print_traces(arrivals: SimpleQueue[tuple[Span, ...] | None], spans: ReceivedSpans, out: TextIO) -> None:
    due: dict[str, float] = {}
    while True:
        try:
            arrived = arrivals.get(timeout=max(0.0, min(due.values()) - time.monotonic()) if due else None)
        except Empty:
            arrived = ()
        if arrived is None:
            break
        now = time.monotonic()
        for trace_id in {span.trace_id for span in arrived}:
            due[trace_id] = now + (_SETTLED if is_whole(spans.trace(trace_id)) else _GIVEN_UP)
        for trace_id in [trace_id for trace_id, at in due.items() if at <= now]:
            del due[trace_id]
            _print_trace(trace_id, spans, out)
    for trace_id in due:
        _print_trace(trace_id, spans, out)


def _print_trace(trace_id: str, spans: ReceivedSpans, out: TextIO) -> None:
    trace = spans.trace(trace_id)
    try:
        rendered = render_trace(trace)
    except RecursionError:
        rendered = f"{len(trace)} spans, nested too deeply to print"
    print(f"\ntrace {trace_id}\n{rendered}", file=out, flush=True)
