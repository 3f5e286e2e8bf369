"""From a listening socket to a connection that speaks HTTP: accepting, TLS, and a word to clients that forgot TLS."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

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
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
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
        for connection in list(self._silent):
            self._end_silence(connection)
            connection.close()
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
        if self._tls is None:
            self._open(connection)
        else:
            self._look(connection, self._handshake_time)

    def _hear(self, connection: socket.socket) -> None:
        self._look(connection, self._end_silence(connection))

    def _give_up(self, connection: socket.socket) -> None:
        self._end_silence(connection)
        connection.close()

    def _end_silence(self, connection: socket.socket) -> float:
        """Watch the connection no more. Returns the seconds it had left."""
        timer = self._silent.pop(connection)
        timer.cancel()
        self._loop.remove_reader(connection)
        return timer.when() - self._loop.time()

    def _look(self, connection: socket.socket, seconds: float) -> None:
        """Do what the first bytes of a connection ask for, or wait for them. It has `seconds` for its handshake."""
        try:
            first = connection.recv(5, socket.MSG_PEEK)
            if first not in _HTTP:
                self._open(connection, ssl=self._tls, ssl_handshake_timeout=max(seconds, 0.001))
                return
            connection.recv(1 << 16)
            connection.send(_NOT_TLS)
        except BlockingIOError:
            self._silent[connection] = self._loop.call_later(seconds, self._give_up, connection)
            self._loop.add_reader(connection, self._hear, connection)
            return
        except OSError:
            pass
        connection.close()

    def _open(self, connection: socket.socket, **tls: Any) -> None:
        task = self._loop.create_task(self._opened(connection, tls))
        self._opening[task] = connection
        task.add_done_callback(self._opening.pop)

    async def _opened(self, connection: socket.socket, tls: dict[str, Any]) -> None:
        """A client that does not come through the handshake is left without a word, as by Go."""
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection, **tls)
        except OSError:
            connection.close()
