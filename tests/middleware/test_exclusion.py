"""Requests that are excluded from tracing: nothing that happens in them is recorded, by any sampler."""

from collections.abc import Sequence

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from rootspan import Continuation, TracingMiddleware
from rootspan.httpx import AsyncTracingTransport
from rootspan.testing import SpanRecorder, recording_provider
from tests.middleware.asgi import HOSTILE_HEADERS, Receive, Scope, Send, drive, hello, http_scope

pytestmark = pytest.mark.anyio


class EverythingSampler(Sampler):
    """A sampler of the user's that samples every span, whatever its parent."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)

    def get_description(self) -> str:
        return "everything"


SAMPLERS = [ALWAYS_ON, TraceIdRatioBased(1.0), ParentBased(ALWAYS_ON), EverythingSampler()]


def provider_of_the_user(sampler: Sampler) -> tuple[TracerProvider, SpanRecorder]:
    provider, recorder = TracerProvider(sampler=sampler, shutdown_on_exit=False), SpanRecorder()
    provider.add_span_processor(recorder)
    return provider, recorder


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler.get_description())
@pytest.mark.parametrize("continuation", [Continuation.RESTART_WITHOUT_LINK, Continuation.CONTINUE])
async def test_excluded_request_leaves_no_orphan(sampler: Sampler, continuation: Continuation) -> None:
    """Spans by hand, spans of a tracer that extracts the headers, and client spans are all dropped; contexts go out unsampled."""
    provider, recorder = provider_of_the_user(sampler)
    early = provider.get_tracer("made before the middleware")
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["traceparent"])
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=AsyncTracingTransport(httpx.MockTransport(answer), tracer_provider=provider))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        for tracer in (early, provider.get_tracer("made in the request")):
            tracer.start_span("adopting", extract(headers), SpanKind.SERVER).end()
            with tracer.start_as_current_span("by hand"):
                await client.get("http://stock.example/")
                carrier: dict[str, str] = {}
                inject(carrier)
                sent.append(carrier["traceparent"])
        await hello(scope, receive, send)

    traced = TracingMiddleware(
        app, tracer_provider=provider, exclude=lambda scope: scope["path"] == "/healthz", continuation=continuation
    )
    await drive(traced, http_scope("/healthz", headers=HOSTILE_HEADERS))
    assert recorder.spans == []
    assert [value[-2:] for value in sent] == ["00"] * 4
    await drive(traced, http_scope("/orders"))
    assert [span.name for span in recorder.spans if span.kind == "SERVER"] == ["adopting", "adopting", "GET"]
    assert {span.trace_id for span in recorder.spans} == {recorder.spans[-1].trace_id}
    assert [value[-2:] for value in sent[4:]] == ["01"] * 4


async def test_sampler_that_follows_the_parent_is_left_as_it_is() -> None:
    """Nothing of the provider is changed where nothing has to be."""
    sampler = ParentBased(ALWAYS_ON)
    provider, _ = provider_of_the_user(sampler)
    TracingMiddleware(hello, tracer_provider=provider, exclude=lambda scope: True)
    assert provider.sampler is sampler


async def test_exclusion_is_not_asked_for_unsampled_requests() -> None:
    """An unsampled request is silent anyway."""
    provider, recorder = recording_provider(sampler=ParentBased(TraceIdRatioBased(1e-12)))
    asked: list[Scope] = []

    def exclude(scope: Scope) -> bool:
        asked.append(scope)
        return True

    await drive(TracingMiddleware(hello, tracer_provider=provider, exclude=exclude), http_scope())
    assert (asked, recorder.spans) == ([], [])


@pytest.mark.parametrize("key", ["suppress_instrumentation", "suppress_http_instrumentation"])
async def test_suppressed_instrumentation_makes_no_server_span(key: str) -> None:
    """`suppress_instrumentation()` around a server in the same process is honoured; a caller's context still goes nowhere."""
    provider, recorder = recording_provider()
    inside: list[tuple[bool, list[bytes]]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_valid = trace.get_current_span().get_span_context().is_valid
        inside.append((is_valid, [name for name, _ in scope["headers"]]))
        await hello(scope, receive, send)

    from opentelemetry import context

    names = {
        "suppress_instrumentation": "suppress_instrumentation",
        "suppress_http_instrumentation": context._SUPPRESS_HTTP_INSTRUMENTATION_KEY,
    }
    token = attach(set_value(names[key], True))
    try:
        await drive(TracingMiddleware(app, tracer_provider=provider), http_scope(headers=HOSTILE_HEADERS))
    finally:
        detach(token)
    assert (inside, recorder.spans) == ([(False, [b"host"])], [])
