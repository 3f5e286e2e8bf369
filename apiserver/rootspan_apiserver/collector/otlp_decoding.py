"""Decode OTLP's protobuf spans into `rootspan.spans.Span` values.

OTLP has renamed fields since its first release, but not renumbered them: the instrumentation libraries of `opentelemetry-go` 0.20 (which
etcd 3.5.1 sends) are decoded as scopes.
"""

from collections.abc import Iterable

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from rootspan.spans import Attributes, AttributeValue, Event, Scope, Span, SpanLink

_KINDS = {
    SpanMessage.SPAN_KIND_SERVER: "SERVER",
    SpanMessage.SPAN_KIND_CLIENT: "CLIENT",
    SpanMessage.SPAN_KIND_PRODUCER: "PRODUCER",
    SpanMessage.SPAN_KIND_CONSUMER: "CONSUMER",
}
_STATUSES = {Status.STATUS_CODE_OK: "OK", Status.STATUS_CODE_ERROR: "ERROR"}
_TRACE_FLAGS = 0xFF
_SAMPLED = 1


def decode_spans(request: ExportTraceServiceRequest) -> tuple[list[Span], list[str]]:
    """Return the valid spans of an export request, and an error message for each invalid one."""
    spans: list[Span] = []
    faults: list[str] = []
    for of_resource in request.resource_spans:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            scope = of_scope.scope
            for message in of_scope.spans:
                if fault := _fault(message):
                    faults.append(fault)
                else:
                    spans.append(_span(message, resource, scope))
    return spans, faults


def _fault(message: SpanMessage) -> str | None:
    for name, value, size in (("trace_id", message.trace_id, 16), ("span_id", message.span_id, 8)):
        if len(value) != size or not any(value):
            return f"span {message.name!r}: {name} must be {size} bytes, not all zero; got {value.hex() or 'nothing'}"
    return None


def _span(message: SpanMessage, resource: Attributes, scope: InstrumentationScope) -> Span:
    return Span(
        name=message.name,
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        parent_id=message.parent_span_id.hex() if any(message.parent_span_id) else None,
        kind=_KINDS.get(message.kind, "INTERNAL"),
        service=str(resource.get("service.name", "")),
        scope=Scope(scope.name, scope.version),
        start=message.start_time_unix_nano,
        end=message.end_time_unix_nano,
        attributes=_attributes(message.attributes),
        events=tuple(
            Event(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in message.events
        ),
        links=tuple(
            SpanLink(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes)) for link in message.links
        ),
        status=_STATUSES.get(message.status.code, "UNSET"),
        status_message=message.status.message,
        trace_state=message.trace_state,
        flags=message.flags & _TRACE_FLAGS or _SAMPLED,
        resource=resource,
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, AttributeValue]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> AttributeValue:
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return tuple(_value(item) for item in value.array_value.values)
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case field:
            scalar: str | bool | int | float | bytes = getattr(value, field)
            return scalar
