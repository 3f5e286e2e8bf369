"""`/openapi/v3`: the index, and the document of each group-version, kept by clients for as long as its hash stands in the index.

`/openapi/v2` is one document for everything. All documents are there in JSON and in protocol buffers. An `Accept` header
that none of these forms satisfies gets 406, or from v3 an empty answer where it has no media range, as from kube-apiserver.

Upstream: vendor/k8s.io/kube-openapi/pkg/handler/handler.go, handler3/handler.go
"""

import time
from dataclasses import replace
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
from rootspan_apiserver.handlers.documents.content import content_response
from rootspan_apiserver.http.accept import parse_accept, preferred
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Response
from rootspan_apiserver.kube.media_types import JSON, TEXT
from rootspan_apiserver.resources.catalogue import Registry

_ROOT = "/openapi/v3"
_OLDER_V2, _OLDER_V3 = (name.replace(".v1.0", "@v1.0") for name in (PROTOBUF_V2, PROTOBUF_V3))
_VARY = (b"vary", b"Accept")
_VARY_ENCODING = (b"vary", b"Accept-Encoding")
_NOTHING = Response(status=404)


class OpenAPI:
    """Answers with the descriptions of the resources in a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def v3(self, request: Request) -> Response:
        if request.path == _ROOT:
            return content_response(request, index(self._registry), TEXT, (), modified=time.time())
        path = request.path.removeprefix(f"{_ROOT}/")
        found = document(self._registry, path)
        if found is None:
            return _NOTHING
        media_type = preferred(request.header(b"accept"), (JSON, _OLDER_V3, PROTOBUF_V3))
        if media_type is None:
            return _unacceptable(request)
        if media_type != JSON:
            media_type, found = PROTOBUF_V3, document(self._registry, path, protobuf=True) or found
        headers = [_VARY]
        if wanted := request.parameter("hash"):
            if wanted != found.hash:
                moved = (b"location", f"{_ROOT}/{path}?hash={found.hash}".encode()), (b"etag", _tag(found).encode())
                return Response(status=301, content_type=media_type, headers=[*headers, *moved])
            expires = format_datetime(datetime.now(UTC) + timedelta(days=365), usegmt=True)
            headers += [(b"cache-control", b"public, immutable"), (b"expires", expires.encode())]
        return content_response(request, found.body, media_type, headers, modified=found.modified, tag=_tag(found))

    async def v2(self, request: Request) -> Response:
        headers = [_VARY_ENCODING, _VARY]
        media_type = preferred(request.header(b"accept"), (JSON, _OLDER_V2, PROTOBUF_V2))
        if media_type is None:
            return Response(status=406, headers=headers)
        protobuf = media_type != JSON
        found = swagger(self._registry, protobuf=protobuf)
        answer = content_response(
            request,
            found.body,
            PROTOBUF_V2 if protobuf else JSON,
            headers,
            modified=found.modified,
            tag=_tag(found),
        )
        return replace(answer, compressible=answer.status == 200)


def _unacceptable(request: Request) -> Response:
    """Return 406, or what a client gets whose header has no media range: 200 without a header, because the handler writes none."""
    if parse_accept(request.header(b"accept")):
        return Response(status=406, headers=[_VARY])
    request.flow_schema_uid = None
    return Response()


def _tag(found: OpenAPIDocument) -> str:
    return f'"{found.hash}"'
