"""Slow requests in the log, and the trace each log line belongs to."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, count

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from rootspan.testing import recording_provider
from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import facts
from rootspan_apiserver.telemetry.audit_id import audit_id
from rootspan_apiserver.telemetry.log_lines import CorrelatedFormatter
from rootspan_apiserver.telemetry.text_traces import TextTraces
from rootspan_apiserver.telemetry.tracing import Tracing

MIDNIGHT = 1_767_225_600 * 10**9
"""1 January 2026, 00:00:00 UTC, in nanoseconds."""

SLOW = """
Trace[n]: "Create" audit-id:a1,url:/x,verb:POST (01-Jan-2026 00:00:00.000) (total time: 950ms):
Trace[n]: ---"About to store object in database" 100ms (00:00:00.100)
Trace[n]: ["Create etcd3" audit-id:a1,key:/x 700ms (00:00:00.200)
Trace[n]:  ---"decode succeeded" len:3 650ms (00:00:00.850)]
Trace[n]: [950ms] [50ms] END
"""


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """What the server logs inside the block."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CorrelatedFormatter())
    logger = logging.getLogger("rootspan_apiserver")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def create(tracing: Tracing) -> None:
    """A create with one step of its own, and a store below it that has one."""
    token = audit_id.set("a1")
    with tracing.span(operations.CREATE, lambda: facts(verb="POST", url="/x")) as span:
        span.event(events.STORING)
        with tracing.span(operations.ETCD_CREATE, lambda: facts(key="/x")) as below:
            below.event(events.DECODED, length=3)
    audit_id.reset(token)


def text_of(*milliseconds: int, everything: bool = False) -> str:
    """What is logged of a create, given the milliseconds between the calls of the clock."""
    moments = iter([MIDNIGHT + total * 10**6 for total in accumulate(milliseconds)])
    tracing = Tracing(recording_provider()[0], texts=TextTraces(everything=everything, clock=moments.__next__))
    with logged() as stream:
        create(tracing)
    assert next(moments, None) is None
    return re.sub(r"Trace\[\d+\]", "Trace[n]", stream.getvalue().partition("text_traces: ")[2]).strip("\n")


TIMES = (0, 100, 100, 650, 50, 50)
"""Of: the start, the step, the store's start, its step, its end, the end."""


def test_slow_operation_is_logged_with_its_steps() -> None:
    """Name, attributes, time of day, each step with the time since the one before, and what was nested, in brackets."""
    assert text_of(*TIMES) == SLOW.strip("\n")


def test_durations_and_names_are_written_as_go_writes_them() -> None:
    """A minute and a half is `1m30s`, and a control character in a name is escaped."""
    moments = iter([MIDNIGHT, MIDNIGHT + 90 * 10**9])
    texts = TextTraces(clock=moments.__next__)
    with logged() as stream:
        texts.end(texts.begin("a\tb", {}, above=None, threshold=1))
    assert '"a\\tb" (01-Jan-2026 00:00:00.000) (total time: 90000ms):' in stream.getvalue()
    assert stream.getvalue().endswith("[1m30s] [1m30s] END\n")


def test_fast_operation_is_not_logged() -> None:
    """Nothing is logged of an operation of less than half a second."""
    assert text_of(0, 100, 100, 100, 50, 50) == ""


def test_fast_steps_are_left_out_unless_everything_is_written() -> None:
    """A step is written if it took its share of the threshold; with the highest verbosity all are."""
    times = (0, 1, 0, 600, 0, 10)
    assert "About to store" not in text_of(*times)
    assert "About to store" in text_of(*times, everything=True)


def test_text_trace_needs_no_sampling_and_changes_no_span() -> None:
    """Unsampled requests are logged, too, and recorded spans are the same as without text traces."""
    for sampler, names in ((ALWAYS_ON, ["Create etcd3", "Create", "audit", "request"]), (ALWAYS_OFF, [])):
        provider, recorder = recording_provider(sampler=sampler)
        tracing = Tracing(provider, texts=TextTraces(clock=count(MIDNIGHT, 10**9).__next__))
        request = provider.get_tracer("t").start_as_current_span("request")
        with logged() as stream, request, tracing.span(operations.AUDIT):
            create(tracing)
        assert "Trace[" in stream.getvalue()
        assert [span.name for span in recorder.spans] == names


@pytest.mark.parametrize("sampled", [True, False])
def test_log_line_names_its_trace(sampled: bool) -> None:
    """Trace, span and audit id follow the first line of what is logged inside a request, sampled or not; outside there is none."""
    provider, _ = recording_provider(sampler=ALWAYS_ON if sampled else ALWAYS_OFF)
    token = audit_id.set("a\n1")
    with logged() as stream:
        logging.getLogger("rootspan_apiserver").info("outside")
        with provider.get_tracer("t").start_as_current_span("request") as span:
            logging.getLogger("rootspan_apiserver").info("inside\nsecond line")
    audit_id.reset(token)
    context = span.get_span_context()
    outside, inside, second = stream.getvalue().splitlines()
    assert outside.endswith("rootspan_apiserver: outside")
    assert inside.endswith(f": inside trace_id={context.trace_id:032x} span_id={context.span_id:016x} audit_id='a\\n1'")
    assert second == "second line"
