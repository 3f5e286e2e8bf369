"""Every operation's trace, compared whole with a literal: `traces.txt` has the outlines, one for all operations that have the same."""

from collections.abc import Iterator

import pytest

from rootspan_apiserver.conformance.recording import Recorded, RecordedSpan
from tests.apiserver.conformance.literals import EXPECTED
from tests.apiserver.conformance.outline import outline

OTELHTTP = ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.65.0")
OTELGRPC = ("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.65.0")
COMPONENT = ("k8s.io/component-base/tracing", "")
FILTERLATENCY = ("k8s.op/apiserver/pkg/endpoints/filterlatency", "")

VERB = "accept audit-id client api-group api-version name subresource namespace protocol resource scope url user-agent verb"
WRITTEN = "audit-id method url protocol mediaType encoder"
STORED = "audit-id key type group resource"
CALLED = "configuration webhook resource subresource operation UID"
LISTED = "audit-id key resourceVersion resourceVersionMatch limit continue"
INTERNAL = {
    **dict.fromkeys(("Create", "Update", "Patch", "Delete", "Get", "List", "WatchList"), VERB),
    **dict.fromkeys(("SerializeObject", "WatchServer.HandleHTTP"), WRITTEN),
    **dict.fromkeys(("Create etcd3", "GuaranteedUpdate etcd3"), STORED),
    **dict.fromkeys(("Call mutating webhook", "Call validating webhook"), CALLED),
    **dict.fromkeys(("cacher.GetList", "cacher.Watch"), "audit-id type"),
    "cacher.Get": "audit-id key resource-version",
    "List(recursive=false) etcd3": LISTED,
}
FILTERS = ("authentication", "audit", "constrainedimpersonation", "priorityandfairness", "authorization")
SERVER = {
    *("server.address", "server.port", "http.request.method", "url.scheme", "url.path", "http.target", "audit-id"),
    *("network.peer.address", "network.peer.port", "network.protocol.version", "client.address", "user_agent.original"),
    *("http.response.body.size", "http.response.status_code"),
}
CLIENT = {"http.request.method", "url.full", "server.address", "server.port", "network.protocol.version"}
RPC = {"rpc.system.name", "rpc.method", "server.address", "server.port", "rpc.response.status_code"}
MESSAGE = {"rpc.message.type", "rpc.message.id", "rpc.message.compressed_size", "rpc.message.uncompressed_size"}
NUMBERS = frozenset(
    {"server.port", "network.peer.port", "http.response.body.size", "http.request.body.size", "limit"}
) | {"http.response.status_code"}


@pytest.mark.parametrize("name", EXPECTED)
def test_trace_is_the_literal(recording: dict[str, Recorded], name: str) -> None:
    """Spans, nesting, order, events, statuses and what attributes say are those of kube-apiserver v1.36."""
    status, tree = EXPECTED[name]
    assert outline(recording[name]) == tree
    assert recording[name].status == status


def test_no_operation_is_left_out(recording: dict[str, Recorded]) -> None:
    """There is a literal for every operation that is recorded."""
    assert recording.keys() == EXPECTED.keys()


def test_every_span_has_the_kind_the_scope_and_the_keys_of_its_name(recording: dict[str, Recorded]) -> None:
    """Whatever the operation, a span's name says which instrumentation made it and which attributes it has, of which types."""
    spans = [span for recorded in recording.values() if recorded.trace for span in _all(recorded.trace)]
    assert len(spans) > len(recording)
    for span in spans:
        kind, scope, keys, optional = _rule(span)
        assert (span.kind, span.scope) == (kind, scope), span.name
        assert keys <= span.attributes.keys() <= keys | optional, span.name
        assert {key for key, value in span.attributes.items() if isinstance(value, int)} <= NUMBERS, span.name
        for name, attributes in span.events:
            assert (name == "message") == (kind == "CLIENT" and scope == OTELGRPC)
            assert name != "message" or attributes.keys() == MESSAGE


def test_link_is_to_the_callers_span(recording: dict[str, Recorded]) -> None:
    """Where the operator asks for links, a stranger's `traceparent` becomes one, and nothing else."""
    trace = recording["403-linked"].trace
    assert trace is not None
    assert trace.links == (("1111111111111111111111111111111a", "b7ad6b7169203331"),)
    plain = recording["403"].trace
    assert plain is not None
    assert plain.links == ()


def test_one_request_has_one_audit_id(recording: dict[str, Recorded]) -> None:
    """The answer's `Audit-Id` is on the server span, the verb's and every other that has one."""
    for name, recorded in recording.items():
        assert recorded.trace is not None
        below = [span for span in _all(recorded.trace) if name != "cm-create-no-namespace" or span is recorded.trace]
        ids = {span.attributes["audit-id"] for span in below if "audit-id" in span.attributes}
        assert ids == {recorded.headers["audit-id"]}, name


def _rule(span: RecordedSpan) -> tuple[str, tuple[str, str], set[str], set[str]]:
    """Kind, scope, the attributes that must be there, and those that may."""
    if span.name in FILTERS:
        return "INTERNAL", FILTERLATENCY, set(), set()
    if span.name in INTERNAL:
        return "INTERNAL", COMPONENT, set(INTERNAL[span.name].split()), set()
    if span.name.startswith("etcdserverpb."):
        return "CLIENT", OTELGRPC, RPC, set()
    if span.name.startswith("HTTP "):
        return "CLIENT", OTELHTTP, CLIENT, {"http.response.status_code", "error.type"}
    return "SERVER", OTELHTTP, SERVER, {"http.request.body.size"}


def _all(span: RecordedSpan) -> Iterator[RecordedSpan]:
    yield span
    for child in span.children:
        yield from _all(child)


def test_no_span_outlives_its_parent(recording: dict[str, Recorded]) -> None:
    """In every recorded operation each span lies within the span above it: filters end with the answer, innermost first."""
    pairs = [
        (operation, above, span)
        for operation, recorded in recording.items()
        if recorded.trace is not None
        for above, span in with_parents(recorded.trace)
    ]
    assert len(pairs) > 500
    late = [
        (operation, above.name, span.name)
        for operation, above, span in pairs
        if not above.start <= span.start or span.end > above.end
    ]
    assert late == []


def with_parents(span: RecordedSpan) -> Iterator[tuple[RecordedSpan, RecordedSpan]]:
    for child in span.children:
        yield span, child
        yield from with_parents(child)
