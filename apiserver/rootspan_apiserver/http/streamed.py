"""Responses that are sent piece by piece while they are made.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go
"""

import asyncio
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Serialization, accepts_gzip, serialization_facts, with_gzip
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.processes.calculating import calculated

_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedResponse:
    """A response whose `pieces` are made in a thread, each when the client has taken the one before."""

    pieces: Iterator[bytes]
    content_type: str
    serialization: Serialization

    async def send(self, request: Request, send: Send) -> None:
        """Send the response, inside a span of its own. What fails after its first piece cuts the connection."""
        made, pieces = self.serialization, self.pieces
        headers = [(b"content-type", self.content_type.encode())]
        if accepts_gzip(request):
            pieces, headers = _compressed(pieces), with_gzip(headers)
        facts = partial(serialization_facts, request, made, self.content_type)
        leaving = asyncio.create_task(_disconnection(request))
        try:
            with request.tracing.span(operations.WRITE_RESPONSE, facts) as step:
                piece = await _next(pieces)
                step.event(events.WRITE_STARTING, writer=made.writer, size=made.first_write or len(piece or b""))
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                size = 0
                while piece is not None and not leaving.done():
                    size += len(piece)
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await _next(pieces)
                await send({"type": "http.response.body", "body": b""})
                step.event(events.WRITE_SUCCEEDED, size=size)
        finally:
            leaving.cancel()


async def _disconnection(request: Request) -> None:
    """Return when the client has closed its connection and does not wait for the rest."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _next(pieces: Iterator[bytes]) -> bytes | None:
    """Return the next piece that is not empty, None at the end."""
    piece: bytes | None = b""
    while piece == b"":
        piece = await calculated(partial(next, pieces, None), long=True)
    return piece


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressing = zlib.compressobj(1, wbits=_GZIP)
    for piece in pieces:
        yield compressing.compress(piece)
    yield compressing.flush()
