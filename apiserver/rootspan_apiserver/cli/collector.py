"""`rootspan collector`: print each trace when it is complete.

The services of a trace export their spans on separate schedules, so a trace counts as complete when it has a root and the parent of every
span, and no span of it has arrived for a second; or when none has arrived for seven seconds, which is longer than the default schedule of
any exporter. If a span arrives later, the whole trace is printed again.
"""

import signal
import sys
import time
from queue import Empty, SimpleQueue
from typing import TextIO

from rootspan.spans import Span
from rootspan_apiserver.collector.otlp_receiver import Collector, CollectorError
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.collector.trees import is_whole, render_trace

_COMPLETE_SECONDS = 1.0
_INCOMPLETE_SECONDS = 7.0


def run_collector(endpoint: str = "127.0.0.1:4317", *, out: TextIO = sys.stdout) -> int:
    """Receive spans on `endpoint` and print traces to `out` until SIGINT or SIGTERM. Return the exit status.

    Must be called in the main thread, because it sets signal handlers.
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
            due[trace_id] = now + (_COMPLETE_SECONDS if is_whole(spans.trace(trace_id)) else _INCOMPLETE_SECONDS)
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
