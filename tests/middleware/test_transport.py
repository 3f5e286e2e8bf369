"""Every outgoing call carries a fresh context: the ids of its own client span, or of the span that was not recorded."""

from typing import Any, ClassVar, Self

import httpx
import pytest
from opentelemetry import baggage, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NoOpTracerProvider, Span

from rootspan import Continuation, TracingMiddleware
from rootspan.httpx import TracingTransport
from rootspan.testing import recording_provider, tree
from tests.middleware.asgi import Receive, Scope, Send, drive, hello, http_scope
from tests.middleware.clients import FORGED, Http, Upstream
from tests.middleware.samplers import CustomSampler

pytestmark = pytest.mark.anyio

SHOWN = ("http.request.method", "http.response.status_code", "error.type")


async def test_client_span_and_its_context(http: Http, upstream: Upstream) -> None:
    """Under a span of the application, the call is its child, and the header names the call's span."""
    provider, recorder = recording_provider(service="shop")
    tracer = provider.get_tracer("shop")
    async with http.opened(http.traced(provider)) as client:
        with tracer.start_as_current_span("checkout"):
            for _ in range(2):
                url = f"{upstream.url}/200?token=x&page=1#fragment"
                response = await http.call(client.get, url, headers=FORGED)
                assert response.text == "part" * 3
    first, second, checkout = recorder.spans
    assert tree(recorder.spans, attributes=SHOWN) == (
        "checkout INTERNAL shop\n"
        "├─ GET CLIENT shop http.request.method=GET http.response.status_code=200\n"
        "└─ GET CLIENT shop http.request.method=GET http.response.status_code=200"
    )
    assert first.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": httpx.URL(upstream.url).port,
        "url.full": f"{upstream.url}/200?token=REDACTED&page=1",
    }
    assert [headers["traceparent"] for headers in upstream.headers] == [
        f"00-{checkout.trace_id}-{span.span_id}-01" for span in (first, second)
    ]
    assert "evil" not in repr(upstream.headers) + repr(recorder.spans)
    assert first.scope.name == f"rootspan.{http.name}"


@pytest.mark.parametrize(("status", "error"), [(200, ""), (304, ""), (404, "404"), (503, "503")])
async def test_response_of_400_or_more_is_an_error_of_the_call(
    http: Http, upstream: Upstream, status: int, error: str
) -> None:
    """As the semantic conventions have it for clients."""
    provider, recorder = recording_provider()
    async with http.opened(http.traced(provider)) as client:
        await http.call(client.get, f"{upstream.url}/{status}")
    (span,) = recorder.spans
    assert span.attributes.get("error.type", "") == error
    assert (span.status, span.status_message) == ("ERROR" if error else "UNSET", "")


async def calls_within(http: Http, span: Span | None, sampler: Sampler) -> tuple[list[str], int]:
    """The `traceparent` headers of two calls under a span, and how many client spans were recorded."""
    provider, recorder = recording_provider(sampler=sampler)
    sent: list[str] = []

    def answer(request: Any) -> Any:
        assert not {"tracestate", "baggage"} & set(request.headers)
        sent.append(request.headers["traceparent"])
        return http.library.Response(200)

    token = attach(trace.set_span_in_context(span)) if span else None
    try:
        async with http.opened(http.traced(provider, http.answering(answer))) as client:
            for _ in range(2):
                await http.call(client.get, "http://shop.example/", headers=FORGED)
    finally:
        if token:
            detach(token)
    return sent, len(recorder.spans)


def span_of(trace_id: int, flags: int) -> Span:
    return trace.NonRecordingSpan(trace.SpanContext(trace_id, 7, is_remote=False, trace_flags=trace.TraceFlags(flags)))


@pytest.mark.parametrize(
    ("parent", "sampler", "recorded"),
    [
        (None, ALWAYS_ON, True),
        (None, ALWAYS_OFF, False),
        (None, ParentBased(TraceIdRatioBased(0.0)), False),
        (span_of(1, 0), ParentBased(ALWAYS_ON), False),
        (span_of(1, 1), ParentBased(ALWAYS_OFF), True),
        (span_of(1, 0), ALWAYS_ON, True),
        (span_of(1, 1), TraceIdRatioBased(1e-9), True),
        (span_of(2**64 - 1, 1), TraceIdRatioBased(1e-9), False),
        (span_of(1, 1), CustomSampler(), False),
        (None, CustomSampler(), False),
    ],
)
async def test_sampler_decides_for_calls_too(http: Http, parent: Span | None, sampler: Sampler, recorded: bool) -> None:
    """A call is sampled as the provider's sampler says, and its context is sent either way, with a new id each time."""
    sent, spans = await calls_within(http, parent, sampler)
    assert spans == (2 if recorded else 0)
    headers = [value.split("-") for value in sent]
    assert {fields[3] for fields in headers} == {"01" if recorded else "00"}
    assert headers[0][2] != headers[1][2]
    if parent is not None:
        assert {int(fields[1], 16) for fields in headers} == {parent.get_span_context().trace_id}
        assert "0000000000000007" not in {fields[2] for fields in headers}
    else:
        assert headers[0][1] != headers[1][1]


