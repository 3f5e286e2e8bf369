"""The table of paths."""

from collections.abc import Awaitable, Callable

from starlette.routing import BaseRoute, Match

from rootspan_apiserver.handlers.dispatch import ResourceEndpoint
from rootspan_apiserver.handlers.documents import discovery, health, openapi
from rootspan_apiserver.handlers.documents.version import VERSION
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Receive, Request, Scope, Send
from rootspan_apiserver.http.responses import send_bytes, write_raw, write_router_error, write_text
from rootspan_apiserver.kube.request_info import request_info
from rootspan_apiserver.kube.status import method_not_allowed

Handler = Callable[[Request], Awaitable[None]]

_INDEX = (
    "/",
    "/api",
    "/api/",
    "/apis",
    "/apis/",
    "/healthz",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/readyz",
    "/version",
)


class Endpoint:
    """An ASGI application of a function of a request."""

    def __init__(self, parts: Parts, handler: Handler) -> None:
        self._parts = parts
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handler(Request(self._parts, scope, receive, send))


class PathRoute(BaseRoute):
    """Matches a path, with or without a slash at its end; `below` all that is under it too.

    It leaves no route in the scope: kube-apiserver's spans carry none.
    """

    def __init__(self, path: str, app: ASGIApp, *, below: bool = False) -> None:
        self._path = path
        self._app = app
        self._prefix = path.rstrip("/") + "/" if below else None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if (path.rstrip("/") or path) == self._path or (self._prefix is not None and path.startswith(self._prefix)):
            return Match.FULL, {}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class ResourceRoute(BaseRoute):
    """Matches what `RequestInfo` calls a resource request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if request_info(scope).is_resource_request else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class OtherRoute(BaseRoute):
    """Matches whatever is left: also `*`, and the empty path of a CONNECT."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


async def _version(request: Request) -> None:
    if request.method != "GET":
        await write_router_error(request, method_not_allowed())
        return
    await write_raw(request, 200, VERSION)


async def _metrics(request: Request) -> None:
    body, content_type = request.parts.metrics.page(request.header(b"accept"))
    await send_bytes(request, 200, body, content_type)


async def _index(request: Request) -> None:
    groups = sorted({f"/apis/{group.name}" for group in request.parts.registry.groups() if group.name})
    await write_raw(request, 200, {"paths": sorted({*_INDEX, *groups})})


async def _not_found(request: Request) -> None:
    await write_text(request, 404, "404 page not found\n")


def routes(parts: Parts) -> list[BaseRoute]:
    """Resources first, since nearly all requests are for them; what no path names is a 404 in text."""

    def at(path: str, handler: Handler, *, below: bool = False) -> PathRoute:
        return PathRoute(path, Endpoint(parts, handler), below=below)

    return [
        ResourceRoute(ResourceEndpoint(parts)),
        at("/", _index),
        at("/api", discovery.discover, below=True),
        at("/apis", discovery.discover, below=True),
        at("/openapi/v2", openapi.answer_v2),
        at("/openapi/v3", openapi.answer, below=True),
        at("/version", _version),
        at("/healthz", health.answer, below=True),
        at("/livez", health.answer, below=True),
        at("/readyz", health.answer, below=True),
        at("/metrics", _metrics),
        OtherRoute(Endpoint(parts, _not_found)),
    ]
