"""The server's internal spans, free when nobody records.

A room opens a span around its work with `with tracing.span("Get", lambda: {...}) as span:` and marks steps with `span.event(…)`. Whether
anything is recorded was decided by the server span: if the current span does not record, no span object, no attribute and no context
is made, and the room gets the one `NOT_RECORDED`. Names and attributes are those of kube-apiserver's dialect; scopes too.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from opentelemetry import trace
from opentelemetry.util.types import AttributeValue

COMPONENT = "k8s.io/component-base/tracing"
FILTERLATENCY = "k8s.op/apiserver/pkg/endpoints/filterlatency"

Attributes = Callable[[], Mapping[str, AttributeValue]]


class Step(Protocol):
    """A span as a room sees it."""

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None: ...


class _NotRecorded:
    __slots__ = ()

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        return None


class _Recorded:
    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def event(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        self._span.add_event(name, attributes)


NOT_RECORDED = _NotRecorded()
_NOTHING: AbstractContextManager[Step] = nullcontext(NOT_RECORDED)


class Tracing:
    """Makes the internal spans with the tracers of one provider; `internal=False` makes none (the dialect of v1.22)."""

    def __init__(self, tracer_provider: trace.TracerProvider, *, internal: bool = True) -> None:
        self._internal = internal
        self._tracers = {scope: tracer_provider.get_tracer(scope) for scope in (COMPONENT, FILTERLATENCY)}

    def span(
        self, name: str, attributes: Attributes | None = None, *, scope: str = COMPONENT
    ) -> AbstractContextManager[Step]:
        """A child of the current span, current itself inside the block, ended with it."""
        if not self._internal or not trace.get_current_span().is_recording():
            return _NOTHING
        return self._record(name, attributes, scope)

    @contextmanager
    def _record(self, name: str, attributes: Attributes | None, scope: str) -> Iterator[Step]:
        with self._tracers[scope].start_as_current_span(
            name, attributes=attributes() if attributes else None, record_exception=False, set_status_on_exception=False
        ) as span:
            yield _Recorded(span)
