"""Every outgoing call carries a fresh context: the ids of its own client span, or of the span that was not recorded."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import ClassVar, Self

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NoOpTracerProvider, Span

from rootspan import Continuation, TracingMiddleware
from rootspan.httpx import TracingTransport
from rootspan.testing import recording_provider, tree
from tests.middleware.asgi import Receive, Scope, Send, drive, hello, http_scope, serving
from tests.middleware.test_sampling import OfTheUser

pytestmark = pytest.mark.anyio

FORGED = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "TraceState": "evil=state",
    "BAGGAGE": "evil=baggage",
}
SHOWN = ("http.request.method", "http.response.status_code", "error.type")


class Upstream:
    """Answers over a real socket and keeps the headers that it was sent."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    app = Upstream()
    async with serving(app) as address:
        yield f"http://{address}", app.headers


async def test_a_client_span_and_its_context(upstream: tuple[str, list[dict[str, str]]]) -> None:
    """Under a span of the application, the call is its child, and the header names the call's span."""
    url, seen = upstream
    provider, recorder = recording_provider(service="shop")
    tracer = provider.get_tracer("shop")
    transport = TracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider)
    async with httpx.AsyncClient(transport=transport) as client:
        with tracer.start_as_current_span("checkout"):
            for _ in range(2):
                response = await client.get(f"{url}/200?token=x&page=1#fragment", headers=FORGED)
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
        "server.port": httpx.URL(url).port,
        "url.full": f"{url}/200?token=REDACTED&page=1",
    }
    assert [headers["traceparent"] for headers in seen] == [
        f"00-{checkout.trace_id}-{span.span_id}-01" for span in (first, second)
    ]
    assert "evil" not in repr(seen) + repr(recorder.spans)
    assert first.scope.name == "rootspan.httpx"


def test_the_same_class_is_a_synchronous_transport() -> None:
    """`httpx.Client` takes it too; spans and headers are the same."""
    provider, recorder = recording_provider()
    app = Upstream()
    started = threading.Event()
    stop = asyncio.Event()
    addresses: list[str] = []

    async def serve() -> None:
        async with serving(app) as address:
            addresses.append(address)
            started.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    server = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    server.start()
    try:
        assert started.wait(10)
        url = f"http://{addresses[0]}"
        with httpx.Client(transport=TracingTransport(httpx.HTTPTransport(), tracer_provider=provider)) as client:
            assert client.post(f"{url}/200", headers=FORGED).text == "part" * 3
            with client.stream("GET", f"{url}/404") as response:
                parts = response.iter_raw()
                assert next(parts) == b"part"
                assert len(recorder.spans) == 1
            assert len(recorder.spans) == 2
    finally:
        loop.call_soon_threadsafe(stop.set)
        server.join(10)
        loop.close()
    assert tree(recorder.spans, attributes=SHOWN[1:]) == (
        "POST CLIENT test http.response.status_code=200\n"
        "GET CLIENT test http.response.status_code=404 error.type=404 ERROR"
    )
    assert [headers["traceparent"] for headers in app.headers] == [
        f"00-{span.trace_id}-{span.span_id}-01" for span in recorder.spans
    ]
    assert "evil" not in repr(app.headers)


@pytest.mark.parametrize(("status", "error"), [(200, ""), (304, ""), (404, "404"), (503, "503")])
async def test_a_response_of_400_or_more_is_an_error_of_the_call(
    upstream: tuple[str, list[dict[str, str]]], status: int, error: str
) -> None:
    """As the semantic conventions have it for clients."""
    provider, recorder = recording_provider()
    transport = TracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(f"{upstream[0]}/{status}")
    (span,) = recorder.spans
    assert span.attributes.get("error.type", "") == error
    assert (span.status, span.status_message) == ("ERROR" if error else "UNSET", "")


async def test_a_stream_ends_its_span_when_it_is_closed(upstream: tuple[str, list[dict[str, str]]]) -> None:
    """The span lasts for the body: until it is read to its end, or closed before."""
    provider, recorder = recording_provider()
    transport = TracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider)
    async with httpx.AsyncClient(transport=transport) as client:
        async with client.stream("GET", f"{upstream[0]}/200") as response:
            async for _ in response.aiter_raw():
                assert recorder.spans == []
                break
        assert len(recorder.spans) == 1
        async with client.stream("GET", f"{upstream[0]}/200") as response:
            await response.aread()
            assert len(recorder.spans) == 2
    assert {span.status for span in recorder.spans} == {"UNSET"}


async def test_errors_of_the_connection_and_of_the_body() -> None:
    """The type of the error is recorded, once, and its message is not."""
    provider, recorder = recording_provider()

    async def breaking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
        writer.close()
        await writer.wait_closed()

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(await asyncio.start_server(breaking, "127.0.0.1", 0))
        port = server.sockets[0].getsockname()[1]
        transport = TracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{port}/")
    async with httpx.AsyncClient(
        transport=TracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider)
    ) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")
    assert tree(recorder.spans, attributes=SHOWN[1:]) == (
        "GET CLIENT test http.response.status_code=200 error.type=httpx.RemoteProtocolError ERROR\n"
        "GET CLIENT test error.type=httpx.ConnectError ERROR"
    )
    assert {span.status_message for span in recorder.spans} == {""}


