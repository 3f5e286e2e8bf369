"""A connection that sends requests as bytes, one after the other, and reads status and body of each answer."""

import asyncio
import gzip
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A `status` of 0: there was none, because the connection was closed or nothing came."""

    status: int
    body: bytes
    content_type: bytes = b""


class Connection:
    """Connects when it must, and anew after the server closed."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.transport.abort()

    async def send(self, request: bytes, *, head: bool, whole: bool) -> Answer:
        """What the server answers; of a success that is not wanted `whole` only the status. `head` has no body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=1 << 26)
        reader, writer = self._streams
        writer.write(request)
        try:
            async with asyncio.timeout(PATIENCE):
                status, headers = await self._head(reader)
                is_left = not whole and status < 400
                body = b"" if head or status == 304 or is_left else await self._body(reader, headers)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            await self.close()
            return Answer(0, b"")
        if not whole or b"close" in headers.get(b"connection", b""):
            await self.close()
        if headers.get(b"content-encoding") == b"gzip" and body:
            body = gzip.decompress(body)
        return Answer(status, body, headers.get(b"content-type", b""))

    async def _head(self, reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in lines[1:] if b": " in line)
        return int(lines[0].split(b" ")[1]), headers

    async def _body(self, reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
        if b"content-length" in headers:
            return await reader.readexactly(int(headers[b"content-length"]))
        if headers.get(b"transfer-encoding") != b"chunked":
            return b""
        chunks = []
        while size := int(await reader.readuntil(b"\r\n"), 16):
            chunks.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(chunks)