class Baggage(SpanProcessor):
    """Keeps the baggage of the context in which each span is started."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.seen.append(dict(baggage.get_all(parent_context)))


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ParentBased(ALWAYS_ON)])
async def test_call_is_started_in_the_current_context(http: Http, upstream: Upstream, sampler: Sampler) -> None:
    """A processor that copies the baggage into spans finds it there, with a parent and without one."""
    provider, _ = recording_provider(sampler=sampler)
    processor = Baggage()
    provider.add_span_processor(processor)
    within = baggage.set_baggage("tenant", "acme")
    for context in (within, trace.set_span_in_context(span_of(1, 1), within)):
        token = attach(context)
        async with http.opened(http.traced(provider)) as client:
            await http.call(client.get, f"{upstream.url}/200")
        detach(token)
    assert processor.seen == [{"tenant": "acme"}] * 2


async def test_without_an_sdk_nothing_is_sent(http: Http, upstream: Upstream) -> None:
    """Where nothing makes ids there is no context to send; what the request brought is taken out all the same."""
    async with http.opened(http.traced(NoOpTracerProvider())) as client:
        await http.call(client.get, f"{upstream.url}/200", headers=FORGED)
    assert not set(upstream.headers[0]) & {"traceparent", "tracestate", "baggage"}


@pytest.mark.parametrize("flags", ["00", "01"])
async def test_continued_trace_goes_on_with_its_tracestate(http: Http, upstream: Upstream, flags: str) -> None:
    """In the trace of a trusted caller, the caller's own `tracestate` is passed on, as the recommendation asks."""
    provider, _ = recording_provider(sampler=ParentBased(ALWAYS_ON))
    client = http.traced(provider)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with http.opened(client):
            await http.call(client.get, f"{upstream.url}/200")
        await hello(scope, receive, send)

    trusting = TracingMiddleware(app, tracer_provider=provider, continuation=Continuation.CONTINUE)
    traceparent = f"00-{1:032x}-{2:016x}-{flags}"
    await drive(
        trusting, http_scope(headers=[(b"traceparent", traceparent.encode()), (b"tracestate", b"vendor=opaque")])
    )
    (sent,) = upstream.headers
    version, trace_id, span_id, sent_flags = sent["traceparent"].split("-")
    assert (version, trace_id, sent_flags) == ("00", f"{1:032x}", flags)
    assert span_id != f"{2:016x}"
    assert sent["tracestate"] == "vendor=opaque"


@pytest.mark.parametrize(
    ("method", "url", "full", "address", "port"),
    [
        (
            "GET",
            "https://user:pass@shop.example/a?sig=1",
            "https://REDACTED:REDACTED@shop.example/a?sig=REDACTED",
            "shop.example",
            443,
        ),
        ("BREW", "https://shop.example/pot", "https://shop.example/pot", "shop.example", 443),
        (
            "GET",
            "http://shop.example/" + "x" * 5000,
            ("http://shop.example/" + "x" * 5000)[:1024],
            "shop.example",
            80,
        ),
        ("GET", "http://shop.example:0/", "http://shop.example:0/", "shop.example", 0),
        (
            "GET",
            "https://bücher.example:8443/",
            "https://xn--bcher-kva.example:8443/",
            "xn--bcher-kva.example",
            8443,
        ),
        ("GET", "http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/", "2001:db8::1", 8080),
        ("GET", "ws://shop.example/live", "ws://shop.example/live", "shop.example", 80),
    ],
)
async def test_attributes_of_call(http: Http, method: str, url: str, full: str, address: str, port: int) -> None:
    """Credentials and secrets are not recorded, hosts as they are sent, and unknown methods do not name spans."""
    provider, recorder = recording_provider()
    async with http.opened(http.traced(provider, http.answering(lambda _: http.library.Response(200)))) as client:
        await http.call(client.request, method, url)
    (span,) = recorder.spans
    known = method == "GET"
    assert span.name == (method if known else "HTTP")
    expected = {
        "http.request.method": method if known else "_OTHER",
        "url.full": full,
        "server.address": address,
        "server.port": port,
        "http.response.status_code": 200,
    }
    assert span.attributes == (expected if known else {**expected, "http.request.method_original": method})


