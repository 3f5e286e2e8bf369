"""The testing module is product: a trace printed as a tree, and a recorder that can be waited for."""

import threading

import pytest
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

from rootspan.spans import Event, Scope, Span, SpanLink
from rootspan.testing import recording_provider, tree


def span(name: str, span_id: int, parent: int | None = None, *, trace_id: int = 1, **values: object) -> Span:
    return Span(
        name=name,
        trace_id=f"{trace_id:032x}",
        span_id=f"{span_id:016x}",
        parent_id=None if parent is None else f"{parent:016x}",
        start=span_id,
        end=span_id + 2_500_000,
        **values,  # type: ignore[arg-type] # each is a field of Span
    )


SPANS = [
    span("etcdserverpb.KV/Txn", 4, 3, kind="CLIENT", service="apiserver"),
    span("Create", 3, 1, service="apiserver", events=(Event("About to store", 3), Event("Stored", 4))),
    span("POST /pods", 1, kind="SERVER", service="apiserver", attributes={"status": 201, "verb": "POST"}),
    span("HTTP POST", 2, 1, kind="CLIENT", service="apiserver", status="ERROR", status_message="refused"),
    span("GET /pods", 5, kind="SERVER", trace_id=2),
    span("lost", 6, 99, trace_id=2),
]


def test_tree() -> None:
    """Children stand under their parent, in the order in which they started; each trace begins at the margin."""
    assert tree(SPANS) == (
        "POST /pods SERVER apiserver\n"
        "├─ HTTP POST CLIENT apiserver ERROR: refused\n"
        "└─ Create INTERNAL apiserver\n"
        "   └─ etcdserverpb.KV/Txn CLIENT apiserver\n"
        "GET /pods SERVER\n"
        "… lost INTERNAL"
    )


def test_tree_with_more() -> None:
    """Attributes, events and durations are shown when they are asked for."""
    assert tree(SPANS[:4], attributes=["status", "verb"], events=True, durations=True) == (
        "POST /pods SERVER apiserver status=201 verb=POST 2.5 ms\n"
        "├─ HTTP POST CLIENT apiserver ERROR: refused 2.5 ms\n"
        "└─ Create INTERNAL apiserver 2.5 ms\n"
        "   │  · About to store\n"
        "   │  · Stored\n"
        "   └─ etcdserverpb.KV/Txn CLIENT apiserver 2.5 ms"
    )


def test_nothing_is_an_empty_tree() -> None:
    """No spans, no lines."""
    assert tree([]) == ""


def test_span_of_the_sdk_as_a_value() -> None:
    """Everything the SDK recorded is in the value."""
    provider, recorder = recording_provider(service="shop")
    linked = SpanContext(5, 6, is_remote=True)
    recorded = provider.get_tracer("scope", "1.2").start_span(
        "name", attributes={"a": 1}, links=[Link(linked, {"b": 2})]
    )
    recorded.add_event("event", {"c": 3}, timestamp=7)
    recorded.set_status(Status(StatusCode.ERROR, "why"))
    recorded.end()
    (value,) = recorder.spans
    context = recorded.get_span_context()
    assert value == Span(
        name="name",
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        service="shop",
        scope=Scope("scope", "1.2"),
        start=value.start,
        end=value.end,
        attributes={"a": 1},
        events=(Event("event", 7, {"c": 3}),),
        links=(SpanLink(f"{5:032x}", f"{6:016x}", {"b": 2}),),
        status="ERROR",
        status_message="why",
        resource={"service.name": "shop"},
    )
    assert 0 < value.duration < 10**9


def test_waiting_for_spans() -> None:
    """`wait_for` returns as soon as enough spans have ended, in whatever thread, and says what there is when it gives up."""
    provider, recorder = recording_provider()
    tracer = provider.get_tracer("scope")
    threading.Thread(target=lambda: [tracer.start_span(f"span {number}").end() for number in range(3)]).start()
    assert {ended.name for ended in recorder.wait_for(3)} == {"span 0", "span 1", "span 2"}
    with pytest.raises(TimeoutError, match=r"(?s)3 of 4 spans after 0\.01 s:\nspan 0 INTERNAL test"):
        recorder.wait_for(4, timeout=0.01)
    recorder.clear()
    assert recorder.spans == []
