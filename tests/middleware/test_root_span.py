"""Every request gets a root span of its own, whatever the caller sends."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from opentelemetry import baggage, trace
from opentelemetry.context import attach, detach, get_current
from opentelemetry.propagate import inject
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased

from rootspan import TracingMiddleware
from rootspan.httpx import AsyncTracingTransport
from rootspan.testing import recording_provider, tree
from tests.middleware.asgi import (
    BODY,
    HOSTILE_HEADERS,
    START,
    Receive,
    Scope,
    Send,
    drive,
    hello,
    http_scope,
    serving,
    websocket_scope,
)

pytestmark = pytest.mark.anyio

EVIL = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "evil")


async def test_forged_context_reaches_no_span_and_no_outgoing_header() -> None:
    """The trace has a root without parent or links; what the application sends on carries the ids of its own spans."""
    provider, recorder = recording_provider(service="shop")
    seen: list[dict[str, str]] = []

    async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await hello(scope, receive, send)

    async with AsyncExitStack() as stack:
        upstream_address = await stack.enter_async_context(serving(upstream))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=AsyncTracingTransport(httpx.AsyncHTTPTransport(), tracer_provider=provider))
        )

        async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
            copied = [(name, value) for name, value in scope["headers"] if name != b"host"]
            await client.get(f"http://{upstream_address}/copied", headers=copied)
            injected: dict[str, str] = {}
            inject(injected)
            await client.get(f"http://{upstream_address}/injected", headers=injected)
            await hello(scope, receive, send)

        address = await stack.enter_async_context(serving(TracingMiddleware(proxy, tracer_provider=provider)))
        plain = await stack.enter_async_context(httpx.AsyncClient())
        response = await plain.get(f"http://{address}/", headers=HOSTILE_HEADERS)
        assert response.status_code == 200
        spans = await asyncio.to_thread(recorder.wait_for, 3)

    assert tree(spans) == "GET SERVER shop\n├─ GET CLIENT shop\n└─ GET CLIENT shop"
    first, second, server = spans
    assert server.parent_id is None
    assert not server.links
    assert [headers["traceparent"] for headers in seen] == [
        f"00-{span.trace_id}-{span.span_id}-01" for span in (first, second)
    ]
    everything = repr(spans) + repr(seen)
    assert not [evil for evil in EVIL if evil in everything]


@pytest.mark.parametrize("scope", [http_scope(headers=HOSTILE_HEADERS), websocket_scope(headers=HOSTILE_HEADERS)])
async def test_nothing_is_current_but_the_span(scope: Scope) -> None:
    """Inside a request there is no baggage and no value from outside, even where a span and baggage are current."""
    provider, recorder = recording_provider()
    inside = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inside.append((dict(baggage.get_all()), len(get_current())))
        await hello(scope, receive, send)

    outside = trace.set_span_in_context(provider.get_tracer("outside").start_span("outside"))
    token = attach(baggage.set_baggage("outer", "baggage", outside))
    try:
        await drive(TracingMiddleware(app, tracer_provider=provider), scope)
        assert baggage.get_all() == {"outer": "baggage"}
    finally:
        detach(token)
    assert inside == [({}, 1)]
    (span,) = recorder.spans
    assert span.parent_id is None


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (ALWAYS_OFF, 0),
        (ParentBased(ALWAYS_OFF), 0),
        (TraceIdRatioBased(0.0), 0),
        (ALWAYS_ON, 1),
        (ParentBased(ALWAYS_ON), 1),
        (TraceIdRatioBased(1.0), 1),
        (ParentBased(ParentBased(TraceIdRatioBased(1.0))), 1),
    ],
)
@pytest.mark.parametrize("flags", ["00", "01"])
async def test_caller_does_not_choose_what_is_sampled(sampler: Sampler, expected: int, flags: str) -> None:
    """Neither the flag nor the lowest of trace ids (which a ratio always takes) changes the decision."""
    provider, recorder = recording_provider(sampler=sampler)
    app = TracingMiddleware(hello, tracer_provider=provider)
    lowest = f"00-{1:032x}-{1:016x}-{flags}".encode()
    await drive(app, http_scope(headers=[(b"traceparent", lowest)]))
    assert len(recorder.spans) == expected


async def test_lifespan_passes_through() -> None:
    """Neither a span nor a context is made for the events of the server's own life."""
    provider, recorder = recording_provider()
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(((await receive())["type"], dict(get_current())))
        await send({"type": "lifespan.startup.complete"})

    sent = await drive(
        TracingMiddleware(app, tracer_provider=provider), {"type": "lifespan"}, {"type": "lifespan.startup"}
    )
    assert sent == [{"type": "lifespan.startup.complete"}]
    assert seen == [("lifespan.startup", {})]
    assert recorder.spans == []


async def test_application_may_name_the_span_and_add_to_it() -> None:
    """The current span inside a request is the server's: what is set on it is recorded, and its new name stays."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        span = trace.get_current_span()
        span.update_name("checkout")
        span.set_attribute("http.route", "/checkout/{step}")
        span.set_attribute("shop.step", 3)
        await send(START)
        await send(BODY)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope("/checkout/3"))
    assert tree(recorder.spans, attributes=["http.route", "shop.step"]) == (
        "checkout SERVER test http.route=/checkout/{step} shop.step=3"
    )


async def test_route_set_inside_names_the_span() -> None:
    """An application whose framework keeps its route to itself sets `http.route`, and the name follows."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        trace.get_current_span().set_attribute("http.route", "/orders/{id}")
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope("/orders/7"))
    assert tree(recorder.spans) == "GET /orders/{id} SERVER test"


async def test_span_name_of_the_user_is_kept() -> None:
    """`span_name` has the last word on a name, also where the framework matched a route."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_template"] = "/orders/{id}"
        await hello(scope, receive, send)

    traced = TracingMiddleware(app, tracer_provider=provider, span_name=lambda scope: f"shop {scope['method']}")
    await drive(traced, http_scope("/orders/7"))
    assert tree(recorder.spans, attributes=["http.route"]) == "shop GET SERVER test http.route=/orders/{id}"


async def test_name_that_the_application_sets_is_kept_even_if_it_is_the_method() -> None:
    """A span that the application renames is not renamed after the route."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_template"] = "/orders/{id}"
        trace.get_current_span().update_name("GET")
        await hello(scope, receive, send)

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope("/orders/7"))
    assert tree(recorder.spans) == "GET SERVER test"
    assert type(recorder.spans[0].name) is str


async def test_name_of_the_user_is_bounded_and_can_be_encoded() -> None:
    """A function that names spans after what the caller sent does not break the export of the others."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(hello, tracer_provider=provider, span_name=lambda scope: scope["path"])
    scope = http_scope(raw_path=b"/")
    scope["path"] = "/\ud800" + "x" * 100_000
    await drive(app, scope)
    (span,) = recorder.spans
    assert span.name.encode() == b"/?" + b"x" * 1022


async def test_two_middlewares_around_one_application_make_two_traces() -> None:
    """Each makes a root, so that an application mounted in another one does not depend on who has mounted it."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(TracingMiddleware(hello, tracer_provider=provider), tracer_provider=provider)
    await drive(app, http_scope(headers=HOSTILE_HEADERS))
    assert tree(recorder.spans) == "GET SERVER test\nGET SERVER test"
    assert len({span.trace_id for span in recorder.spans}) == 2
