"""The server's internal spans, free when nobody records.

A room opens a span around its work with `with tracing.span("Get", lambda: {...}) as span:` and marks steps with `span.event(…)`. Whether
anything is recorded was decided by the server span: if the current span does not record, no span object, no attribute and no context
is made, and the room gets the one `NOT_RECORDED`. Names and attributes are those of kube-apiserver's dialect; scopes too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.util.types import AttributeValue

from rootspan.current import CURRENT, SPAN_KEY, UnsampledSpan
from rootspan_apiserver.telemetry.text_traces import TextTrace, TextTraces

COMPONENT = "k8s.io/component-base/tracing"
FILTERLATENCY = "k8s.op/apiserver/pkg/endpoints/filterlatency"
_TEXT_KEY = "rootspan_apiserver.text_trace"

Attributes = Callable[[], Mapping[str, AttributeValue]]


class Step(Protocol):
    """A span as a room sees it."""

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None: ...


class _NotRecorded:
    __slots__ = ()

    def __enter__(self) -> Step:
        return self

    def __exit__(self, *exc_info: object) -> None:
        return None

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        return None


class _Recorded:
    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        self._span.add_event(name, attributes)


class _Written:
    """A step of a trace of text, and of a span where one is recorded."""

    __slots__ = ("_span", "_text")

    def __init__(self, text: TextTrace, span: Step) -> None:
        self._text = text
        self._span = span

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        self._text.event(name, attributes)
        self._span.event(name, attributes)


NOT_RECORDED = _NotRecorded()


class Tracing:
    """Makes the internal spans with the tracers of one provider.

    Args:
        tracer_provider: Whose spans they are.
        internal: False makes none, as in the dialect of v1.22.
        texts: Writes the log's traces of what was slow; None writes none.
    """

    def __init__(
        self, tracer_provider: trace.TracerProvider, *, internal: bool = True, texts: TextTraces | None = None
    ) -> None:
        self._internal = internal
        self._texts = texts
        self._tracers = {scope: tracer_provider.get_tracer(scope) for scope in (COMPONENT, FILTERLATENCY)}

    def span(
        self, name: str, attributes: Attributes | None = None, *, scope: str = COMPONENT
    ) -> AbstractContextManager[Step]:
        """A child of the current span, current itself inside the block, ended with it."""
        current = CURRENT.get().get(SPAN_KEY)
        recorded = (
            self._internal
            and current is not None
            and type(current) is not UnsampledSpan
            and cast("trace.Span", current).is_recording()
        )
        if self._texts is not None and scope == COMPONENT:
            return self._write(self._texts, name, attributes, recorded=recorded)
        return self._record(name, attributes, scope) if recorded else NOT_RECORDED

    @contextmanager
    def _record(self, name: str, attributes: Attributes | None, scope: str) -> Iterator[Step]:
        with self._tracers[scope].start_as_current_span(
            name, attributes=attributes() if attributes else None, record_exception=False, set_status_on_exception=False
        ) as span:
            yield _Recorded(span)

    @contextmanager
    def _write(self, texts: TextTraces, name: str, attributes: Attributes | None, *, recorded: bool) -> Iterator[Step]:
        above = CURRENT.get()
        text = texts.begin(name, attributes() if attributes else {}, cast("TextTrace | None", above.get(_TEXT_KEY)))
        token = CURRENT.set(Context({**above, _TEXT_KEY: text}))
        try:
            with self._record(name, attributes, COMPONENT) if recorded else NOT_RECORDED as span:
                yield _Written(text, span)
        finally:
            CURRENT.reset(token)
            texts.end(text)
