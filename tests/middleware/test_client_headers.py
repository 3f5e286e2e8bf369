"""What a call does to the headers of its request: the caller's own object is left alone, whatever is sent in its place."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

import pytest
from opentelemetry import baggage, trace
from opentelemetry.context import (
    _SUPPRESS_HTTP_INSTRUMENTATION_KEY,
    _SUPPRESS_INSTRUMENTATION_KEY,
    Context,
    attach,
    detach,
    get_current,
    set_value,
)
from opentelemetry.propagate import get_global_textmap, set_global_textmap
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from rootspan import TracingMiddleware
from rootspan.testing import recording_provider
from tests.middleware.asgi import Receive, Scope, Send, drive, hello, http_scope
from tests.middleware.clients import FORGED, Http, Upstream
from tests.middleware.samplers import CustomSampler

pytestmark = pytest.mark.anyio

SENTRY = "sentry-trace_id=771a43a4192642f0b136d5159a501700,sentry-sampled=true;p=1"


@contextmanager
def attached(context: Context) -> Iterator[None]:
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


async def sent_by(http: Http, upstream: Upstream, headers: dict[str, str], **arguments: Any) -> dict[str, str]:
    """The headers that the server got of one call."""
    provider, _ = recording_provider()
    async with http.opened(http.traced(provider, **arguments)) as client:
        await http.call(client.get, f"{upstream.url}/200", headers=headers)
    return upstream.headers[-1]


async def test_request_of_the_caller_is_not_changed(http: Http, upstream: Upstream) -> None:
    """Its headers and extensions are as they were; the response names it, and not the copy that was sent."""
    provider, recorder = recording_provider()
    async with http.opened(http.tracing.traced(http.client(), tracer_provider=provider)) as client:
        request = http.library.Request("POST", f"{upstream.url}/echo", headers=FORGED, content=b"x" * 70_000)
        before = request.headers.raw
        for _ in range(2):
            response = await http.call(client.send, request)
            assert response.request is request
            assert response.headers["x-length"] == "70000"
    assert request.headers.raw == before
    assert set(request.extensions) == {"timeout"}  # which the client sets
    assert len(recorder.spans) == 2
    assert "evil" not in repr(upstream.headers)


async def test_sent_request_differs_in_headers_only(http: Http) -> None:
    """A transport below sees the same class, the body that has been read, and whatever else the request was given."""
    provider, _ = recording_provider()
    kind: Any = type("Signed", (http.library.Request,), {})
    request = kind("POST", "http://shop.example/", content=b"body", extensions={"timeout": {}, "shared": []})
    request.signature = "7"
    seen: list[Any] = []

    def answer(sent: Any) -> Any:
        seen.append(sent)
        sent.headers["x-changed"] = "1"
        sent.extensions["shared"].append(1)
        return http.library.Response(200)

    async with http.opened(http.traced(provider, http.answering(answer))) as client:
        await http.call(client.send, request)
    (sent,) = seen
    assert (type(sent), sent.signature, sent.content, sent.url) == (kind, "7", b"body", request.url)
    assert set(sent.headers) - set(request.headers) == {"traceparent", "x-changed"}
    assert request.extensions["shared"] == [1]


async def test_streamed_body_is_sent_once_and_whole(http: Http, upstream: Upstream) -> None:
    """The copy that is sent has the body of the request, which can be read once only."""
    provider, _ = recording_provider()

    async def asynchronous() -> Any:
        for _ in range(3):
            yield b"x" * 1000

    body = asynchronous() if http.is_async else iter([b"x" * 1000] * 3)
    async with http.opened(http.traced(provider)) as client:
        response = await http.call(client.post, f"{upstream.url}/echo", content=body)
    assert response.headers["x-length"] == "3000"
    assert upstream.headers[0]["transfer-encoding"] == "chunked"


async def test_contexts_of_other_tracers_are_not_touched(http: Http, upstream: Upstream) -> None:
    """Only what OpenTelemetry writes is taken out, the same name twice and in any case; all else is sent as it is."""
    kept = {"sentry-trace": "771a43a4192642f0b136d5159a501700-1-1", "x-datadog-trace-id": "7", "b3": "0"}
    sent = await sent_by(http, upstream, {**FORGED, **kept})
    assert kept.items() <= sent.items()
    assert "baggage" not in sent
    assert "evil" not in repr(sent)


@pytest.mark.parametrize("header", [None, SENTRY])
@pytest.mark.parametrize("own", [{}, {"tenant": "acme ltd", "tier": "+€,"}])
async def test_baggage_is_sent_where_it_is_asked_for(
    http: Http, upstream: Upstream, header: str | None, own: dict[str, str]
) -> None:
    """A header that is already there stays as it is, and the current baggage comes after it."""
    context = get_current()
    for key, value in own.items():
        context = baggage.set_baggage(key, value, context)
    given = {} if header is None else {"baggage": header}
    with attached(context):
        sent = await sent_by(http, upstream, given, send_baggage=True)
        silent = await sent_by(http, upstream, given)
    assert "baggage" not in silent
    members = sent["baggage"].split(",") if "baggage" in sent else []
    kept = [] if header is None else header.split(",")
    assert members[: len(kept)] == kept
    added = dict(member.split("=", 1) for member in members[len(kept) :])
    assert {key: unquote_plus(value) for key, value in added.items()} == own
    assert all(re.fullmatch(r"[!-+\--:<-\[\]-~]*", value) for value in added.values())


async def test_baggage_of_request_takes_precedence_over_context(http: Http, upstream: Upstream) -> None:
    """The same key is not sent twice, and the header written for this request is the nearer one."""
    with attached(baggage.set_baggage("tier", "gold", baggage.set_baggage("tenant", "acme"))):
        sent = await sent_by(http, upstream, {"Baggage": "tenant = other;p=1 , x=1"}, send_baggage=True)
    assert sent["baggage"] == "tenant = other;p=1,x=1,tier=gold"


async def test_baggage_keeps_the_limits_of_the_recommendation(http: Http, upstream: Upstream) -> None:
    """64 members and 8,192 bytes; what is too long, and a key that is no token, is left out, and no member is cut."""
    context = baggage.set_baggage("no token", "x", baggage.set_baggage("long", "y" * 9000))
    for number in range(70):
        context = baggage.set_baggage(f"k{number}", "z", context)
    with attached(context):
        many = (await sent_by(http, upstream, {}, send_baggage=True))["baggage"]
    assert many.split(",") == [f"k{number}=z" for number in range(64)]
    context = get_current()
    for number in range(9):
        context = baggage.set_baggage(f"k{number}", "z" * 1000, context)
    with attached(context):
        large = (await sent_by(http, upstream, {}, send_baggage=True))["baggage"]
    assert large.split(",") == [f"k{number}=" + "z" * 1000 for number in range(8)]


async def test_baggage_that_cannot_be_written_breaks_no_call(
    http: Http, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """A value is any object, whose text may fail; half a character is replaced."""

    class Nameless:
        def __str__(self) -> str:
            raise RuntimeError

    with attached(baggage.set_baggage("half", "\ud800")):
        assert (await sent_by(http, upstream, {}, send_baggage=True))["baggage"] == "half=%3F"
    with attached(baggage.set_baggage("nameless", Nameless())):
        sent = await sent_by(http, upstream, {"baggage": "a=1"}, send_baggage=True)
    assert sent["baggage"] == "a=1"
    assert [record.name for record in caplog.records] == ["rootspan.hooks"]


class OneHeader(TextMapPropagator):
    """A format of one header, as b3 is one; and it writes a second one, which it does not name."""

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        span = trace.get_current_span(context).get_span_context()
        setter.set(carrier, "X-One", f"{span.trace_id:032x}/{span.span_id:016x}/{span.trace_flags:d}")
        setter.set(carrier, "X-Two", "2")

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        return context or get_current()

    @property
    def fields(self) -> set[str]:
        return {"X-One", "traceparent"}


class Failing(OneHeader):
    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        raise LookupError


@contextmanager
def global_propagator(propagator: TextMapPropagator) -> Iterator[None]:
    before = get_global_textmap()
    set_global_textmap(propagator)
    try:
        yield
    finally:
        set_global_textmap(before)


@pytest.mark.parametrize("sampled", [True, False])
async def test_formats_of_the_global_propagator_are_rewritten_too(
    http: Http, upstream: Upstream, sampled: bool
) -> None:
    """What a request brought in such a format is taken out, and the context of the call is written in its place."""
    provider, _ = recording_provider(sampler=ParentBased(ALWAYS_ON))
    parent = NonRecordingSpan(SpanContext(7, 8, is_remote=False, trace_flags=TraceFlags(int(sampled))))
    with global_propagator(OneHeader()), attached(trace.set_span_in_context(parent)):
        async with http.opened(http.traced(provider)) as client:
            await http.call(client.get, f"{upstream.url}/200", headers={**FORGED, "x-one": "evil"})
    (sent,) = upstream.headers
    version, trace_id, span_id, flags = sent["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", f"{7:032x}", "01" if sampled else "00")
    assert sent["x-one"] == f"{trace_id}/{span_id}/{int(flags)}"
    assert "x-two" not in sent
    assert "evil" not in repr(sent)


async def test_propagator_that_fails_breaks_no_call(
    http: Http, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the W3C's header is sent, and none of the propagator's."""
    with global_propagator(Failing()):
        sent = await sent_by(http, upstream, {"x-one": "evil"})
    assert "traceparent" in sent
    assert "x-one" not in sent
    assert [record.name for record in caplog.records] == ["rootspan.hooks"]


