"""The table of paths.

Upstream: staging/src/k8s.io/apiserver/pkg/server/handler.go, mux/pathrecorder.go, routes/index.go, routes/version.go
"""

from collections.abc import Awaitable, Callable, Collection

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.flow_control.flow_controller import FlowController
from rootspan_apiserver.handlers.dispatch import ResourceEndpoint
from rootspan_apiserver.handlers.documents.discovery import Discovery
from rootspan_apiserver.handlers.documents.flow_control import flow_control_dumps
from rootspan_apiserver.handlers.documents.health import ENDPOINTS, Check, Health
from rootspan_apiserver.handlers.documents.history import PATH as EXPIRE_HISTORY
from rootspan_apiserver.handlers.documents.history import HistoryExpiry
from rootspan_apiserver.handlers.documents.oidc import CONFIGURATION, KEYS, OpenIDMetadata
from rootspan_apiserver.handlers.documents.openapi import OpenAPI
from rootspan_apiserver.handlers.documents.version import VERSION
from rootspan_apiserver.handlers.documents.zpages import ZPages
from rootspan_apiserver.handlers.proxy import AggregationProxy
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.http.responses import NOT_FOUND, ROUTER, Response, error_response, plain_text, raw_json, routed
from rootspan_apiserver.kube.asgi import ASGIApp, Receive, Scope, Send
from rootspan_apiserver.kube.media_types import JSON
from rootspan_apiserver.kube.request_info import request_info
from rootspan_apiserver.kube.status import unknown_resource
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.exposition import TEXT_FORMAT
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.process_metrics import process_start_seconds

_STARTED = str(int(process_start_seconds())).encode()

Condition = Callable[[Scope], bool]
Document = Callable[[Request], Awaitable[Response]]

_RESET = plain_text("metrics reset\n")
_DOCUMENTS = (
    CONFIGURATION,
    "/apis",
    "/apis/",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/",
    KEYS,
    "/version",
)


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
    """Return the path to the letter."""
    return lambda scope: scope["path"] == path


def _with_slash(path: str) -> Condition:
    """Return the path, with or without a slash at its end."""
    return lambda scope: scope["path"] in (path, f"{path}/")


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
    return routed(request, (JSON,)) or raw_json(VERSION)


async def _not_found(request: Request) -> Response:
    return NOT_FOUND


def _index(registry: Registry, fixed: Collection[str]) -> Document:
    """Return the document at `/`: the paths that are served, the `fixed` ones and those of discovery."""

    async def index(request: Request) -> Response:
        paths = set(fixed)
        for group in registry.groups():
            root = f"/apis/{group.name}" if group.name else "/api"
            paths |= {root, *(f"{root}/{version}" for version in group.versions)}
        return raw_json({"paths": sorted(paths)})

    return index


def application(
    *,
    registry: Registry,
    store: Store,
    admission: AdmissionChain,
    authenticator: Authenticator,
    authorizer: Authorizer,
    tokens: ServiceAccountTokens,
    metrics: Metrics,
    lifecycle: Lifecycle,
    etcd_check: Check,
    kms_check: Check | None = None,
    zpages: ZPages = ZPages(),  # noqa: B008 - frozen
    min_request_timeout: float = 1800.0,
    proxy: AggregationProxy | None = None,
    expire_history: Callable[[], Awaitable[None]] | None = None,
    enforces_roles: bool = False,
    flow: FlowController | None = None,
) -> Starlette:
    """Return the handlers behind their routes, without Starlette's error pages: the panic filter answers errors as kube-apiserver does.

    Args:
        tokens: Issues the tokens of service accounts.
        etcd_check: The health check of the store.
        kms_check: The health check of the KMS plugins, None where there are none.
        zpages: What `/flagz` and `/statusz` show.
        min_request_timeout: How long a watch lasts at least whose client names no time-out, in seconds.
        proxy: Passes on the requests for APIs that other servers serve.
        expire_history: Makes every resourceVersion so far too old; None serves no path for it.
        enforces_roles: Whether RBAC is one of the authorization modes.
        flow: Flow control, whose state is shown; None where there is none.
    """
    resources = ResourceEndpoint(
        registry=registry,
        store=store,
        admission=admission,
        authenticator=authenticator,
        authorizer=authorizer,
        tokens=tokens,
        metrics=metrics.watches,
        min_request_timeout=min_request_timeout,
        stopping=lifecycle.stopping,
        enforces_roles=enforces_roles,
    )
    controlled = flow is not None
    health = Health(etcd_check, lifecycle, bootstraps_roles=enforces_roles, kms=kms_check, controls_flow=controlled)
    fixed = [*_DOCUMENTS, *health.paths()]
    pages = zpages.by_path(fixed)
    index = _index(registry, [*fixed, *pages])
    at = {"/": index, "/index.html": index} | {path: page.answer for path, page in pages.items()}
    at |= flow_control_dumps(flow) if flow is not None else {}
    ways = [*((_at(path), what) for path, what in at.items()), *_documents(registry, metrics, health, tokens)]
    routes = [Route(_is_resource, resources), *(Route(where, _answering(what)) for where, what in ways)]
    if proxy is not None:
        routes.insert(0, Route(proxy.matches, proxy))
    if expire_history is not None:
        routes.insert(1, Route(_at(EXPIRE_HISTORY), _answering(HistoryExpiry(expire_history).answer)))
    found = Starlette(routes=routes)
    found.middleware_stack = found.router
    return found


def _documents(
    registry: Registry, metrics: Metrics, health: Health, tokens: ServiceAccountTokens
) -> list[tuple[Condition, Document]]:
    """Resources come before these, since nearly all requests are for them; a path that is not there is a 404 in text."""

    async def show_metrics(request: Request) -> Response:
        if request.method == "DELETE":
            metrics.reset()
            return _RESET
        return _page(*metrics.page(request.header(b"accept")))

    async def show_health_metrics(request: Request) -> Response:
        if request.method == "DELETE":
            health.metrics.reset()
            return _RESET
        return _page(health.metrics.page(), TEXT_FORMAT)

    metrics.service_accounts = tokens.metrics
    discovery, openapi, oidc = Discovery(registry), OpenAPI(registry), OpenIDMetadata(tokens)
    return [
        (_below("/api"), discovery.answer),
        (_below("/apis"), discovery.answer),
        (_at("/openapi/v2"), openapi.v2),
        (_below("/openapi/v3"), openapi.v3),
        (_below("/version"), _version),
        *((_below(f"/{endpoint}"), health.answer) for endpoint in ENDPOINTS),
        (_at("/metrics"), show_metrics),
        (_at("/metrics/slis"), show_health_metrics),
        *(((_with_slash(CONFIGURATION), oidc.configuration), (_with_slash(KEYS), oidc.keys)) if oidc.is_served else ()),
        (_always, _not_found),
    ]


def _page(body: bytes, content_type: str) -> Response:
    """Return metrics, with the header by which a scraper sees a restart."""
    return Response(body=body, content_type=content_type, headers=[(b"process-start-time-unix", _STARTED)])
