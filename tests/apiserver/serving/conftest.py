"""Raw connections to a server, in both event loops it runs in."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from rootspan_apiserver.serving import certificates
from rootspan_apiserver.serving.http import GRACE, Address, listen, serving
from rootspan_apiserver.serving.protocol import LIMITS, ConnectionLimits
from rootspan_apiserver.serving.request_cycle import ASGIApp

PATIENCE = 20.0
OWN = certificates.self_signed(["127.0.0.1"], None)
TRUSTING = ssl.create_default_context(cadata=OWN.ca_bundle.decode())


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@dataclass(frozen=True, slots=True)
class Raw:
    """A connection on which bytes are sent as they are."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def answer(self) -> tuple[bytes, bytes]:
        """The status line of the next answer, and its body if its length is told."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = sum(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
            return head.split(b"\r\n")[0], await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the server closes the connection, which it must."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)


@asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Raw]:
    tls = TRUSTING if address.scheme == "https" else None
    raw = Raw(*await asyncio.open_connection(address.host, address.port, ssl=tls))
    try:
        yield raw
    finally:
        raw.writer.transport.abort()


@asynccontextmanager
async def served(
    app: ASGIApp,
    limits: ConnectionLimits = LIMITS,
    grace: float = GRACE,
    stopping: Callable[[], None] | None = None,
) -> AsyncIterator[Address]:
    """`app` over TLS."""
    tls = certificates.server_context(OWN)
    bound = listen("127.0.0.1", 0)
    async with serving(app, bound, tls=tls, limits=limits, grace=grace, stopping=stopping) as address:
        yield address


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers the method, the path, the sizes of the query and the headers, and the body."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    sizes = len(scope["query_string"]), sum(len(name) + len(value) for name, value in scope["headers"])
    text = f"{scope['method']} {scope['path']} {sizes[0]} {sizes[1]} {body.decode()}".encode()
    headers = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})
