"""Responses as values: made by a handler or a filter, sent once.

Bodies are bytes already: what is stored is answered as it is stored, so that a get or a list decodes nothing.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go
"""

import asyncio
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import orjson

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.http.encoding import encoded, indented
from rootspan_apiserver.http.negotiation import DOCUMENT, Offer, Representation, check_routed, negotiate, wants_pretty
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.media_types import JSON, OBJECTS, TEXT
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, method_not_allowed
from rootspan_apiserver.processes.calculating import calculated

HANDLER = "*responsewriter.outerWithCloseNotifyFlushAndHijack"
FILTER = "struct { httpsnoop.Unwrapper; http.ResponseWriter; http.Flusher; http.CloseNotifier; http.Hijacker }"
ROUTER = "*restful.Response"
"""The writers that spans name: of the verbs' handlers, of the filters and documents, of the router."""

NOSNIFF = (b"x-content-type-options", b"nosniff")
_VARY_ENCODING = (b"vary", b"Accept-Encoding")
_GZIP_THRESHOLD = 128 * 1024
_PIECE = 1024 * 1024
"""The bytes of a body that are written, and encrypted, in one go."""

Headers = Sequence[tuple[bytes, bytes]]


class Sendable(Protocol):
    """What a handler returns: a response, or a stream of events."""

    async def send(self, request: Request, send: Send) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Serialization:
    """How an object was encoded, for the span of writing it.

    Attributes:
        encoder: The name of the encoder.
        group_version: What the object was encoded to; "" leaves it out.
        writer: The type of Go that kube-apiserver writes the response to.
        first_write: The bytes of the first piece where kube-apiserver streams the response, 0 where it does not.
        strips_version: Whether the encoder leaves out the version of the object.
    """

    encoder: str
    group_version: str = ""
    writer: str = HANDLER
    first_write: int = 0
    strips_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response whose body is complete.

    `document` is the object that it answers, as JSON; None for an answer that is no object. A long body is compressed where it is
    `compressible` and the client can read that.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: Headers = ()
    serialization: Serialization | None = None
    document: bytes | None = None
    compressible: bool = True

    async def send(self, request: Request, send: Send) -> None:
        """Send the response, inside a span of its own if an object was serialized."""
        made = self.serialization
        request.response_document = self.document
        if made is None:
            await self._write(request, send)
            return

        facts = partial(serialization_facts, request, made, self.content_type)
        with request.tracing.span(operations.WRITE_RESPONSE, facts) as span:
            size = len(self.body)
            span.event(events.WRITE_STARTING, writer=made.writer, size=made.first_write or size)
            await self._write(request, send)
            span.event(events.WRITE_SUCCEEDED, size=size)

    async def _write(self, request: Request, send: Send) -> None:
        body, headers = self.body, [*self.headers]
        if self.content_type:
            headers.insert(0, (b"content-type", self.content_type.encode()))
        if self.compressible and len(body) > _GZIP_THRESHOLD and accepts_gzip(request):
            body = await calculated(partial(gzip.compress, body, 1), long=True)
            headers = with_gzip(headers)
        if self.status not in (204, 304):
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        begin = 0
        while len(body) - begin > _PIECE:
            piece = body[begin : begin + _PIECE]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # the pieces for a client that reads fast do not follow each other at once
            begin += _PIECE
        await send({"type": "http.response.body", "body": body[begin:]})


def serialization_facts(request: Request, made: Serialization, content_type: str) -> Facts:
    """Return what the span of writing an object records."""
    version = f'"encodeGV":"{made.group_version}",' if made.group_version else ""
    encoder = f'{{{version}"encoder":{made.encoder},"name":"versioning"}}'
    if made.strips_version:
        encoder = f'{{"encoder":{orjson.dumps(encoder).decode()},"name":"stripVersion"}}'
    return facts(
        method=request.method, url=request.path, protocol=request.protocol, media_type=content_type, encoder=encoder
    )


def accepts_gzip(request: Request) -> bool:
    """Return whether the client takes compressed responses."""
    return "gzip" in request.header(b"accept-encoding")


