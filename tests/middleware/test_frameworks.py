"""The middleware around real frameworks, on a real socket: one span a request, named after the framework's route."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import django  # type: ignore[import-untyped] # Django ships no types
import httpx
import pytest
import websockets
from django.conf import settings  # type: ignore[import-untyped] # Django ships no types
from django.core.handlers.asgi import ASGIHandler  # type: ignore[import-untyped] # Django ships no types
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse  # type: ignore[import-untyped] # Django ships no types
from django.urls import path  # type: ignore[import-untyped] # Django ships no types
from fastapi import APIRouter, FastAPI, WebSocket
from litestar import Litestar, asgi, get
from litestar import websocket as litestar_websocket
from litestar.connection import WebSocket as LitestarWebSocket
from litestar.params import FromPath
from litestar.types import Receive as LitestarReceive
from litestar.types import Scope as LitestarScope
from litestar.types import Send as LitestarSend
from opentelemetry import trace
from quart import Quart, request
from quart import websocket as quart_websocket
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket as StarletteWebSocket

from rootspan import TracingMiddleware
from rootspan.middleware import ASGIApp
from rootspan.testing import SpanRecorder, recording_provider, tree
from tests.middleware.asgi import hello, serving

pytestmark = pytest.mark.anyio

SHOWN = ("http.route", "http.response.status_code", "error.type")


class OutOfStockError(Exception):
    pass


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b"x"


def starlette_app(recorder: SpanRecorder) -> ASGIApp:
    async def order(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params["order_id"])

    async def stream(request: Request) -> StreamingResponse:
        def note() -> None:
            done.append(len(recorder.spans))

        return StreamingResponse(chunks(), background=BackgroundTask(note))

    async def fail(request: Request) -> PlainTextResponse:
        raise OutOfStockError("s3cret")

    async def echo(websocket: StarletteWebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    done: list[int] = []
    return Starlette(
        routes=[
            Route("/orders/{order_id:int}", order),
            Route("/orders/{order_id}", order),
            Route("/stream", stream),
            Route("/fail", fail),
            WebSocketRoute("/echo/{room}", echo),
            Mount("/shops/{shop}", routes=[Route("/orders/{order_id}", order)]),
            Mount("/static", app=hello),
        ]
    )


def fastapi_app(recorder: SpanRecorder) -> ASGIApp:
    app = FastAPI()
    shops = APIRouter(prefix="/shops/{shop}")

    @shops.get("/orders/{order_id}")
    async def order_of_shop(shop: str, order_id: str) -> str:
        return order_id

    @app.get("/orders/{order_id}")
    def order(order_id: str) -> str:
        assert trace.get_current_span().is_recording()
        return order_id

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    @app.get("/fail")
    async def fail() -> None:
        raise OutOfStockError("s3cret")

    @app.websocket("/echo/{room}")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    async def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse("plain")

    app.include_router(shops)
    app.add_route("/plain/{order_id}", plain)
    app.add_route("/other/{order_id}", plain)
    app.mount("/static", hello)
    return app


def litestar_app(recorder: SpanRecorder) -> ASGIApp:
    @get("/orders/{order_id:str}")
    async def order(order_id: FromPath[str]) -> str:
        return order_id

    @get("/shops/{shop:str}/orders/{order_id:str}")
    async def order_of_shop(shop: FromPath[str], order_id: FromPath[str]) -> str:
        return order_id

    @get("/fail")
    async def fail() -> None:
        raise OutOfStockError("s3cret")

    @litestar_websocket("/echo/{room:str}")
    async def echo(socket: LitestarWebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    @asgi("/static", is_mount=True, copy_scope=False)
    async def static(scope: LitestarScope, receive: LitestarReceive, send: LitestarSend) -> None:
        mounted: Any = hello
        await mounted(scope, receive, send)

    return Litestar([order, order_of_shop, fail, echo, static])


def quart_app(recorder: SpanRecorder) -> ASGIApp:
    app = Quart(__name__)

    @app.before_request
    async def route() -> None:
        if request.url_rule is not None:
            trace.get_current_span().set_attribute("http.route", request.url_rule.rule)

    @app.get("/orders/<order_id>")
    async def order(order_id: str) -> str:
        return order_id

    @app.get("/fail")
    async def fail() -> str:
        raise OutOfStockError("s3cret")

    @app.websocket("/echo/<room>")
    async def echo(room: str) -> None:
        await quart_websocket.send(await quart_websocket.receive())

    return app


def django_app(recorder: SpanRecorder) -> ASGIApp:
    async def order(request: HttpRequest, order_id: str) -> HttpResponse:
        return HttpResponse(order_id)

    def order_of_shop(request: HttpRequest, shop: str, order_id: str) -> HttpResponse:
        assert trace.get_current_span().is_recording()
        return HttpResponse(order_id)

    async def stream(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(chunks())

    async def fail(request: HttpRequest) -> HttpResponse:
        raise OutOfStockError("s3cret")

    urls = [
        path("orders/<order_id>", order),
        path("shops/<shop>/orders/<order_id>", order_of_shop),
        path("stream", stream),
        path("fail", fail),
    ]
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF="tests.middleware.test_frameworks",
            ALLOWED_HOSTS=["*"],
            SECRET_KEY="test",
            LOGGING_CONFIG=None,
            MIDDLEWARE=["tests.middleware.test_frameworks.route_of_django"],
        )
        django.setup()
    urlpatterns[:] = urls
    handler: ASGIApp = ASGIHandler()
    return handler


urlpatterns: list[object] = []


def route_of_django(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.resolver_match is not None:
            trace.get_current_span().set_attribute("http.route", f"/{request.resolver_match.route}")
        return response

    return middleware


MAKERS = {
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "litestar": litestar_app,
    "quart": quart_app,
    "django": django_app,
}
TEMPLATES = {
    "starlette": ("/orders/{order_id}", "/shops/{shop}/orders/{order_id}", "/echo/{room}"),
    "fastapi": ("/orders/{order_id}", "/shops/{shop}/orders/{order_id}", "/echo/{room}"),
    "litestar": ("/orders/{order_id}", "/shops/{shop}/orders/{order_id}", "/echo/{room}"),
    "quart": ("/orders/<order_id>", None, None),
    "django": ("/orders/<order_id>", "/shops/<shop>/orders/<order_id>", None),
}


async def get_from(app: ASGIApp, path: str) -> httpx.Response:
    async with serving(app) as address, httpx.AsyncClient() as client:
        return await client.get(f"http://{address}{path}")


@pytest.fixture
def framework(request: pytest.FixtureRequest) -> tuple[str, ASGIApp, SpanRecorder]:
    provider, recorder = recording_provider()
    name: str = request.param
    return name, TracingMiddleware(MAKERS[name](recorder), tracer_provider=provider), recorder


every_framework = pytest.mark.parametrize("framework", list(MAKERS), indirect=True)


@every_framework
async def test_span_is_named_after_the_route(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """The route is the template; the path that the caller chose is only in `url.path`."""
    name, app, recorder = framework
    template = TEMPLATES[name][0]
    response = await get_from(app, "/orders/evil")
    assert response.status_code == 200
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans, attributes=SHOWN) == (
        f"GET {template} SERVER test http.route={template} http.response.status_code=200"
    )


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar", "django"], indirect=True)
async def test_route_has_the_prefix_of_its_mount(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """What is mounted or included under a prefix with parameters has the templates of both."""
    name, app, recorder = framework
    template = TEMPLATES[name][1]
    assert (await get_from(app, "/shops/evil/orders/evil")).status_code == 200
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans) == f"GET {template} SERVER test"


@every_framework
async def test_no_route_no_name_of_the_caller_s(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """A path that nothing matches does not name the span."""
    _, app, recorder = framework
    assert (await get_from(app, "/no/such/evil")).status_code == 404
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans, attributes=SHOWN) == "GET SERVER test http.response.status_code=404"


@pytest.mark.parametrize(
    ("framework", "error_type"),
    [
        ("starlette", "tests.middleware.test_frameworks.OutOfStockError"),
        ("fastapi", "tests.middleware.test_frameworks.OutOfStockError"),
        ("litestar", "500"),
        ("quart", "500"),
        ("django", "500"),
    ],
    indirect=["framework"],
)
async def test_exception_in_a_handler(framework: tuple[str, ASGIApp, SpanRecorder], error_type: str) -> None:
    """Where the framework lets the exception out after its answer, the span names it; elsewhere the status does."""
    _, app, recorder = framework
    assert (await get_from(app, "/fail")).status_code == 500
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans, attributes=SHOWN[1:]) == (
        f"GET /fail SERVER test http.response.status_code=500 error.type={error_type} ERROR"
    )
    assert "s3cret" not in repr(spans)


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "django"], indirect=True)
async def test_stream_of_a_hundred_parts_has_one_span(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """Parts of a response make no spans."""
    _, app, recorder = framework
    assert (await get_from(app, "/stream")).text == "x" * 100
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans) == "GET /stream SERVER test"


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar"], indirect=True)
async def test_mounted_application_is_named_after_its_mount(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """An application that the framework only mounts has the mount's prefix for a route."""
    _, app, recorder = framework
    assert (await get_from(app, "/static/evil.css")).status_code == 200
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans) == "GET /static SERVER test"


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar", "quart"], indirect=True)
async def test_websocket_has_one_span(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """One span lasts for the connection, and is named after its route where that is known."""
    name, app, recorder = framework
    template = TEMPLATES[name][2]
    async with serving(app) as address:
        async with websockets.connect(f"ws://{address}/echo/evil") as connection:
            await connection.send("hello")
            assert await connection.recv() == "hello"
            await connection.wait_closed()
        spans = await asyncio.to_thread(recorder.wait_for, 1)
    expected = f"GET {template} SERVER test" if template else "GET SERVER test"
    assert tree(spans, attributes=SHOWN[1:]) == f"{expected} http.response.status_code=101"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/plain/evil", "/plain/{order_id}"),
        ("/other/evil", "/other/{order_id}"),
        ("/docs", "/docs"),
        ("/openapi.json", "/openapi.json"),
    ],
)
@pytest.mark.parametrize("framework", ["fastapi"], indirect=True)
async def test_plain_routes_of_fastapi_have_their_template(
    framework: tuple[str, ASGIApp, SpanRecorder], path: str, template: str
) -> None:
    """Routes of Starlette's kind leave only their endpoint; the one of several with this endpoint matches the path."""
    _, app, recorder = framework
    assert (await get_from(app, path)).status_code == 200
    spans = await asyncio.to_thread(recorder.wait_for, 1)
    assert tree(spans) == f"GET {template} SERVER test"


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar"], indirect=True)
async def test_route_begins_with_the_root_path(framework: tuple[str, ASGIApp, SpanRecorder]) -> None:
    """An application that is served under a prefix has the prefix in its routes, mounts included."""
    name, app, recorder = framework
    transport = httpx.ASGITransport(app, root_path="/api/v1")
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        for path in ("/orders/evil", "/shops/evil/orders/evil"):
            assert (await client.get(f"/api/v1{path}")).status_code == 200
    assert [span.name for span in recorder.spans] == [f"GET /api/v1{template}" for template in TEMPLATES[name][:2]]


async def test_routes_are_matched_once() -> None:
    """A framework's routes are asked once for a request, by the framework."""
    asked = 0

    class Asked(Route):
        def matches(self, scope):  # type: ignore[no-untyped-def] # as in Starlette
            nonlocal asked
            asked += 1
            return super().matches(scope)

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    provider, recorder = recording_provider()
    app = Starlette(routes=[Asked(f"/r{number}/{{order_id}}", endpoint) for number in range(50)])
    transport = httpx.ASGITransport(TracingMiddleware(app, tracer_provider=provider))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://shop.example/r49/7")
    assert asked == 50
    assert tree(recorder.spans) == "GET /r49/{order_id} SERVER test"
