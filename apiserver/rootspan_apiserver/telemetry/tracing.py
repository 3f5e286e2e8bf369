"""The server's internal spans, at no cost when nothing is recorded.

    with tracing.span(operations.GET, lambda: facts(name=name)) as span:
        span.event(events.GETTING)

Whether anything is recorded was decided with the server span. If the current span does not record, no span object, attribute or context
is made, and the block gets `NOT_RECORDED`. Names, attribute keys and scopes are those of the emulated version's dialect.

Upstream: staging/src/k8s.io/component-base/tracing/tracing.go
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.util.types import AttributeValue

from rootspan.current import CURRENT, SPAN_KEY, UnsampledSpan
from rootspan_apiserver.dialects.dialect import Dialect, EventDescription, Facts, SpanDescription, attributes, facts
from rootspan_apiserver.dialects.events import SpanEvent
from rootspan_apiserver.dialects.operations import InternalOperation
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.telemetry.audit_id import audit_id
from rootspan_apiserver.telemetry.text_traces import TextTrace, TextTraces

_TEXT_KEY = "rootspan_apiserver.text_trace"

FactsOf = Callable[[], Facts]
Events = Mapping[SpanEvent, EventDescription]


class InternalSpan(Protocol):
    """The open span of an operation."""

    def event(self, event: SpanEvent, **given: AttributeValue) -> None:
        """Record that something has happened, and the facts of it."""


class _NotRecorded:
    __slots__ = ()

    def __enter__(self) -> InternalSpan:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def event(self, event: SpanEvent, **given: AttributeValue) -> None:
        return None


class _Recorded:
    __slots__ = ("_events", "_span")

    def __init__(self, span: trace.Span, events: Events) -> None:
        self._span = span
        self._events = events

    def event(self, event: SpanEvent, **given: AttributeValue) -> None:
        if (described := self._events.get(event)) is not None:
            self._span.add_event(described.name, attributes(described.keys, given))


class _Written:
    """An operation in a text trace, and its span if that is recorded."""

    __slots__ = ("_events", "_span", "_text")

    def __init__(self, text: TextTrace, span: InternalSpan, events: Events) -> None:
        self._text = text
        self._span = span
        self._events = events

    def event(self, event: SpanEvent, **given: AttributeValue) -> None:
        if (described := self._events.get(event)) is not None:
            self._text.step(described.name, attributes(described.keys, given))
        self._span.event(event, **given)


NOT_RECORDED = _NotRecorded()


class Tracing:
    """Makes the internal spans.

    Args:
        tracer_provider: Makes the tracers.
        dialect: Which operations have a span, and how it is described.
        texts: Writes text traces of slow operations to the log. None writes none.
    """

    def __init__(
        self, tracer_provider: trace.TracerProvider, dialect: Dialect = DEFAULT, *, texts: TextTraces | None = None
    ) -> None:
        self._spans = dialect.spans
        self._text_traces = dialect.text_traces
        self._events = dialect.events
        self._texts = texts
        scopes = {described.scope for described in dialect.spans.values()}
        self._tracers = {scope: tracer_provider.get_tracer(scope) for scope in scopes}

    def span(self, operation: InternalOperation, facts_of: FactsOf = facts) -> AbstractContextManager[InternalSpan]:
        """Return a context manager: inside it a child of the current span is current, and is ended on leaving.

        Args:
            operation: What the block does.
            facts_of: Returns the facts of the operation, but for the audit id. It is called only if something is recorded.
        """
        current = CURRENT.get().get(SPAN_KEY)
        described = None
        if current is not None and type(current) is not UnsampledSpan and cast("trace.Span", current).is_recording():
            described = self._spans.get(operation)
        if self._texts is not None and (text := self._text_traces.get(operation)) and text.slow_after is not None:
            return self._write(self._texts, text, described, facts_of)
        return NOT_RECORDED if described is None else self._record(described, facts_of)

    @contextmanager
    def _record(self, described: SpanDescription, facts_of: FactsOf) -> Iterator[InternalSpan]:
        with self._tracers[described.scope].start_as_current_span(
            described.name,
            attributes=_attributes(described, facts_of),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _Recorded(span, self._events)

    @contextmanager
    def _write(
        self, texts: TextTraces, written: SpanDescription, recorded: SpanDescription | None, facts_of: FactsOf
    ) -> Iterator[InternalSpan]:
        above = CURRENT.get()
        text = texts.begin(
            written.name,
            _attributes(written, facts_of),
            above=cast("TextTrace | None", above.get(_TEXT_KEY)),
            threshold=written.slow_after or 0,
        )
        token = CURRENT.set(Context({**above, _TEXT_KEY: text}))
        try:
            with NOT_RECORDED if recorded is None else self._record(recorded, facts_of) as span:
                yield _Written(text, span, self._events)
        finally:
            CURRENT.reset(token)
            texts.end(text)


def _attributes(described: SpanDescription, facts_of: FactsOf) -> dict[str, AttributeValue]:
    if not described.keys:
        return {}
    return attributes(described.keys, {**facts_of(), "audit_id": audit_id.get()})
