"""The spans of a trace as a collector would receive them."""

from rootspan.spans import Event, Scope, Span, SpanLink

START = 1_700_000_000_123_456_789
MILLISECOND = 1_000_000
OTHER = "ff" * 16
"""The trace to which a span links."""


def request_trace(number: int, *, failed: bool = False, name: str = "Create") -> list[Span]:
    """Return a SERVER span of 8 ms, with a child of the service `etcd` and an INTERNAL one that calls a webhook."""
    trace = f"{number:032x}"
    start = START + number * 1_000 * MILLISECOND

    def span(own: int, parent: int | None, begun: int, lasted: int, **fields: object) -> Span:
        times = {"start": start + begun * MILLISECOND, "end": start + (begun + lasted) * MILLISECOND}
        ids = {"trace_id": trace, "span_id": f"{own:016x}", "parent_id": f"{parent:016x}" if parent else None}
        return Span(**ids, **times, service=fields.pop("service", "apiserver"), **fields)  # type: ignore[arg-type] # a table of fields

    return [
        span(
            1,
            None,
            0,
            8,
            name="POST /api/v1/namespaces/{:namespace}/configmaps",
            kind="SERVER",
            attributes={"http.response.status_code": 500 if failed else 201, "audit-id": f"audit-{number}"},
        ),
        span(2, 1, 1, 6, name=name, events=(Event("About to store", start + 3 * MILLISECOND, {"size": 7}),)),
        span(
            3,
            2,
            2,
            2,
            name="HTTP POST",
            kind="CLIENT",
            scope=Scope("otelhttp", "0.65.0"),
            status="ERROR" if failed else "UNSET",
            status_message="connection refused" if failed else "",
        ),
        span(4, 2, 5, 1, name="etcdserverpb.KV/Txn", service="etcd", links=(SpanLink(OTHER, "ee" * 8),)),
    ]
