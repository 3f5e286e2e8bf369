"""Applications driven by hand, event by event, and served on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn

from rootspan.middleware import ASGIApp

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTILE_HEADERS = [
    (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    (b"tracestate", b"evil=state"),
    (b"baggage", b"evil=baggage"),
]

START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
BODY: Message = {"type": "http.response.body", "body": b"ok"}
REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}


def http_scope(path: str = "/", *, headers: Iterable[tuple[bytes, bytes]] = (), **changes: Any) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"shop.example"), *headers],
        "client": ("198.51.100.7", 50123),
        "server": ("127.0.0.1", 8000),
    } | changes


def websocket_scope(path: str = "/", *, headers: Iterable[tuple[bytes, bytes]] = (), **changes: Any) -> Scope:
    scope = http_scope(path, headers=headers, **{"type": "websocket", "scheme": "ws", "subprotocols": []} | changes)
    del scope["method"]
    return scope


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    await send(BODY)


async def drive(app: App, scope: Scope, *events: Message) -> list[Message]:
    """Runs an application to its end. It receives `events`, then waits for ever; what it sent is returned."""
    waiting = list(events or (REQUEST,))
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@asynccontextmanager
async def serving(app: ASGIApp, *, http: Literal["h11", "httptools"] = "httptools") -> AsyncIterator[str]:
    """Serves an application with uvicorn on a free port of this machine. Yields `host:port`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        config = uvicorn.Config(app, http=http, ws="websockets-sansio", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"{host}:{port}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, 10)