async def test_a_cancelled_call_ends_its_span() -> None:
    """A call that is given up is recorded with the error that gave it up."""
    provider, recorder = recording_provider()
    asked = asyncio.Event()

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await asyncio.Event().wait()

    transport = TracingTransport(httpx.ASGITransport(never), tracer_provider=provider)
    async with httpx.AsyncClient(transport=transport) as client:
        call = asyncio.create_task(client.get("http://shop.example/"))
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert tree(recorder.spans, attributes=SHOWN[1:]) == (
        "GET CLIENT test error.type=asyncio.exceptions.CancelledError ERROR"
    )


async def calls_within(span: Span | None, sampler: Sampler) -> tuple[list[str], int]:
    """The `traceparent` headers of two calls under a span, and how many client spans were recorded."""
    provider, recorder = recording_provider(sampler=sampler)
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        assert not {"tracestate", "baggage"} & set(request.headers)
        sent.append(request.headers["traceparent"])
        return httpx.Response(200)

    transport = TracingTransport(httpx.MockTransport(answer), tracer_provider=provider)
    token = attach(trace.set_span_in_context(span)) if span else None
    try:
        async with httpx.AsyncClient(transport=transport) as client:
            for _ in range(2):
                await client.get("http://shop.example/", headers=FORGED)
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
        (span_of(1, 1), OfTheUser(), False),
        (None, OfTheUser(), False),
    ],
)
async def test_the_sampler_decides_for_calls_too(parent: Span | None, sampler: Sampler, recorded: bool) -> None:
    """A call is sampled as the provider's sampler says, and its context is sent either way, with a new id each time."""
    sent, spans = await calls_within(parent, sampler)
    assert spans == (2 if recorded else 0)
    headers = [value.split("-") for value in sent]
    assert {fields[3] for fields in headers} == {"01" if recorded else "00"}
    assert headers[0][2] != headers[1][2]
    if parent is not None:
        assert {int(fields[1], 16) for fields in headers} == {parent.get_span_context().trace_id}
        assert "0000000000000007" not in {fields[2] for fields in headers}
    else:
        assert headers[0][1] != headers[1][1]


async def test_without_an_sdk_nothing_is_sent() -> None:
    """Where nothing makes ids there is no context to send; what the request brought is taken out all the same."""
    seen: list[set[str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(set(request.headers))
        return httpx.Response(200)

    transport = TracingTransport(httpx.MockTransport(answer), tracer_provider=NoOpTracerProvider())
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://shop.example/", headers=FORGED)
    assert not seen[0] & {"traceparent", "tracestate", "baggage"}


@pytest.mark.parametrize("flags", ["00", "01"])
async def test_a_continued_trace_goes_on_with_its_tracestate(flags: str) -> None:
    """In the trace of a trusted caller, the caller's own `tracestate` is passed on, as the recommendation asks."""
    provider, _ = recording_provider(sampler=ParentBased(ALWAYS_ON))
    sent: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(dict(request.headers))
        return httpx.Response(200)

    transport = TracingTransport(httpx.MockTransport(answer), tracer_provider=provider)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("http://shop.example/")
        await hello(scope, receive, send)

    trusting = TracingMiddleware(app, tracer_provider=provider, continuation=Continuation.CONTINUE)
    traceparent = f"00-{1:032x}-{2:016x}-{flags}"
    await drive(
        trusting, http_scope(headers=[(b"traceparent", traceparent.encode()), (b"tracestate", b"vendor=opaque")])
    )
    version, trace_id, span_id, sent_flags = sent[0]["traceparent"].split("-")
    assert (version, trace_id, sent_flags) == ("00", f"{1:032x}", flags)
    assert span_id != f"{2:016x}"
    assert sent[0]["tracestate"] == "vendor=opaque"


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "https://user:pass@shop.example/a?sig=1", "https://REDACTED:REDACTED@shop.example/a?sig=REDACTED"),
        ("BREW", "https://shop.example/pot", "https://shop.example/pot"),
        ("GET", "http://shop.example/" + "x" * 5000, ("http://shop.example/" + "x" * 5000)[:1024]),
    ],
)
def test_what_a_call_says_of_its_request(method: str, url: str, expected: str) -> None:
    """Credentials and secrets are not recorded, and unknown methods do not name spans."""
    provider, recorder = recording_provider()
    transport = TracingTransport(httpx.MockTransport(lambda request: httpx.Response(200)), tracer_provider=provider)
    with httpx.Client(transport=transport) as client:
        client.request(method, url)
    (span,) = recorder.spans
    assert span.attributes["url.full"] == expected
    known = method == "GET"
    assert span.name == (method if known else "HTTP")
    assert span.attributes["http.request.method"] == (method if known else "_OTHER")
    assert span.attributes.get("http.request.method_original") == (None if known else method)


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


class Closing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Counts how often it is entered and left."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __enter__(self) -> Self:
        self.events.append("enter")
        return self

    def close(self) -> None:
        self.events.append("close")

    async def __aenter__(self) -> Self:
        self.events.append("aenter")
        return self

    async def aclose(self) -> None:
        self.events.append("aclose")


async def test_the_wrapped_transport_is_opened_and_closed() -> None:
    """Both ways of using a transport reach the one that does the work."""
    provider, _ = recording_provider()
    inner = Closing()
    with httpx.Client(transport=TracingTransport(inner, tracer_provider=provider)):
        pass
    async with httpx.AsyncClient(transport=TracingTransport(inner, tracer_provider=provider)):
        pass
    httpx.Client(transport=TracingTransport(inner, tracer_provider=provider)).close()
    await httpx.AsyncClient(transport=TracingTransport(inner, tracer_provider=provider)).aclose()
    assert inner.events == ["enter", "close", "aenter", "aclose", "close", "aclose"]
