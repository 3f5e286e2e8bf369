"""From a listening socket to a connection that speaks HTTP: accepting, TLS, and a word to clients that forgot TLS."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

logger = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds until connections are accepted again, after the system had no room for one more."""
_HTTP = (b"GET /", b"HEAD ", b"POST ", b"PUT /", b"OPTIO")
_NOT_TLS = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


class Acceptor:
    """Gives each connection to a protocol of its own, once its TLS handshake is done; that has `handshake_time` seconds.

    The first bytes of a connection are looked at and left where they are, for which asyncio's own servers have no place.
    """

    def __init__(
        self,
        bound: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
        handshake_time: float,
    ) -> None:
        bound.setblocking(False)
        self._bound = bound
        self._protocol = protocol
        self._tls = tls
        self._handshake_time = handshake_time
        self._opening: dict[asyncio.Task[None], socket.socket] = {}
        self._again: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound, self._accept)

    async def aclose(self) -> None:
        """Refuse new connections, and cut those whose handshake is not done."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._bound)
        self._bound.close()
        opening = self._opening.copy()
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for task, connection in opening.items():
            if task.cancelled():
                connection.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._bound.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as exc:
            logger.error("no connection can be accepted: %s", exc)
            self._loop.remove_reader(self._bound)
            self._again = self._loop.call_later(PAUSE, self._loop.add_reader, self._bound, self._accept)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._open(connection))
        self._opening[task] = connection
        task.add_done_callback(self._opening.pop)

    async def _open(self, connection: socket.socket) -> None:
        """A client that does not come through the handshake is left without a word, as by Go."""
        loop = self._loop
        deadline = loop.time() + self._handshake_time
        with contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            with contextlib.suppress(OSError):
                if self._tls is None:
                    await loop.connect_accepted_socket(self._protocol, connection)
                else:
                    async with asyncio.timeout_at(deadline):
                        first = await _first_bytes(connection)
                    if first.startswith(_HTTP):
                        connection.recv(1 << 16)
                        connection.send(_NOT_TLS)
                        return
                    remaining = max(deadline - loop.time(), 0.001)
                    await loop.connect_accepted_socket(
                        self._protocol, connection, ssl=self._tls, ssl_handshake_timeout=remaining
                    )
                stack.pop_all()


async def _first_bytes(connection: socket.socket) -> bytes:
    """The first five bytes, or fewer, which stay in the socket. Raises OSError."""
    with contextlib.suppress(BlockingIOError):
        return connection.recv(5, socket.MSG_PEEK)
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(5, socket.MSG_PEEK)
