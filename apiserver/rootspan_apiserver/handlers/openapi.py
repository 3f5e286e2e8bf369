"""`/openapi/v3`: the index, and the document of each group-version, kept by clients for as long as its hash stands in the index."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from rootspan_apiserver.handlers.negotiation import JSON
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.responses import Headers, send_bytes, write_text
from rootspan_apiserver.openapi import document, index

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
    if request.header(b"if-none-match") == tag:
        await request.send({"type": "http.response.start", "status": 304, "headers": headers})
        await request.send({"type": "http.response.body", "body": b""})
        return
    await send_bytes(request, 200, found.body, JSON, headers)


async def _redirect(request: Request, location: str) -> None:
    headers = [(b"location", location.encode()), (b"content-length", b"0")]
    await request.send({"type": "http.response.start", "status": 301, "headers": headers})
    await request.send({"type": "http.response.body", "body": b""})
