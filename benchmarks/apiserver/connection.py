"""A client that costs next to nothing."""

import asyncio
import ssl
import time
from dataclasses import dataclass, field

from rootspan_apiserver.serving.kubeconfig import Access

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def tls(access: Access) -> ssl.SSLContext:
    """Return the TLS settings of a client, who verifies the server if the authority is given."""
    context = ssl.create_default_context(cadata=access.ca_bundle.decode() or None)
    if not access.ca_bundle:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Connection:
    """One keep-alive connection that speaks just enough HTTP. `timings` are the seconds of its requests."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    token: str
    timings: list[float] = field(default_factory=list)

    @classmethod
    async def open(cls, access: Access) -> "Connection":
        host, port = access.server.removeprefix("https://").split(":")
        return cls(*await asyncio.open_connection(host, int(port), ssl=tls(access)), access.token)

    async def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
        """Send a request and return the body of the answer."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        begun = time.perf_counter()
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = next(line for line in answer.split(b"\r\n") if line.startswith(b"content-length:"))
        content = await self.reader.readexactly(int(length.split(b":")[1]))
        self.timings.append(time.perf_counter() - begun)
        if answer.split(b" ", 2)[1] not in (b"200", b"201"):
            raise SystemExit(f"{method} {path} was answered {answer.decode()}")
        return content
