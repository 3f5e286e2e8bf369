"""An ASGI application on a listening socket: uvicorn, driven from inside a running event loop.

The server tells when it is ready and can be stopped without a signal, so that several run in one process. A client's certificate is put in
the scope by the TLS extension of the ASGI specification (`scope["extensions"]["tls"]["client_cert_chain"]`, PEM).
"""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ASGIApp = Callable[..., Any]
GRACE = 2
"""Seconds that requests in flight have when the server stops."""


class BindError(OSError):
    """The address cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class _Protocol(HttpToolsProtocol):
    _extensions: dict[str, Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn narrows it the same way
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        certificate = connection.getpeercert(binary_form=True) if connection is not None else None
        if certificate:
            chain = [ssl.DER_cert_to_PEM_cert(certificate)]
            self._extensions = {"tls": {"client_cert_chain": chain}}

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._extensions is not None:
            self.scope["extensions"] = self._extensions


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests in flight end, then cut the connections: a peer that keeps one idle does not answer the end of TLS."""
        for server in self.servers:
            server.close()
        connections, tasks = self.server_state.connections, self.server_state.tasks
        for connection in list(connections):
            connection.shutdown()
        if tasks:
            _, late = await asyncio.wait(list(tasks), timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for connection in list(connections):
            connection.transport.abort()
        for server in self.servers:
            await server.wait_closed()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to `host` and `port` (0 takes a free one). Raises BindError, naming the address.

    Its protocol is named as TCP because asyncio sends without delay (TCP_NODELAY) on such sockets only.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(2048)
    except OSError as exc:
        bound.close()
        raise BindError(f"failed to listen on {host}:{port}: {os.strerror(exc.errno or 0)}") from exc
    return bound


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, bound: socket.socket, *, tls: ssl.SSLContext | None = None, stopping: Callable[[], None] | None = None
) -> AsyncIterator[Address]:
    """Serve `app` on the socket inside the block; on the way out call `stopping`, then let requests in flight end for GRACE seconds."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=90,
        proxy_headers=False,
        reset_contextvars=True,
    )
    config.load()
    config.ssl = tls
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    ready = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        host, port = bound.getsockname()[:2]
        yield Address("https" if tls else "http", host, port)
    finally:
        ready.cancel()
        if stopping is not None:
            stopping()
        server.should_exit = True
        await task
