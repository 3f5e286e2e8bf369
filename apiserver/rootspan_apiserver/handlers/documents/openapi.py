"""`/openapi/v3`: the index, and the document of each group-version, kept by clients for as long as its hash stands in the index.

`/openapi/v2` is one document for everything. All documents are there in JSON and in protocol buffers. An `Accept` header without a media
range gets an empty answer, as from kube-apiserver.

Upstream: vendor/k8s.io/kube-openapi/pkg/handler/handler.go, handler3/handler.go
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from rootspan_apiserver.documents.openapi import (
    PROTOBUF_V2,
    PROTOBUF_V3,
    OpenAPIDocument,
    document,
    index,
    swagger,
)
from rootspan_apiserver.http.accept import parse_accept, preferred
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Headers, Response
from rootspan_apiserver.kube.media_types import JSON, TEXT
from rootspan_apiserver.resources.catalogue import Registry

_ROOT = "/openapi/v3"
_OLDER_V2, _OLDER_V3 = (name.replace(".v1.0", "@v1.0") for name in (PROTOBUF_V2, PROTOBUF_V3))
_VARY = (b"vary", b"Accept")
_RANGES = (b"accept-ranges", b"bytes")
_NOTHING = Response(status=404)


class OpenAPI:
    """Answers with the descriptions of the resources in a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def v3(self, request: Request) -> Response:
        if request.path == _ROOT:
            return Response(body=index(self._registry), content_type=TEXT, headers=[_RANGES])
        path = request.path.removeprefix(f"{_ROOT}/")
        found = document(self._registry, path)
        if found is None:
            return _NOTHING
        media_type = preferred(request.header(b"accept"), (JSON, _OLDER_V3, PROTOBUF_V3))
        if media_type is None:
            return _unacceptable(request, [_VARY])
        if media_type != JSON:
            media_type, found = PROTOBUF_V3, document(self._registry, path, protobuf=True) or found
        headers = _tagged(found)
        if wanted := request.parameter("hash"):
            if wanted != found.hash:
                location = (b"location", f"{_ROOT}/{path}?hash={found.hash}".encode())
                return Response(status=301, content_type=media_type, headers=[*headers, location])
            expires = format_datetime(datetime.now(UTC) + timedelta(days=365), usegmt=True)
            headers += [(b"cache-control", b"public, immutable"), (b"expires", expires.encode())]
        return _unless_cached(request, found, media_type, headers)

    async def v2(self, request: Request) -> Response:
        encoding = (b"vary", b"Accept-Encoding")
        media_type = preferred(request.header(b"accept"), (JSON, _OLDER_V2, PROTOBUF_V2))
        if media_type is None:
            return _unacceptable(request, [encoding, _VARY])
        protobuf = media_type != JSON
        found = swagger(self._registry, protobuf=protobuf)
        return _unless_cached(request, found, PROTOBUF_V2 if protobuf else JSON, [encoding, *_tagged(found)])


def _unacceptable(request: Request, headers: Headers) -> Response:
    accepts_nothing_known = parse_accept(request.header(b"accept"))
    return Response(status=406 if accepts_nothing_known else 200, headers=headers)


def _tagged(found: OpenAPIDocument) -> list[tuple[bytes, bytes]]:
    return [(b"etag", f'"{found.hash}"'.encode()), _VARY]


def _unless_cached(request: Request, found: OpenAPIDocument, media_type: str, headers: Headers) -> Response:
    if request.header(b"if-none-match") == f'"{found.hash}"':
        return Response(status=304, headers=headers)
    return Response(body=found.body, content_type=media_type, headers=[*headers, _RANGES])
