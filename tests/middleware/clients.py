"""httpx and httpx2, blocking and asynchronous, behind one face; and a server on a real socket for them to call."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from tests.middleware.asgi import Receive, Scope, Send, serving

FORGED = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "TraceState": "evil=state",
    "BAGGAGE": "evil=baggage",
}
"""The trace context of somebody else, as a proxy would copy it into a request of its own."""


@dataclass(frozen=True)
class Http:
    """One of the two libraries, with blocking or with asynchronous calls.

    Attributes:
        name: `httpx` or `httpx2`.
    """

    name: str
    is_async: bool

    def __str__(self) -> str:
        return f"{self.name} async" if self.is_async else self.name

    @property
    def library(self) -> Any:
        return import_module(self.name)

    @property
    def tracing(self) -> Any:
        """The module of rootspan for this library."""
        return import_module(f"rootspan.{self.name}")

    @property
    def tracing_transport(self) -> Any:
        return self.tracing.AsyncTracingTransport if self.is_async else self.tracing.TracingTransport

    def client(self, *, verify: Any = False, **arguments: Any) -> Any:
        """A client. It verifies no certificate unless it is told how: loading the system's takes a while."""
        kind = self.library.AsyncClient if self.is_async else self.library.Client
        return kind(verify=verify, **arguments)

    def transport(self) -> Any:
        return (self.library.AsyncHTTPTransport if self.is_async else self.library.HTTPTransport)(verify=False)

    def traced(self, tracer_provider: Any, transport: Any = None, **arguments: Any) -> Any:
        """A client whose own transport, or the one given, is traced; `arguments` are those of the tracing transport."""
        wrapped = self.tracing_transport(transport or self.transport(), tracer_provider=tracer_provider, **arguments)
        return self.client(transport=wrapped, trust_env=False)

    def answering(self, answer: Callable[[Any], Any]) -> Any:
        """A transport that lets a function answer, without a network."""
        return self.library.MockTransport(answer)

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a method of a client; a blocking one in a thread, in the same context."""
        if self.is_async:
            return await function(*args, **kwargs)
        return await to_thread.run_sync(partial(function, *args, **kwargs))

    @asynccontextmanager
    async def opened(self, client: Any) -> AsyncIterator[Any]:
        """Enter a client, and close it."""
        if self.is_async:
            async with client:
                yield client
        else:
            with client:
                yield client

    @asynccontextmanager
    async def streaming(self, client: Any, url: str) -> AsyncIterator[tuple[Any, Any]]:
        """Open a response without reading it. Yields it, and an iterator whose `__anext__` reads a part of its body."""
        request = client.build_request("GET", url)
        response = await self.call(client.send, request, stream=True)
        try:
            yield response, self._parts(response)
        finally:
            await self.call(response.aclose if self.is_async else response.close)

    async def _parts(self, response: Any) -> AsyncIterator[bytes]:
        if self.is_async:
            async for part in response.aiter_raw():
                yield part
        else:
            parts = response.iter_raw()
            while (part := await to_thread.run_sync(next, parts, None)) is not None:
                yield part


ALL = [Http(name, is_async) for name in ("httpx", "httpx2") for is_async in (False, True)]


class Upstream:
    """An ASGI application that does what the path says, and keeps the headers that it was sent.

    Attributes:
        url: Where it is served.
        asked: Set when a request has come that is answered by halves, or not at all.
    """

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Event()

    def clear(self) -> None:
        self.headers.clear()
        self.asked.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.headers.append(headers)
        _, what, *more = scope["path"].split("/")
        match what:
            case "never":
                await self._wait(receive)
            case "half":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"part", "more_body": True})
                await self._wait(receive)
            case "cut":
                length = [(b"content-length", b"100")]
                await send({"type": "http.response.start", "status": 200, "headers": length})
                await send({"type": "http.response.body", "body": b"part", "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            case "moved":
                await _answer(send, 302, (b"location", b"/" + "/".join(more).encode()))
            case "digest" if "authorization" not in headers:
                challenge = b'Digest realm="shop", nonce="7", qop="auth", algorithm=MD5'
                await _answer(send, 401, (b"www-authenticate", challenge))
            case "echo":
                body = b""
                while (message := await receive())["type"] == "http.request":
                    body += message["body"]
                    if not message.get("more_body"):
                        break
                await _answer(send, 200, (b"x-length", b"%d" % len(body)))
            case status:
                await _answer(send, int(status) if status.isdigit() else 200)

    async def _wait(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            self.asked.set()


async def _answer(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    for _ in range(3):
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def serving_upstream() -> Iterator[Upstream]:
    """Serve an `Upstream` in a thread of its own, whatever runs in this one."""
    app = Upstream()
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(app)) as address:
        app.url = f"http://{address}"
        yield app
