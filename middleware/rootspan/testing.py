"""Traces as the subject of a test: spans recorded in memory, and a trace printed as a tree to compare with a literal.

provider, recorder = recording_provider(service="shop")
app = TracingMiddleware(shop, tracer_provider=provider)
...
assert tree(recorder.wait_for(2)) == "\\n".join([
    "GET /orders/{id} SERVER shop",
    "└─ GET CLIENT shop",
])
"""

import threading
from collections.abc import Collection, Iterable, Iterator

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from rootspan.ids import RootIdGenerator
from rootspan.spans import AttributeValue, Span


class SpanRecorder(SpanProcessor):
    """Keeps every span that ends. Add it to any SDK provider, or take both from `recording_provider`."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._changed = threading.Condition()

    def on_end(self, span: ReadableSpan) -> None:
        recorded = Span.of(span)
        with self._changed:
            self._spans.append(recorded)
            self._changed.notify_all()

    @property
    def spans(self) -> list[Span]:
        """The spans that have ended so far, in the order in which they ended."""
        with self._changed:
            return list(self._spans)

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Span]:
        """Waits until `count` spans have ended, and returns all that have.

        It blocks the thread: in a coroutine, call it through `anyio.to_thread.run_sync`.

        Raises:
            TimeoutError: Fewer have ended after `timeout` seconds; the message shows them.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._spans) >= count, timeout):
                raise TimeoutError(f"{len(self._spans)} of {count} spans after {timeout} s:\n{tree(self._spans)}")
            return list(self._spans)

    def clear(self) -> None:
        with self._changed:
            self._spans.clear()


def recording_provider(*, service: str = "test", sampler: Sampler = ALWAYS_ON) -> tuple[TracerProvider, SpanRecorder]:
    """Makes a tracer provider that exports nothing, and the recorder of what it would have exported."""
    recorder = SpanRecorder()
    provider = TracerProvider(
        sampler=sampler,
        resource=Resource({"service.name": service}),
        id_generator=RootIdGenerator(),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(recorder)
    return provider, recorder


def tree(
    spans: Iterable[Span], *, attributes: Collection[str] = (), events: bool = False, durations: bool = False
) -> str:
    """Prints spans as a tree: a line for each, `name KIND service`, children under their parent in order of their start.

    Args:
        spans: Spans of any number of traces. One whose parent is not among them stands at the margin after `… `.
        attributes: Keys of the attributes to show, as `key=value`, where a span has them.
        events: Whether to show a span's events, each on a line of its own after `· `.
        durations: Whether to show durations, in milliseconds.
    """
    in_order = sorted(spans, key=lambda span: (span.start, span.span_id))
    known = {(span.trace_id, span.span_id) for span in in_order}
    children: dict[tuple[str, str | None], list[Span]] = {}
    roots = []
    for span in in_order:
        if span.parent_id is not None and (span.trace_id, span.parent_id) in known:
            children.setdefault((span.trace_id, span.parent_id), []).append(span)
        else:
            roots.append(span)

    def line(span: Span) -> str:
        words = [span.name, span.kind, span.service]
        words += [f"{key}={_shown(span.attributes[key])}" for key in attributes if key in span.attributes]
        if span.status != "UNSET":
            words.append(f"{span.status}: {span.status_message}" if span.status_message else span.status)
        if durations:
            words.append(f"{span.duration / 1e6:.1f} ms")
        return " ".join(word for word in words if word)

    def lines(span: Span, first: str, indent: str) -> Iterator[str]:
        yield first + line(span)
        below = children.get((span.trace_id, span.span_id), [])
        if events:
            bar = "│  " if below else "   "
            yield from (f"{indent}{bar}· {event.name}" for event in span.events)
        for child in below:
            last = child is below[-1]
            yield from lines(child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  "))

    return "\n".join(text for root in roots for text in lines(root, "" if root.parent_id is None else "… ", ""))


def _shown(value: AttributeValue) -> str:
    return value if isinstance(value, str) else repr(value)
