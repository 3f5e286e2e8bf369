"""`/openapi/v3`: the index, and the document of each group-version, kept by clients for as long as its hash stands in the index.

`/openapi/v2` is one document for everything, in JSON or in protocol buffers.

Upstream: vendor/k8s.io/kube-openapi/pkg/handler/handler.go, handler3/handler.go
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from rootspan_apiserver.documents.openapi import PROTOBUF, OpenAPIDocument, document, index, swagger
from rootspan_apiserver.http.accept import preferred
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import NOT_FOUND, Headers, Response
from rootspan_apiserver.kube.media_types import JSON, TEXT
from rootspan_apiserver.resources.catalogue import Registry

_ROOT = "/openapi/v3"
_OLDER_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


class OpenAPI:
    """Answers with the descriptions of the resources in a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def v3(self, request: Request) -> Response:
        """Answers in JSON only, whatever the client accepts: kubectl asks for protocol buffers alone, and reads both."""
        if request.path == _ROOT:
            return Response(body=index(self._registry), content_type=TEXT)
        path = request.path.removeprefix(f"{_ROOT}/")
        found = document(self._registry, path)
        if found is None:
            return NOT_FOUND
        wanted = request.parameter("hash")
        headers = _tagged(found)
        if wanted is not None:
            if wanted != found.hash:
                return Response(status=301, headers=[(b"location", f"{_ROOT}/{path}?hash={found.hash}".encode())])
            expires = format_datetime(datetime.now(UTC) + timedelta(days=365), usegmt=True)
            headers += [(b"cache-control", b"public, immutable"), (b"expires", expires.encode())]
        return _unless_cached(request, found, JSON, headers)

    async def v2(self, request: Request) -> Response:
        media_type = preferred(request.header(b"accept"), (JSON, _OLDER_PROTOBUF, PROTOBUF))
        if media_type is None:
            return Response(status=406, headers=[(b"vary", b"Accept")])
        protobuf = media_type != JSON
        found = swagger(self._registry, protobuf=protobuf)
        return _unless_cached(request, found, PROTOBUF if protobuf else JSON, _tagged(found))


def _tagged(found: OpenAPIDocument) -> list[tuple[bytes, bytes]]:
    return [(b"etag", f'"{found.hash}"'.encode()), (b"vary", b"Accept")]


def _unless_cached(request: Request, found: OpenAPIDocument, media_type: str, headers: Headers) -> Response:
    if request.header(b"if-none-match") == f'"{found.hash}"':
        return Response(status=304, headers=headers)
    return Response(body=found.body, content_type=media_type, headers=headers)
