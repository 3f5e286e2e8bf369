"""`/openapi/v3`: the index, and the document of each group-version, kept by clients for as long as its hash stands in the index.

`/openapi/v2` is one document for everything, in JSON or, for clients that name it, in protocol buffers.
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from rootspan_apiserver.documents.openapi import PROTOBUF, OpenAPIDocument, document, index, swagger
from rootspan_apiserver.http.negotiation import JSON
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Headers, send_bytes, write_text

_ROOT = "/openapi/v3"


async def answer(request: Request) -> None:
    path = request.path.removeprefix(_ROOT).strip("/")
    registry = request.parts.registry
    if not path:
        await send_bytes(request, 200, index(registry), "text/plain; charset=utf-8")
        return
    found = document(registry, path)
    if found is None:
        await write_text(request, 404, "404 page not found\n")
        return
    wanted, tag = request.parameter("hash"), f'"{found.hash}"'
    headers: Headers = [(b"etag", tag.encode()), (b"vary", b"Accept")]
    if wanted is not None:
        if wanted != found.hash:
            await _redirect(request, f"{_ROOT}/{path}?hash={found.hash}")
            return
        expires = format_datetime(datetime.now(UTC) + timedelta(days=365), usegmt=True)
        headers += [(b"cache-control", b"public, immutable"), (b"expires", expires.encode())]
    await _unless_known(request, found, JSON, headers)


async def answer_v2(request: Request) -> None:
    protobuf = "proto-openapi" in request.header(b"accept")
    found = swagger(request.parts.registry, protobuf=protobuf)
    headers: Headers = [(b"etag", f'"{found.hash}"'.encode()), (b"vary", b"Accept")]
    await _unless_known(request, found, PROTOBUF if protobuf else JSON, headers)


async def _unless_known(request: Request, found: OpenAPIDocument, media_type: str, headers: Headers) -> None:
    if request.header(b"if-none-match") == f'"{found.hash}"':
        await request.send({"type": "http.response.start", "status": 304, "headers": headers})
        await request.send({"type": "http.response.body", "body": b""})
        return
    await send_bytes(request, 200, found.body, media_type, headers)


async def _redirect(request: Request, location: str) -> None:
    headers = [(b"location", location.encode()), (b"content-length", b"0")]
    await request.send({"type": "http.response.start", "status": 301, "headers": headers})
    await request.send({"type": "http.response.body", "body": b""})
