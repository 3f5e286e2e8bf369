"""A client that costs little: keep-alive connections on asyncio's protocols, one request at a time on each."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SUCCESS = (200, 201)


@dataclass(frozen=True)
class Target:
    """A server: its name in the results, its URL, a bearer token, and the processes it consists of.

    The processes are those that listen on `ports`, those of `pids`, and the descendants of both.
    """

    name: str
    url: str
    token: str
    ports: tuple[int, ...]
    pids: tuple[int, ...] = ()


class RefusedError(Exception):
    """The server did not answer a request of the measurement with success."""


@dataclass
class Client(asyncio.Protocol):
    """One connection. `timings` are the seconds of its requests."""

    target: Target
    timings: list[float] = field(default_factory=list)

    @classmethod
    async def open(cls, target: Target) -> "Client":
        """Connect. The certificate is not verified: the servers are one's own."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
        url = urlsplit(target.url)
        assert url.hostname is not None
        assert url.port is not None
        made = cls(target)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: made, url.hostname, url.port, ssl=tls if url.scheme == "https" else None)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = bytearray()
        self._waiter: asyncio.Future[bytes] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()

    async def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
        """Return the body of the answer, still chunked if the server sent chunks. Raises RefusedError."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.target.token}\r\n"
            f"Accept: application/json\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._waiter = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        self._transport.write(head.encode() + body)  # type: ignore[attr-defined]  # uvloop's is none by inheritance
        answer = await self._waiter
        self.timings.append(time.perf_counter() - begun)
        if int(answer[9:12]) not in SUCCESS:
            raise RefusedError(f"{self.target.name}: {method} {path} was answered {answer[:600].decode()}")
        return answer.partition(b"\r\n\r\n")[2]

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        end = received.find(b"\r\n\r\n")
        if end < 0 or self._waiter is None or self._waiter.done():
            return
        head = bytes(received[:end]).lower()
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else -1
        chunked = length < 0
        if received.endswith(b"\r\n0\r\n\r\n") if chunked else len(received) >= end + 4 + length:
            self._waiter.set_result(bytes(received))
            received.clear()
