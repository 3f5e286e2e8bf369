"""The table of paths.

Upstream: staging/src/k8s.io/apiserver/pkg/server/handler.go, mux/pathrecorder.go, routes/index.go, routes/version.go
"""

from collections.abc import Awaitable, Callable

from starlette.routing import BaseRoute, Match

from rootspan_apiserver.handlers.dispatch import ResourceEndpoint
from rootspan_apiserver.handlers.documents.discovery import Discovery
from rootspan_apiserver.handlers.documents.health import Health
from rootspan_apiserver.handlers.documents.openapi import OpenAPI
from rootspan_apiserver.handlers.documents.version import VERSION
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import NOT_FOUND, ROUTER, Response, error_response, raw_json
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.request_info import request_info
from rootspan_apiserver.kube.status import method_not_allowed, unknown_resource
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.metrics import Metrics

Condition = Callable[[Scope], bool]
Document = Callable[[Request], Awaitable[Response]]

_API = ("/", "/api", "/api/", "/apis", "/apis/")
_DOCUMENTS = ("/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


class Route(BaseRoute):
    """Matches by a condition, whatever the method. It leaves no route in the scope: kube-apiserver's spans have none."""

    def __init__(self, condition: Condition, app: ASGIApp) -> None:
        self._condition = condition
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if self._condition(scope) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _at(path: str) -> Condition:
    """The path to the letter."""
    return lambda scope: scope["path"] == path


def _below(path: str) -> Condition:
    """The path and all that is below it."""
    return lambda scope: scope["path"] == path or scope["path"].startswith(f"{path}/")


def _is_resource(scope: Scope) -> bool:
    return request_info(scope).is_resource_request


def _always(scope: Scope) -> bool:
    """Of whatever is left: also of `*`, and of the empty path of a CONNECT."""
    return True


def _answering(document: Document) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        await (await document(request)).send(request, send)

    return app


async def _version(request: Request) -> Response:
    if request.path.rstrip("/") != "/version":
        return error_response(request, unknown_resource(), writer=ROUTER)
    if request.method != "GET":
        return error_response(request, method_not_allowed(), writer=ROUTER)
    return raw_json(VERSION)


async def _not_found(request: Request) -> Response:
    return NOT_FOUND


def routes(resources: ResourceEndpoint, registry: Registry, metrics: Metrics, health: Health) -> list[BaseRoute]:
    """Resources come first, since nearly all requests are for them; a path that is not there is a 404 in text."""

    async def index(request: Request) -> Response:
        groups = sorted({f"/apis/{group.name}" for group in registry.groups() if group.name})
        return raw_json({"paths": sorted({*_API, *_DOCUMENTS, *groups})})

    async def show_metrics(request: Request) -> Response:
        body, content_type = metrics.page(request.header(b"accept"))
        return Response(body=body, content_type=content_type)

    discovery, openapi = Discovery(registry), OpenAPI(registry)
    documents: list[tuple[Condition, Document]] = [
        (_at("/"), index),
        (_below("/api"), discovery.answer),
        (_below("/apis"), discovery.answer),
        (_at("/openapi/v2"), openapi.v2),
        (_below("/openapi/v3"), openapi.v3),
        (_below("/version"), _version),
        (_below("/healthz"), health.answer),
        (_below("/livez"), health.answer),
        (_below("/readyz"), health.answer),
        (_at("/metrics"), show_metrics),
        (_always, _not_found),
    ]
    return [Route(_is_resource, resources), *(Route(where, _answering(what)) for where, what in documents)]
