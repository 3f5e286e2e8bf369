"""Send one request to each route of an application of Starlette or FastAPI, and print the names of the spans.

Usage: python routes.py starlette|fastapi, with the version of the framework first on the path.
"""

import asyncio
import importlib.metadata
import json
import sys
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from rootspan import TracingMiddleware
from rootspan.testing import recording_provider


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def order(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def starlette_app() -> Any:
    inner = Mount("/shops/{shop}", routes=[Route("/orders/{order_id}", order)])
    return Starlette(routes=[Route("/orders/{order_id}", order), inner, Mount("/static", app=hello)])


def fastapi_app() -> Any:
    from fastapi import FastAPI

    api, inner = FastAPI(), FastAPI()
    for app in (api, inner):

        @app.get("/orders/{order_id}")
        async def order_of_api(order_id: str) -> str:
            return order_id

    api.add_route("/plain/{order_id}", order)
    api.mount("/shops/{shop}", inner)
    api.mount("/static", hello)
    return api


async def name(app: Any, path: str) -> str:
    provider, recorder = recording_provider()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"shop.example")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    await TracingMiddleware(app, tracer_provider=provider)(scope, receive, send)
    return recorder.spans[0].name


async def main() -> None:
    package = sys.argv[1]
    paths = ["/orders/evil", "/shops/evil/orders/evil", "/static/evil", "/no/such/evil"]
    if package == "fastapi":
        paths += ["/plain/evil", "/docs"]
    make = {"starlette": starlette_app, "fastapi": fastapi_app}[package]
    names = [await name(make(), path) for path in paths]
    print(json.dumps({"version": importlib.metadata.version(package), "names": names}))


asyncio.run(main())
