"""Serve an ASGI application on a listening socket, inside a running event loop.

It reports when it is ready and stops without a signal, so that several servers can run in one process.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate

from rootspan_apiserver.processes import descriptors
from rootspan_apiserver.serving.accepting import Acceptor, TLSContext
from rootspan_apiserver.serving.protocol import LIMITS, Connection, ConnectionLimits, ServingState
from rootspan_apiserver.serving.request_cycle import ASGIApp

GRACE = 2.0
"""Seconds that requests in flight have by default when the server stops."""
FLUSH = 1.0
"""Seconds that the last responses have to reach their clients."""


class BindError(OSError):
    """The server cannot listen on the address."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a listening server."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def advertised(self, host: str) -> "Address":
        """Return the address for clients: at `host`, else at this one, or at the loopback if this one is unspecified."""
        unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        return Address(self.scheme, host or unspecified.get(self.host, self.host), self.port)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port` (0: any free port). Raises BindError.

    The protocol is given as IPPROTO_TCP because asyncio sets TCP_NODELAY on such sockets only.
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
    app: ASGIApp,
    bound: socket.socket,
    *,
    tls: TLSContext | None = None,
    stopping: Callable[[], None] | None = None,
    drained: Callable[[], Awaitable[None]] | None = None,
    grace: float = GRACE,
    limits: ConnectionLimits = LIMITS,
) -> AsyncIterator[Address]:
    """Serve `app` on the socket inside the block; on exit call `stopping`, then wait `grace` seconds for requests in flight.

    Connections of requests that are not answered by then are cut. New ones are refused at once, or, if `drained` is given, when it
    returns or `grace` is over.
    """
    state = ServingState(app, limits)
    host, port = bound.getsockname()[:2]
    clock = asyncio.create_task(_keep_date(state))
    most = descriptors.for_connections(limits.connections)
    acceptor = Acceptor(
        bound,
        lambda: Connection(state),
        tls,
        limits.handshake_time,
        is_full=lambda: len(state.connections) + acceptor.unfinished >= most,
    )
    try:
        yield Address("https" if tls else "http", host, port)
    finally:
        if stopping is not None:
            stopping()
        if drained is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(drained(), grace)
            grace = min(grace, GRACE)
        await acceptor.aclose()
        await _end(state, grace)
        clock.cancel()
        await asyncio.wait([clock])


async def _keep_date(state: ServingState) -> None:
    """Keep the Date header of all responses current."""
    while True:
        state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        await asyncio.sleep(1.0 - time.time() % 1.0)


async def _end(state: ServingState, grace: float) -> None:
    """Wait for requests in flight, then cut all connections: an idle peer does not answer the closing of TLS."""
    connections = list(state.connections)
    answering = [connection for connection in connections if connection.answering]
    for connection in connections:
        connection.shutdown()
    deadline = asyncio.get_running_loop().time() + grace
    while tasks := list(state.tasks):
        remaining = deadline - asyncio.get_running_loop().time()
        if remaining <= 0:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            break
        await asyncio.wait(tasks, timeout=remaining)
    await _closed(answering)
    for connection in connections:
        connection.transport.abort()
    await _closed(connections)


async def _closed(connections: Iterable[Connection]) -> None:
    """Wait until the connections are closed, at most FLUSH seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FLUSH):
            for connection in connections:
                await connection.closed.wait()
