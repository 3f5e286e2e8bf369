"""`/api`, `/apis` and below: which resources are served, in the form that the client asks for.

`/api`, `/api/v1` and the group-versions that are built in have routes, which compare methods and media types; `/apis`, the groups, and
custom group-versions are answered whatever the method.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery/aggregated/wrapper.go,
staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_apis.go
"""

from collections.abc import Iterator

from rootspan_apiserver.documents.discovery import (
    Document,
    aggregated_apis,
    aggregated_core,
    core_versions,
    legacy_group,
    legacy_groups,
    legacy_resources,
)
from rootspan_apiserver.handlers.dispatch import is_builtin_group
from rootspan_apiserver.http.negotiation import Offer, negotiate
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import (
    FILTER,
    NOT_FOUND,
    ROUTER,
    Response,
    check_document,
    error_response,
    object_response,
    representation,
)
from rootspan_apiserver.kube.media_types import OBJECTS
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.request_info import split_path
from rootspan_apiserver.kube.status import StatusError, unknown_resource
from rootspan_apiserver.resources.catalogue import Registry

_LIST = GroupVersionKind("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
_AGGREGATED = Offer((), kinds=(_LIST,))
_VARY = (b"vary", b"Accept")


class Discovery:
    """Answers requests below `/api` and `/apis` that name no resource."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except StatusError as error:
            routed = error.code in (404, 405, 415) or error.message.startswith("406:")
            return error_response(request, error, writer=ROUTER if routed else FILTER)

    def _answer(self, request: Request) -> Response:
        """Raises StatusError 404, 405, 406 or 415."""
        registry, path = self._registry, request.path
        match split_path(path):
            case ["api"]:
                check_document(request, OBJECTS)
                if wants_aggregated(request.header(b"accept")):
                    return _tagged(request, aggregated_core(registry))
                return _negotiated(request, core_versions(_address(request)), strips_version=True)
            case ["apis"] if path in ("/apis", "/apis/"):
                if path == "/apis" and wants_aggregated(request.header(b"accept")):
                    return _tagged(request, aggregated_apis(registry))
                return _negotiated(request, legacy_groups(registry))
            case ["apis", group] if path in (f"/apis/{group}", f"/apis/{group}/"):
                if any(known == group for known in _names(registry)):
                    return _negotiated(request, legacy_group(registry, group))
            case ["api", version]:
                return self._resources(request, "", version)
            case ["apis", group, version] if group:
                return self._resources(request, group, version)
        return NOT_FOUND

    def _resources(self, request: Request, group: str, version: str) -> Response:
        registry = self._registry
        served = registry.in_version(group, version)
        if not served:
            if is_builtin_group(registry, group):
                raise unknown_resource()
            return NOT_FOUND
        if not all(resource.custom for resource in served):
            check_document(request, OBJECTS)
        return _negotiated(request, legacy_resources(registry, group, version), strips_version=not group)


def _names(registry: Registry) -> Iterator[str]:
    yield from (group.name for group in registry.groups() if group.name)
    yield from (version.group for version in registry.aggregated if version.group)


def wants_aggregated(accept: str) -> bool:
    """Return whether the client accepts aggregated discovery in the version that is served."""
    try:
        return negotiate(accept, _AGGREGATED).converted_to is not None
    except StatusError:
        return False


def _address(request: Request) -> str:
    server = request.scope.get("server")
    return f"{server[0]}:{server[1]}" if server else ""


def _negotiated(request: Request, document: Document, *, strips_version: bool = False) -> Response:
    return object_response(document.body, representation(request), writer=FILTER, strips_version=strips_version)


def _tagged(request: Request, document: Document) -> Response:
    tag = f'"{document.etag}"'
    headers = [(b"etag", tag.encode()), (b"cache-control", b"public"), _VARY]
    if request.header(b"if-none-match") == tag:
        return Response(status=304, headers=headers)
    shown = representation(request, _AGGREGATED)
    return object_response(
        document.body,
        shown,
        group_version=_LIST.api_version,
        content_type=f"{shown.media_type};g={_LIST.group};v={_LIST.version};as={_LIST.kind}",
        headers=headers,
    )