def with_gzip(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response whose body is compressed."""
    vary = [] if _VARY_ENCODING in headers else [_VARY_ENCODING]
    return [*headers, (b"content-encoding", b"gzip"), *vary]


def representation(request: Request, offer: Offer = DOCUMENT) -> Representation:
    """Return what this client accepts of an offer. Raises StatusError 406."""
    pretty = wants_pretty(request.parameter("pretty"), request.user_agent)
    return negotiate(request.header(b"accept"), offer, pretty=pretty)


def object_response(
    body: bytes,
    shown: Representation,
    *,
    group_version: str = "",
    status: int = 200,
    writer: str = HANDLER,
    streamed: bool = False,
    strips_version: bool = False,
    content_type: str = "",
    headers: Headers = (),
) -> Response:
    """Encode an object, given as compact JSON without a final newline, in the representation agreed upon.

    Args:
        group_version: What the object is encoded to.
        streamed: Whether kube-apiserver writes this response piece by piece, as it does collections.
        strips_version: Whether it leaves out the version, as it does in discovery of the core group.
        content_type: Its media type if that says more than the representation's.

    Raises:
        StatusError: 406, the kind has no protobuf form.
    """
    content, first = encoded(body, shown)
    made = Serialization(
        encoder=shown.encoder,
        group_version=group_version,
        writer=writer,
        first_write=first if streamed else 0,
        strips_version=strips_version,
    )
    content_type = content_type or shown.media_type
    return Response(
        status=status, body=content, content_type=content_type, headers=headers, serialization=made, document=body
    )


def error_response(
    request: Request,
    error: StatusError,
    *,
    group_version: str = "",
    writer: str = HANDLER,
    formats: tuple[str, ...] = OBJECTS,
) -> Response:
    """Make a `Status` of a refusal; a client that accepts none of the media types `formats` gets it as indented JSON."""
    headers = []
    if error.details and (seconds := error.details.get("retryAfterSeconds") or 0) > 0:
        headers.append((b"retry-after", str(seconds).encode()))
    if error.code == 403 and writer == FILTER:
        headers.append(NOSNIFF)
    try:
        shown = representation(request, Offer(formats, formats=formats))
    except StatusError:
        return raw_json(error.body(), error.code, headers)
    return object_response(
        orjson.dumps(error.body()),
        shown,
        group_version=group_version,
        status=error.code,
        writer=writer,
        headers=headers,
    )


def routed(request: Request, produced: Sequence[str], *, reads_any: bool = False) -> Response | None:
    """Return the refusal of the router, 405, 406 or 415, for a document at a path that only GET reads; None for a request that is right.

    `reads_any` allows every content type.
    """
    try:
        check_document(request, produced, reads_any=reads_any)
    except StatusError as error:
        return error_response(request, error, writer=ROUTER)
    return None


def check_document(request: Request, produced: Sequence[str], *, reads_any: bool = False) -> None:
    """Refuse as the router does for a path that only GET reads: also a content type without a body, unless the path `reads_any`.

    Raises:
        StatusError: 405, 406 or 415.
    """
    if request.method != "GET":
        raise method_not_allowed()
    content_type = request.header(b"content-type")
    if (
        content_type
        and not reads_any
        and not any(each.partition(";")[0].strip(" ") in produced for each in content_type.split(","))
    ):
        raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    check_routed(request.header(b"accept"), produced)


def raw_json(obj: JSONObject, status: int = 200, headers: Headers = ()) -> Response:
    """Indented JSON without negotiation, as `/version` has it."""
    return Response(status=status, body=indented(obj), content_type=JSON, headers=headers)


def plain_text(text: str, status: int = 200, headers: Headers = ()) -> Response:
    """Plain text; a refusal also forbids browsers to guess its type."""
    if status >= 400:
        headers = (*headers, NOSNIFF)
    return Response(status=status, body=text.encode(), content_type=TEXT, headers=headers)


NOT_FOUND = plain_text("404 page not found\n", 404)