async def test_sensitive_parameters_are_those_that_are_given(http: Http) -> None:
    """The argument replaces the list, as it does for the middleware."""
    provider, recorder = recording_provider()
    answering = http.answering(lambda _: http.library.Response(200))
    async with http.opened(http.traced(provider, answering, sensitive_parameters=["voucher"])) as client:
        await http.call(client.get, "http://shop.example/?voucher=1&token=2")
    (span,) = recorder.spans
    assert span.attributes["url.full"] == "http://shop.example/?voucher=REDACTED&token=2"


class RangeTransport(TracingTransport):
    """A client of a protocol of its own, over HTTP."""

    scope_name: ClassVar[str] = "kv"
    scope_version: ClassVar[str] = "3"

    def span_name(self, request: httpx.Request) -> str:
        return "kv.KV/Range"

    def request_attributes(self, request: httpx.Request) -> dict[str, str | int]:
        return {"rpc.system": "grpc"}

    def record_response(self, span: Span, response: httpx.Response) -> None:
        span.set_attribute("rpc.grpc.status_code", 0)

    def inject(self, request: httpx.Request, traceparent: str, tracestate: str) -> None:
        request.headers["Grpc-Metadata-Traceparent"] = traceparent


def test_another_protocol_overrides_the_template() -> None:
    """A subclass says what its spans are called and hold, whose they are, and where the context goes."""
    provider, recorder = recording_provider()
    sent: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(500)

    with httpx.Client(transport=RangeTransport(httpx.MockTransport(answer), tracer_provider=provider)) as client:
        client.post("http://127.0.0.1:2379/v3/kv/range")
    (span,) = recorder.spans
    assert (span.name, span.status, span.attributes, span.scope.name, span.scope.version) == (
        "kv.KV/Range",
        "UNSET",
        {"rpc.system": "grpc", "rpc.grpc.status_code": 0},
        "kv",
        "3",
    )
    assert sent[0]["grpc-metadata-traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"
    assert "traceparent" not in sent[0]


class Closing:
    """Counts how often it is entered and left."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __enter__(self) -> Self:
        self.events.append("enter")
        return self

    def close(self) -> None:
        self.events.append("close")

    async def __aenter__(self) -> Self:
        self.events.append("enter")
        return self

    async def aclose(self) -> None:
        self.events.append("close")


async def test_wrapped_transport_is_opened_and_closed(http: Http) -> None:
    """Both ways of using a client reach the transport that does the work."""
    provider, _ = recording_provider()
    inner: Any = type("ClosingTransport", (Closing, http.tracing_transport.transport_type), {})()
    async with http.opened(http.traced(provider, inner)):
        pass
    client = http.traced(provider, inner)
    await http.call(client.aclose if http.is_async else client.close)
    assert inner.events == ["enter", "close", "close"]


async def test_wrong_arguments_are_refused_when_a_transport_is_made(http: Http) -> None:
    """A transport of the other kind, of the other library, and what is no provider and no function: each by a sentence."""
    provider, _ = recording_provider()
    make, own = http.tracing_transport, http.transport()
    base = f"{http.name}.{'AsyncBaseTransport' if http.is_async else 'BaseTransport'}"
    other_kind = Http(http.name, not http.is_async).transport()
    other_library = Http("httpx" if http.name == "httpx2" else "httpx2", http.is_async).transport()
    for wrong in (other_kind, other_library, None):
        with pytest.raises(TypeError, match=f"^transport must be an {base}, not "):
            make(wrong, tracer_provider=provider)
    with pytest.raises(TypeError, match=r"^tracer_provider must be a TracerProvider, not None"):
        make(own, tracer_provider=None)
    with pytest.raises(TypeError, match=r"^meter_provider must be a MeterProvider, not <"):
        make(own, tracer_provider=provider, meter_provider=provider)
    with pytest.raises(TypeError, match=r"^span_name must be a function, not 'GET'"):
        make(own, tracer_provider=provider, span_name="GET")
    with pytest.raises(TypeError, match=r"^exclude must be a function, not True"):
        make(own, tracer_provider=provider, exclude=True)
