"""A new version is one object: the server speaks a dialect that no file of it knows."""

from dataclasses import replace

import anyio
import httpx
import pytest
from opentelemetry.trace import Span

from rootspan.testing import recording_provider, tree
from rootspan_apiserver.dialects.dialect import AttributeKeys, EventDescription, SpanDescription, keys
from rootspan_apiserver.dialects.otel_0_65 import EtcdSpans065, HTTPClientSpans065, ServerSpan065
from rootspan_apiserver.dialects.server_span import Scope
from rootspan_apiserver.dialects.v1_36 import V1_36
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from tests.apiserver.handlers.conftest import serve

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
CREATE = """
NEW POST SERVER apiserver
└─ new authentication INTERNAL apiserver
   └─ new audit INTERNAL apiserver
      └─ new constrainedimpersonation INTERNAL apiserver
         └─ new priorityandfairness INTERNAL apiserver
            └─ new authorization INTERNAL apiserver
               └─ new Create INTERNAL apiserver
                  ├─ new Create etcd3 INTERNAL apiserver
                  └─ new SerializeObject INTERNAL apiserver
"""


class NewServerSpan(ServerSpan065):
    scope_name = "new/otelhttp"
    scope_version = "9.9.9"

    @staticmethod
    def span_name(scope: Scope) -> str:
        return f"NEW {scope['method']}"

    @staticmethod
    def describe(span: Span, scope: Scope, audit_id: str) -> None:
        span.set_attribute("new.audit-id", audit_id)

    @staticmethod
    def record_sizes(span: Span, *, read: int, written: int) -> None:
        span.set_attribute("new.read", read)


class NewHTTPClientSpans(HTTPClientSpans065):
    def span_name(self, request: httpx.Request) -> str:
        return f"NEW {request.method}"


class NewEtcdSpans(EtcdSpans065):
    scope_version = "9.9.9"

    def span_name(self, request: httpx.Request) -> str:
        return "NEW rpc"

    def record_sent(self, span: Span, *, number: int, size: int, time: int) -> None:
        """Record no messages, like otelgrpc from 0.68 on."""

    def record_received(self, span: Span, *, number: int, size: int) -> None:
        """Record no messages."""


def renamed(old: AttributeKeys) -> AttributeKeys:
    return keys(**{fact: f"new.{key}" for fact, key in old.items()})


def span_of(old: SpanDescription) -> SpanDescription:
    return replace(old, name=f"new {old.name}", scope=f"new/{old.scope}", keys=renamed(old.keys))


SPANS = {operation: span_of(old) for operation, old in V1_36.spans.items()}
NEW = replace(
    V1_36,
    version="9.9",
    server_span=NewServerSpan,
    http_client=NewHTTPClientSpans,
    etcd_client=NewEtcdSpans,
    spans=SPANS,
    text_traces=SPANS,
    events={event: EventDescription(f"new {old.name}", renamed(old.keys)) for event, old in V1_36.events.items()},
)


async def test_request_has_only_names_of_the_dialect() -> None:
    """Every internal span, event, attribute key and scope of a create is the new dialect's."""
    async with serve(dialect=NEW) as server:
        answer = await server.client.post(MAPS, json={"metadata": {"name": "one"}})
        spans = await anyio.to_thread.run_sync(server.recorder.wait_for, len(CREATE.strip().splitlines()))
    assert answer.status_code == 201
    assert tree(spans) == CREATE.strip()
    (root,) = [span for span in spans if span.kind == "SERVER"]
    assert (root.scope.name, root.scope.version) == ("new/otelhttp", "9.9.9")
    assert (root.attributes["new.audit-id"], root.attributes["new.read"]) == (answer.headers["audit-id"], 27)
    for span in spans:
        assert span.scope.name.startswith("new/")
        if span is not root:
            assert all(key.startswith("new.") for key in span.attributes)
        assert all(event.name.startswith("new ") for event in span.events)
        assert all(key.startswith("new.") for event in span.events for key in event.attributes)
    assert {event.name for span in spans for event in span.events} >= {"new Conversion done", "new Encode succeeded"}


async def test_operation_and_event_that_are_left_out_are_not_recorded() -> None:
    """A version without a span or an event has none; what is below the span is a child of the one above."""
    described = {operation: old for operation, old in V1_36.spans.items() if old.name != "Create"}
    events = {event: old for event, old in V1_36.events.items() if old.name != "About to Encode"}
    async with serve(dialect=replace(V1_36, spans=described, events=events)) as server:
        await server.client.post(MAPS, json={"metadata": {"name": "one"}})
        spans = await anyio.to_thread.run_sync(server.recorder.wait_for, len(CREATE.strip().splitlines()) - 1)
    by_name = {span.name: span for span in spans}
    assert "Create" not in by_name
    assert by_name["Create etcd3"].parent_id == by_name["authorization"].span_id
    assert by_name["Create etcd3"].events[0].name == "Encode succeeded"


async def test_calls_to_etcd_have_the_names_of_the_dialect() -> None:
    """The transport to etcd is the dialect's, messages included."""
    provider, recorder = recording_provider()
    async with (
        EmbeddedEtcd() as embedded,
        EtcdClient([URL], transport=lambda: NEW.etcd_client(embedded.transport(), tracer_provider=provider)) as client,
    ):
        await client.range(b"k")
    (span,) = recorder.spans
    assert (span.name, span.scope.version, span.events) == ("NEW rpc", "9.9.9", ())
