"""Accept connections, do the TLS handshake, and answer clients that speak plain HTTP to an HTTPS port as Go does."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:  # servers that ask for no client certificates do not need it
    from OpenSSL import SSL

logger = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds until connections are accepted again after accept() failed, or when there were as many as there may be."""
_HTTP = (b"GET /", b"HEAD ", b"POST ", b"PUT /", b"OPTIO")
TLSContext: TypeAlias = Union[ssl.SSLContext, "SSL.Context"]
"""TLS of the standard library, or of pyOpenSSL where clients are asked for certificates."""
_NOT_TLS = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


class Acceptor:
    """Creates a protocol for each connection when its TLS handshake is done, which may take `handshake_time` seconds.

    It peeks at the first bytes of a connection without consuming them, which asyncio's own servers do not support. While `is_full` returns
    true, new connections wait in the backlog of the socket.
    """

    def __init__(
        self,
        bound: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: TLSContext | None,
        handshake_time: float,
        is_full: Callable[[], bool] = bool,
    ) -> None:
        bound.setblocking(False)
        self._bound = bound
        self._protocol = protocol
        self._tls = tls
        self._handshake_time = handshake_time
        self._is_full = is_full
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._opening: dict[asyncio.Task[None], socket.socket] = {}
        self._again: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound, self._accept)

    async def aclose(self) -> None:
        """Refuse new connections, and close those whose handshake is not done."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._bound)
        self._bound.close()
        for connection in list(self._waiting):
            self._stop_waiting(connection)
            connection.close()
        opening = self._opening.copy()
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for task, connection in opening.items():
            if task.cancelled():
                connection.close()

    @property
    def unfinished(self) -> int:
        """The number of connections whose handshake is not done."""
        return len(self._waiting) + len(self._opening)

    def _accept(self) -> None:
        if self._is_full():
            self._pause()
            return
        try:
            connection, _ = self._bound.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as exc:
            logger.error("connections cannot be accepted: %s", exc)
            self._pause()
            return
        connection.setblocking(False)
        if self._tls is None:
            self._open(connection)
        else:
            self._peek(connection, self._handshake_time)

    def _pause(self) -> None:
        self._loop.remove_reader(self._bound)
        self._again = self._loop.call_later(PAUSE, self._loop.add_reader, self._bound, self._accept)

    def _on_first_bytes(self, connection: socket.socket) -> None:
        self._peek(connection, self._stop_waiting(connection))

    def _on_timeout(self, connection: socket.socket) -> None:
        self._stop_waiting(connection)
        connection.close()

    def _stop_waiting(self, connection: socket.socket) -> float:
        """Stop waiting for the first bytes of the connection. Return the seconds that remained."""
        timer = self._waiting.pop(connection)
        timer.cancel()
        self._loop.remove_reader(connection)
        return timer.when() - self._loop.time()

    def _peek(self, connection: socket.socket, seconds: float) -> None:
        """Start TLS, reject plain HTTP, or wait for the first bytes. `seconds` remain for the handshake."""
        try:
            first = connection.recv(5, socket.MSG_PEEK)
            if first not in _HTTP:
                self._open(connection, max(seconds, 0.001))
                return
            connection.recv(1 << 16)
            connection.send(_NOT_TLS)
        except BlockingIOError:
            self._waiting[connection] = self._loop.call_later(seconds, self._on_timeout, connection)
            self._loop.add_reader(connection, self._on_first_bytes, connection)
            return
        except OSError:
            pass
        connection.close()

    def _open(self, connection: socket.socket, seconds: float = 0.0) -> None:
        task = self._loop.create_task(self._opened(connection, seconds))
        self._opening[task] = connection
        task.add_done_callback(self._opening.pop)

    async def _opened(self, connection: socket.socket, seconds: float) -> None:
        """A failed handshake closes the connection without a log line, as in Go."""
        try:
            if self._tls is None:
                await self._loop.connect_accepted_socket(self._protocol, connection)
            elif isinstance(self._tls, ssl.SSLContext):
                await self._loop.connect_accepted_socket(
                    self._protocol, connection, ssl=self._tls, ssl_handshake_timeout=seconds
                )
            else:
                from rootspan_apiserver.serving.openssl_transport import OpenSSLProtocol

                below = OpenSSLProtocol(self._tls, self._protocol, seconds)
                await self._loop.connect_accepted_socket(lambda: below, connection)
                await below.opened
        except OSError:
            connection.close()
