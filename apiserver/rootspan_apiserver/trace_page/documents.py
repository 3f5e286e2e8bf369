"""Spans and traces as the JSON documents that the page reads.

Times within a trace are nanoseconds since its first span began, which fit the numbers of JavaScript; the time of day is text.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rootspan.spans import Attributes, AttributeValue, Span

_LARGEST_INTEGER = 2**53 - 1
"""The largest integer n for which JavaScript tells n from n + 1."""
_NAMES = 50
"""The number of different span names of a trace by which it is found without reading its spans."""


def trace_document(trace_id: str, spans: Iterable[Span]) -> dict[str, Any]:
    """Return a trace with everything that is known of its spans, in the order of their start."""
    ordered = sorted(spans, key=lambda span: span.start)
    start = ordered[0].start if ordered else 0
    return {"id": trace_id, "time": _time_of_day(start), "spans": [_span(span, start) for span in ordered]}


def summary(trace_id: str, spans: Sequence[Span]) -> dict[str, Any]:
    """Return what the list of traces shows. `spans` must not be empty."""
    first = min(spans, key=lambda span: (span.parent_id is not None, span.start))
    start = min(span.start for span in spans)
    return {
        "id": trace_id,
        "name": first.name,
        "service": first.service,
        "services": sorted({span.service for span in spans}),
        "names": sorted({span.name for span in spans})[:_NAMES],
        "start": start // 1_000_000,
        "duration": max(span.end for span in spans) - start,
        "spans": len(spans),
        "errors": sum(span.status == "ERROR" for span in spans),
        "status": first.attributes.get("http.response.status_code", first.attributes.get("http.status_code")),
        "rooted": first.parent_id is None,
    }


def has_attribute(spans: Iterable[Span], key: str, value: str) -> bool:
    """Return whether a span, or its resource, has the attribute with this value as the page shows it, in any case of letters."""
    wanted = value.casefold()
    return any(
        key in attributes and wanted in shown(attributes[key]).casefold()
        for span in spans
        for attributes in (span.attributes, span.resource)
    )


def shown(value: AttributeValue) -> str:
    """Return the text of an attribute's value."""
    match value:
        case str():
            return value
        case bool() | None:
            return {True: "true", False: "false", None: ""}[value]
        case bytes():
            return f"0x{value.hex()}"
        case Mapping():
            return ", ".join(f"{key}={shown(each)}" for key, each in value.items())
        case Sequence():
            return ", ".join(shown(each) for each in value)
    return str(value)


def _span(span: Span, start: int) -> dict[str, Any]:
    return {
        "id": span.span_id,
        "parent": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "service": span.service,
        "scope": " ".join(filter(None, (span.scope.name, span.scope.version))),
        "start": span.start - start,
        "duration": span.duration,
        "time": _time_of_day(span.start),
        "status": span.status,
        "message": span.status_message,
        "traceState": span.trace_state,
        "flags": span.flags,
        "attributes": _attributes(span.attributes),
        "resource": _attributes(span.resource),
        "events": [
            {"name": event.name, "start": event.time - start, "attributes": _attributes(event.attributes)}
            for event in span.events
        ],
        "links": [
            {"trace": link.trace_id, "span": link.span_id, "attributes": _attributes(link.attributes)}
            for link in span.links
        ],
    }


def _attributes(attributes: Attributes) -> dict[str, Any]:
    return {
        key: _number(value) if isinstance(value, int | float) else shown(value) for key, value in attributes.items()
    }


def _number(value: float) -> Any:
    exact = abs(value) <= _LARGEST_INTEGER if isinstance(value, int) else math.isfinite(value)
    return value if exact else str(value)


def _time_of_day(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
