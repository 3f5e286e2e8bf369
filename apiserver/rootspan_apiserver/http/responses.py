"""Writing an answer: representation, the span of writing it, compression.

Bodies are bytes already: what is stored is answered as it is stored, so that a get or a list decodes nothing.
"""

import gzip
from collections.abc import Sequence

import orjson
import yaml

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.http.negotiation import JSON, PROTOBUF, YAML, Representation, negotiate, wants_pretty
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.protobuf import MAGIC, encode

_GZIP_THRESHOLD = 128 * 1024
_WRITER = "*responsewriter.outerWithCloseNotifyFlushAndHijack"
_FILTER_WRITER = "struct { httpsnoop.Unwrapper; http.ResponseWriter; http.Flusher; http.CloseNotifier; http.Hijacker }"
_ROUTER_WRITER = "*restful.Response"
_NOSNIFF = (b"x-content-type-options", b"nosniff")

Headers = list[tuple[bytes, bytes]]


def representation(request: Request, *, transformations: bool = False, protobuf: bool = True) -> Representation:
    """What this client accepts; the arguments are those of `negotiate`. Raises StatusError 406."""
    pretty = wants_pretty(request.parameter("pretty"), request.user_agent)
    accept = request.header(b"accept")
    return negotiate(accept, pretty=pretty, transformations=transformations, protobuf=protobuf)


async def write(
    request: Request,
    status: int,
    body: bytes,
    shown: Representation,
    group_version: str,
    *,
    writer: str = _WRITER,
    streamed: bool = False,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answers with an object, given as compact JSON without its final newline, in the representation agreed upon.

    Args:
        group_version: what the object is encoded to, for the span; "" leaves it out.
        streamed: whether the real server writes this answer piece by piece, as it does collections; for the span.
    """
    body, first = _encoded(body, shown)
    await _serialize(
        request, status, body, shown, group_version, shown.media_type, writer, first if streamed else 0, headers
    )


async def write_document(
    request: Request, body: bytes, shown: Representation, group_version: str, content_type: str, headers: Headers
) -> None:
    """Answers with a document that is kept as JSON with its final newline; the real server writes these outside of its handlers."""
    if shown.media_type != JSON or shown.pretty:
        body, _ = _encoded(body.rstrip(b"\n"), shown)
    await _serialize(request, 200, body, shown, group_version, content_type, _FILTER_WRITER, 0, headers)


def _encoded(body: bytes, shown: Representation) -> tuple[bytes, int]:
    """The body as it goes out, and the size of its first piece where it is streamed, 0 where it never is."""
    if shown.media_type == PROTOBUF:
        return to_protobuf(orjson.loads(body)), len(MAGIC)
    if shown.media_type == YAML:
        return to_yaml(orjson.loads(body)), 0
    if shown.pretty:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2), 0
    return body + b"\n", 1


async def _serialize(
    request: Request,
    status: int,
    body: bytes,
    shown: Representation,
    group_version: str,
    content_type: str,
    writer: str,
    first: int,
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    def facts_of() -> Facts:
        version = f'"encodeGV":"{group_version}",' if group_version else ""
        return facts(
            method=request.method,
            url=request.path,
            protocol=request.protocol,
            media_type=content_type,
            encoder=f'{{{version}"encoder":{shown.encoder},"name":"versioning"}}',
        )

    with request.parts.tracing.span(operations.WRITE_RESPONSE, facts_of) as span:
        size = len(body)
        span.event(events.WRITE_STARTING, writer=writer, size=first or size)
        await send_bytes(request, status, body, content_type, headers)
        span.event(events.WRITE_SUCCEEDED, size=size)


async def write_error(request: Request, error: StatusError, group_version: str) -> None:
    """Answers with a `Status`; a client that accepts none of the server's types gets it as indented JSON."""
    await _refuse(request, error, group_version, _WRITER)


async def write_filter_error(request: Request, error: StatusError, group_version: str) -> None:
    """As `write_error`, from a filter behind authentication."""
    await _refuse(request, error, group_version, _FILTER_WRITER)


async def write_router_error(request: Request, error: StatusError) -> None:
    """As `write_error`, where no handler matched."""
    await _refuse(request, error, "", _ROUTER_WRITER)


async def _refuse(request: Request, error: StatusError, group_version: str, writer: str) -> None:
    try:
        shown = representation(request)
    except StatusError:
        await write_raw(request, error.code, error.body())
        return
    headers: Headers = []
    if error.details and (seconds := error.details.get("retryAfterSeconds") or 0) > 0:
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


def to_protobuf(obj: JSONObject) -> bytes:
    """Raises StatusError 406 for a kind that has no protobuf form."""
    group, _, version = obj.get("apiVersion", "v1").rpartition("/")
    encoded = encode(obj, GroupVersionKind(group, version, obj["kind"]))
    if encoded is None:
        message = f"object {obj['kind']} does not implement the protobuf marshalling interface"
        raise StatusError(406, "NotAcceptable", f"{message} and cannot be encoded to a protobuf message")
    return encoded


def to_yaml(obj: object) -> bytes:
    text: bytes = yaml.dump(
        obj, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), encoding="utf-8", allow_unicode=True
    )
    return text
