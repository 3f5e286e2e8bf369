"""A finished span as a value, independent of its source.

The same value is made from a span of the SDK in this process (`of`) and from a span that a collector received, so that
a test, a tree on a terminal and a comparison of two recordings read both alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_span_id, format_trace_id

AttributeValue = str | bool | int | float | bytes | Sequence["AttributeValue"] | Mapping[str, "AttributeValue"] | None
Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Scope:
    """The instrumentation scope: the library that made the span, and its version."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during a span; `time` is in nanoseconds since the epoch."""

    name: str
    time: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A reference from a span to a span of another trace; the ids are in lower-case hexadecimal."""

    trace_id: str
    span_id: str
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One finished span.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits.
        span_id: 16 lower-case hexadecimal digits.
        parent_id: The parent's span id, or None for the root of a trace.
        kind: `SERVER`, `CLIENT`, `INTERNAL`, `PRODUCER` or `CONSUMER`.
        service: The resource's `service.name`.
        resource: All attributes of the resource.
        start: Nanoseconds since the epoch.
        end: Nanoseconds since the epoch.
        status: `UNSET`, `OK` or `ERROR`.
        flags: The W3C trace flags: 1 for sampled.
    """

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None = None
    kind: str = "INTERNAL"
    service: str = ""
    scope: Scope = Scope()
    start: int = 0
    end: int = 0
    attributes: Attributes = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    links: tuple[SpanLink, ...] = ()
    status: str = "UNSET"
    status_message: str = ""
    trace_state: str = ""
    flags: int = 1
    resource: Attributes = field(default_factory=dict)

    @property
    def duration(self) -> int:
        """Nanoseconds from start to end."""
        return self.end - self.start

    @classmethod
    def of(cls, span: ReadableSpan) -> Self:
        """Reads a finished span of the SDK.

        Raises:
            ValueError: The span has no context, or has not ended.
        """
        context = span.get_span_context()
        if context is None or span.start_time is None or span.end_time is None:
            raise ValueError(f"the span {span.name!r} has not ended")
        scope = span.instrumentation_scope
        resource = dict(span.resource.attributes)
        return cls(
            name=span.name,
            trace_id=format_trace_id(context.trace_id),
            span_id=format_span_id(context.span_id),
            parent_id=format_span_id(span.parent.span_id) if span.parent else None,
            kind=span.kind.name,
            service=str(resource.get("service.name", "")),
            scope=Scope(scope.name, scope.version or "") if scope else Scope(),
            start=span.start_time,
            end=span.end_time,
            attributes=dict(span.attributes or {}),
            events=tuple(Event(event.name, event.timestamp, dict(event.attributes or {})) for event in span.events),
            links=tuple(
                SpanLink(
                    format_trace_id(link.context.trace_id),
                    format_span_id(link.context.span_id),
                    dict(link.attributes or {}),
                )
                for link in span.links
            ),
            status=span.status.status_code.name,
            status_message=span.status.description or "",
            trace_state=context.trace_state.to_header(),
            flags=int(context.trace_flags),
            resource=resource,
        )