@pytest.mark.parametrize(
    "key",
    [_SUPPRESS_INSTRUMENTATION_KEY, _SUPPRESS_HTTP_INSTRUMENTATION_KEY, "suppress_instrumentation"],
    ids=["key of the API", "key for HTTP", "plain key"],  # the keys of the API are random
)
async def test_suppressed_instrumentation_is_honoured(http: Http, upstream: Upstream, key: str) -> None:
    """The request goes out as it is, with the headers that it brings, and nothing is recorded."""
    provider, recorder = recording_provider()
    written = {"traceparent": FORGED["traceparent"], "tracestate": "azure=1", "baggage": "azure=2"}
    with attached(set_value(key, True)):
        async with http.opened(http.traced(provider)) as client:
            await http.call(client.get, f"{upstream.url}/200", headers=written)
    assert written.items() <= upstream.headers[0].items()
    assert recorder.spans == []


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ParentBased(ALWAYS_ON), CustomSampler()])
async def test_calls_of_an_excluded_request_are_silent(http: Http, upstream: Upstream, sampler: Any) -> None:
    """No span is recorded under it by any sampler, and what is sent says that it is not sampled."""
    provider, recorder = recording_provider(sampler=sampler)
    client = http.traced(provider)
    current: list[SpanContext] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        current.append(trace.get_current_span().get_span_context())
        async with http.opened(client):
            await http.call(client.get, f"{upstream.url}/200")
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider, exclude=lambda scope: True), http_scope())
    _, trace_id, span_id, flags = upstream.headers[0]["traceparent"].split("-")
    assert (int(trace_id, 16), flags) == (current[0].trace_id, "00")
    assert int(span_id, 16) != current[0].span_id
    assert recorder.spans == []


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ParentBased(ALWAYS_ON), CustomSampler()])
async def test_excluded_call_leaves_no_orphan(http: Http, upstream: Upstream, sampler: Any) -> None:
    """It has no span, and names its parent as not sampled: what is recorded of it elsewhere is a child of the parent."""
    provider, recorder = recording_provider(sampler=sampler)
    parents, _ = recording_provider()
    client = http.traced(provider, exclude=lambda request: request.url.path == "/200")
    async with http.opened(client):
        with parents.get_tracer("shop").start_as_current_span("checkout") as checkout:
            await http.call(client.get, f"{upstream.url}/200")
        await http.call(client.get, f"{upstream.url}/200")
    within, alone = (headers["traceparent"].split("-") for headers in upstream.headers)
    parent = checkout.get_span_context()
    assert within == ["00", f"{parent.trace_id:032x}", f"{parent.span_id:016x}", "00"]
    assert (alone[1] != within[1], alone[3]) == (True, "00")
    assert recorder.spans == []
