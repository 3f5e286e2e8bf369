"""Writing an answer: representation, `SerializeObject` span, compression.

Bodies are bytes already: what is stored is answered as it is stored, so that a get or a list decodes nothing.
"""

import gzip
from collections.abc import Sequence

import orjson
import yaml

from rootspan_apiserver.handlers.negotiation import JSON, YAML, Representation, negotiate, wants_pretty
from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.registry.resource import JSONObject
from rootspan_apiserver.status import StatusError

_GZIP_THRESHOLD = 128 * 1024
_WRITER = "*responsewriter.outerWithCloseNotifyFlushAndHijack"
_FILTER_WRITER = "struct { httpsnoop.Unwrapper; http.ResponseWriter; http.Flusher; http.CloseNotifier; http.Hijacker }"
_ROUTER_WRITER = "*restful.Response"
_NOSNIFF = (b"x-content-type-options", b"nosniff")

Headers = list[tuple[bytes, bytes]]


def representation(request: Request, *, transformations: bool = False) -> Representation:
    """What this client accepts. Raises StatusError 406."""
    pretty = wants_pretty(request.parameter("pretty"), request.user_agent)
    return negotiate(request.header(b"accept"), pretty=pretty, transformations=transformations)


async def write(
    request: Request,
    status: int,
    body: bytes,
    shown: Representation,
    group_version: str,
    *,
    writer: str = _WRITER,
    first_chunk: int | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answers with an object as compact JSON without its final newline, in the representation agreed upon.

    Args:
        group_version: what the object is encoded to, for the span; "" leaves it out.
        first_chunk: size of the first write where the answer is streamed, for the span.
    """
    if shown.media_type == YAML:
        body = to_yaml(orjson.loads(body))
    elif shown.pretty:
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
    else:
        body += b"\n"

    def attributes() -> dict[str, str]:
        version = f'"encodeGV":"{group_version}",' if group_version else ""
        return {
            "audit-id": request.context.audit_id,
            "method": request.method,
            "url": request.path,
            "protocol": request.protocol,
            "mediaType": shown.media_type,
            "encoder": f'{{{version}"encoder":{shown.encoder},"name":"versioning"}}',
        }

    with request.parts.tracing.span("SerializeObject", attributes) as span:
        size = len(body)
        first = first_chunk if first_chunk is not None and not shown.pretty and shown.media_type == JSON else size
        span.event("About to start writing response", {"writer": writer, "size": first})
        await send_bytes(request, status, body, shown.media_type, headers)
        span.event("Write call succeeded", {"size": size})


async def write_object(
    request: Request, status: int, obj: JSONObject, shown: Representation, group_version: str, *, writer: str = _WRITER
) -> None:
    await write(request, status, orjson.dumps(obj), shown, group_version, writer=writer)


async def write_error(request: Request, error: StatusError, group_version: str) -> None:
    """Answers with a `Status`; a client that accepts none of the server's types gets a 406 as indented JSON."""
    await _refuse(request, error, group_version, _WRITER)


async def write_filter_error(request: Request, error: StatusError, group_version: str) -> None:
    """As `write_error`, from a filter."""
    await _refuse(request, error, group_version, _FILTER_WRITER)


async def write_router_error(request: Request, error: StatusError) -> None:
    """As `write_error`, where no handler matched."""
    await _refuse(request, error, "", _ROUTER_WRITER)


async def _refuse(request: Request, error: StatusError, group_version: str, writer: str) -> None:
    try:
        shown = representation(request)
    except StatusError as unacceptable:
        await write_raw(request, unacceptable.code, unacceptable.body())
        return
    headers: Headers = []
    if error.details and (seconds := error.details.get("retryAfterSeconds")):
        headers.append((b"retry-after", str(seconds).encode()))
    if error.code == 403 and writer == _FILTER_WRITER:
        headers.append(_NOSNIFF)
    await write(request, error.code, orjson.dumps(error.body()), shown, group_version, writer=writer, headers=headers)


async def write_raw(request: Request, status: int, obj: JSONObject) -> None:
    """Indented JSON without negotiation, as `/version` has it."""
    await send_bytes(request, status, orjson.dumps(obj, option=orjson.OPT_INDENT_2), JSON)


async def write_text(request: Request, status: int, text: str) -> None:
    """Plain text; a refusal also forbids browsers to guess its type."""
    headers = [_NOSNIFF] if status >= 400 else []
    await send_bytes(request, status, text.encode(), "text/plain; charset=utf-8", headers)


async def send_bytes(
    request: Request, status: int, body: bytes, content_type: str, more_headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    headers = [(b"content-type", content_type.encode()), *more_headers]
    if len(body) > _GZIP_THRESHOLD and "gzip" in request.header(b"accept-encoding"):
        body = gzip.compress(body, 1)
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    headers.append((b"content-length", str(len(body)).encode()))
    await request.send({"type": "http.response.start", "status": status, "headers": headers})
    await request.send({"type": "http.response.body", "body": body})


def to_yaml(obj: object) -> bytes:
    text: bytes = yaml.dump(
        obj, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), encoding="utf-8", allow_unicode=True
    )
    return text
