"""Run each framework that traces by itself, under a global tracer provider, and print what was recorded as JSON.

A process of its own, since the global provider concerns everything that a process traces.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
from fastapi import FastAPI
from litestar import Litestar
from litestar import get as litestar_get
from litestar.plugins.opentelemetry import OpenTelemetryConfig, OpenTelemetryPlugin
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware as ContribMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.propagate import extract
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.opentelemetry import OpenTelemetryMiddleware as StarletteMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from rootspan import TracingMiddleware
from rootspan.httpx import AsyncTracingTransport
from rootspan.testing import recording_provider

FORGED = {
    "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
    "tracestate": "evil=1",
    "baggage": "evil=1",
}

outgoing: list[str] = []


def answer(request: httpx.Request) -> httpx.Response:
    outgoing.append(request.headers["traceparent"])
    return httpx.Response(200)


async def call() -> str:
    transport = AsyncTracingTransport(httpx.MockTransport(answer), tracer_provider=trace.get_tracer_provider())
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://stock.example/")
    return "ok"


def fastapi() -> Any:
    api = FastAPI()
    api.get("/orders/{order_id}")(call)
    return api


def fastapi_and_contrib() -> Any:
    api = fastapi()
    FastAPIInstrumentor.instrument_app(api)
    return api


def starlette(*middleware: Middleware) -> Any:
    async def order(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await call())

    return Starlette(routes=[Route("/orders/{order_id}", order)], middleware=middleware)


def litestar() -> Any:
    @litestar_get("/orders/{order_id:str}")
    async def order(order_id: str) -> str:
        return await call()

    return Litestar(
        [order], plugins=[OpenTelemetryPlugin(OpenTelemetryConfig(tracer_provider=trace.get_tracer_provider()))]
    )


def quart_that_extracts() -> Any:
    from quart import request

    shop = Quart(__name__)

    @shop.get("/orders/<order_id>")
    async def order(order_id: str) -> str:
        tracer = trace.get_tracer("shop")
        with tracer.start_as_current_span("order", extract(dict(request.headers.items(lower=True)))):
            return await call()

    return shop


MAKERS: dict[str, Callable[[], Any]] = {
    "fastapi": fastapi,
    "fastapi and contrib": fastapi_and_contrib,
    "starlette": lambda: starlette(Middleware(StarletteMiddleware)),
    "contrib": lambda: ContribMiddleware(starlette()),
    "litestar": litestar,
    "quart that extracts": quart_that_extracts,
}


async def requests(framework: str, rate: float, headers: dict[str, str]) -> dict[str, object]:
    provider, recorder = recording_provider(service="shop", sampler=ParentBased(TraceIdRatioBased(rate)))
    trace._set_tracer_provider(provider, log=False)  # the public function sets it once in a process
    outgoing.clear()
    app = TracingMiddleware(MAKERS[framework](), tracer_provider=provider)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as caller:
        for _ in range(20):
            response = await caller.get("/orders/7", headers=headers)
            assert response.status_code == 200, response.text
    spans = [(span.trace_id, span.parent_id is None, span.kind) for span in recorder.spans]
    return {"spans": spans, "outgoing": list(outgoing), "everything": repr(recorder.spans)}


async def main() -> None:
    for framework in MAKERS:
        for rate in (1.0, 1e-6):
            for sent, headers in (("forged", FORGED), ("none", {})):
                found = await requests(framework, rate, headers)
                print(json.dumps({"framework": framework, "rate": rate, "headers": sent, **found}))


asyncio.run(main())
