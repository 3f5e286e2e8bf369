"""What a request costs that is not sampled, and what it can still do."""

import gc
import logging
import sys
import tracemalloc
from types import FrameType

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.propagate import inject
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from rootspan import TracingMiddleware, create_tracer_provider
from rootspan.httpx import AsyncTracingTransport
from rootspan.testing import recording_provider
from tests.middleware.asgi import HOSTILE_HEADERS, App, Receive, Scope, Send, drive, hello, http_scope

pytestmark = pytest.mark.anyio

MANY_HEADERS = [(b"x-%d" % number, b"value") for number in range(100)]


class Calls:
    """Counts the calls of functions, of Python's and of C's."""

    def __init__(self) -> None:
        self.python = self.c = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        self.python += event == "call"
        self.c += event == "c_call"


async def calls_of(app: App, scope: Scope) -> Calls:
    """Return the fewest calls of three requests: one of 256 draws a new block of ids."""
    counted = []
    for _ in range(6):
        calls = Calls()
        copied = dict(scope)
        sys.setprofile(calls)
        try:
            await drive(app, copied)
        finally:
            sys.setprofile(None)
        counted.append(calls)
    return min(counted[3:], key=lambda calls: calls.python + calls.c)


@pytest.mark.parametrize(
    "traced",
    [
        TracingMiddleware(hello, tracer_provider=create_tracer_provider(sampling_rate_per_million=0)),
        TracingMiddleware(
            hello,
            tracer_provider=recording_provider(sampler=TraceIdRatioBased(1e-12))[0],
            span_name=lambda scope: "never asked",
        ),
    ],
)
@pytest.mark.parametrize("headers", [[], HOSTILE_HEADERS, MANY_HEADERS])
async def test_unsampled_request_adds_few_calls(traced: TracingMiddleware, headers: list[tuple[bytes, bytes]]) -> None:
    """Three calls of Python's functions and fifteen in all are the bound, however much the caller sends."""
    scope = http_scope(headers=headers)
    bare = await calls_of(hello, scope)
    added = await calls_of(traced, scope)
    assert added.python - bare.python <= 4
    assert (added.python + added.c) - (bare.python + bare.c) <= 15


async def test_unsampled_outgoing_call_adds_few_calls() -> None:
    """Under an unsampled request an outgoing call costs the writing of one header, and makes no span."""
    provider, recorder = recording_provider(sampler=ParentBased(ALWAYS_OFF))
    counts: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200)

    plain = httpx.MockTransport(answer)
    tracing = AsyncTracingTransport(plain, tracer_provider=provider)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for transport in (plain, tracing):
            for _ in range(3):
                request = httpx.Request("GET", "http://shop.example/orders", headers={"accept": "*/*"})
                calls = Calls()
                sys.setprofile(calls)
                try:
                    await transport.handle_async_request(request)
                finally:
                    sys.setprofile(None)
            counts.append(calls.python + calls.c)
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
    bare, traced = counts
    assert traced - bare <= 45
    assert recorder.spans == []


class Correlated(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[tuple[int, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        context = trace.get_current_span().get_span_context()
        self.ids.append((context.trace_id, context.span_id))


async def test_every_reader_of_the_current_span_sees_the_same_ids() -> None:
    """Log lines, the propagator and the transport agree on the trace, and the first two on the span."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["traceparent"])
        return httpx.Response(200)

    transport = AsyncTracingTransport(httpx.MockTransport(answer), tracer_provider=provider)
    handler = Correlated()
    logger = logging.Logger("shop")
    logger.addHandler(handler)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            logger.info("before")
            carrier: dict[str, str] = {}
            inject(carrier)
            sent.append(carrier["traceparent"])
            await client.get("http://shop.example/")
            await client.get("http://shop.example/")
            logger.info("after")
            span = trace.get_current_span()
            span.set_attribute("never", "recorded")
            assert not span.is_recording()
            assert repr(span).startswith("UnsampledSpan(SpanContext(trace_id=0x")
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope(headers=HOSTILE_HEADERS))
    (trace_id, span_id), after = handler.ids
    assert (trace_id, span_id) == after
    injected, first, second = (value.split("-") for value in sent)
    assert injected == ["00", f"{trace_id:032x}", f"{span_id:016x}", "00"]
    assert first[1] == second[1] == f"{trace_id:032x}"
    assert len({first[2], second[2], f"{span_id:016x}"}) == 3
    assert first[3] == second[3] == "00"
    assert recorder.spans == []


async def test_spans_within_an_unsampled_request_are_not_recorded() -> None:
    """With a parent-based sampler what the application traces itself follows the request."""
    provider, recorder = recording_provider(sampler=ParentBased(TraceIdRatioBased(1e-12)))
    tracer = provider.get_tracer("shop")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with tracer.start_as_current_span("inside") as span:
            assert span.get_span_context().is_valid
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
    assert recorder.spans == []


async def test_memory_does_not_grow() -> None:
    """After a million requests as much memory is in use as after the first thousand."""
    app = TracingMiddleware(hello, tracer_provider=create_tracer_provider(sampling_rate_per_million=0))
    scope = http_scope(headers=HOSTILE_HEADERS)

    async def receive() -> dict[str, object]:
        return {}

    async def send(message: object) -> None:
        pass

    async def requests(count: int) -> int:
        for _ in range(count):
            await app(scope, receive, send)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = await requests(1_000)
        late = await requests(1_000_000)
    finally:
        tracemalloc.stop()
    assert late - early < 100_000
