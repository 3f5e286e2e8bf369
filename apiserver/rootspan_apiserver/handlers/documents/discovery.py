"""`/api`, `/apis` and below: which resources there are, in the form the client asks for.

A client that asks for aggregated discovery gets the version it names first and the server has, never another.
"""

from typing import Literal

from rootspan_apiserver.documents.discovery import (
    Document,
    aggregated_apis,
    aggregated_core,
    core_versions,
    legacy_group,
    legacy_groups,
    legacy_resources,
)
from rootspan_apiserver.http.negotiation import JSON, Representation
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import representation, write_document, write_raw, write_text
from rootspan_apiserver.kube.status import StatusError

_CACHE = [(b"cache-control", b"public"), (b"vary", b"Accept")]


def aggregated_version(accept: str) -> Literal["v2", "v2beta1"] | None:
    """The version of aggregated discovery to answer with, None for the legacy documents."""
    for clause in accept.split(","):
        media_type, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        if parameters.get("as") == "APIGroupDiscoveryList" and parameters.get("g") == "apidiscovery.k8s.io":
            version = parameters.get("v")
            if media_type in (JSON, "*/*", "application/*") and version in ("v2", "v2beta1"):
                return "v2" if version == "v2" else "v2beta1"
        elif media_type in (JSON, "*/*", "application/*") and "as" not in parameters:
            return None
    return None


async def discover(request: Request) -> None:
    """Answers for `/api`, `/api/v1`, `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION`."""
    segments = [segment for segment in request.path.split("/") if segment]
    if request.method not in ("GET", "HEAD"):
        await write_text(request, 405, "Method Not Allowed\n")
        return
    registry = request.parts.registry
    if len(segments) == 1 and (version := aggregated_version(request.header(b"accept"))):
        document = (aggregated_core if segments[0] == "api" else aggregated_apis)(registry, version)
        await _write_tagged(request, document, version)
        return
    try:
        document = _legacy(request, segments)
    except KeyError:
        await write_text(request, 404, "404 page not found\n")
        return
    try:
        shown = representation(request)
    except StatusError as error:
        await write_raw(request, error.code, error.body())
        return
    headers = [(b"vary", b"Accept")] if len(segments) == 1 else []
    await write_document(request, document.body, shown, "", shown.media_type, headers)


def _legacy(request: Request, segments: list[str]) -> Document:
    registry = request.parts.registry
    match segments:
        case ["api"]:
            return core_versions(_address(request))
        case ["api", version]:
            return legacy_resources(registry, "", version)
        case ["apis"]:
            return legacy_groups(registry)
        case ["apis", group]:
            return legacy_group(registry, group)
        case ["apis", group, version]:
            return legacy_resources(registry, group, version)
    raise KeyError(tuple(segments))


def _address(request: Request) -> str:
    server = request.scope.get("server")
    return f"{server[0]}:{server[1]}" if server else ""


async def _write_tagged(request: Request, document: Document, version: str) -> None:
    tag = f'"{document.etag}"'
    headers = [(b"etag", tag.encode()), *_CACHE]
    if request.header(b"if-none-match") == tag:
        await request.send({"type": "http.response.start", "status": 304, "headers": headers})
        await request.send({"type": "http.response.body", "body": b""})
        return
    content_type = f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    group_version = f"apidiscovery.k8s.io/{version}"
    await write_document(request, document.body, Representation(), group_version, content_type, headers)
