"""The embedded etcd behind a Unix socket, for clients in other processes."""

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Self

from rootspan_apiserver.embedded_etcd.embedded import EmbeddedEtcd
from rootspan_apiserver.embedded_etcd.errors import EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.gateway import Gateway
from rootspan_apiserver.embedded_etcd.local_frames import REQUEST, LocalProtocol, answer
from rootspan_apiserver.embedded_etcd.watches import Watch

CHECK = b"/check"
"""The path of a request that asks whether changes can be kept: 200, or 500 with the reason as text."""


class LocalServer:
    """Answers the frames of every connection to the `bound` socket while its block runs, and for `grace` seconds those that remain then."""

    def __init__(self, embedded: EmbeddedEtcd, bound: socket.socket, *, grace: float = 0.0) -> None:
        self._embedded = embedded
        self._bound = bound
        self._grace = grace
        self._connections: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._connection, sock=self._bound)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        remaining = [connection.ended.wait() for connection in self._connections]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*remaining), self._grace)
        for connection in list(self._connections):
            connection.close()

    def _connection(self) -> "_Connection":
        return _Connection(self._embedded, self._connections)


class _Connection(LocalProtocol):
    """One client. Its requests are answered independently of each other."""

    def __init__(self, embedded: EmbeddedEtcd, connections: "set[_Connection]") -> None:
        super().__init__()
        self._embedded = embedded
        self._gateway: Gateway = embedded.gateway
        self._connections = connections
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._watches: dict[int, Watch] = {}
        self.ended = asyncio.Event()
        connections.add(self)

    def frame_received(self, frame: bytes) -> None:
        number, length = REQUEST.unpack_from(frame)
        path, body = frame[REQUEST.size : REQUEST.size + length], frame[REQUEST.size + length :]
        if path:
            task = self._loop.create_task(self._answer(number, path, body))
            self._tasks[number] = task
            task.add_done_callback(lambda _: self._tasks.pop(number, None))
        elif (watch := self._watches.get(number)) is not None:
            watch.close()

    def closed(self) -> None:
        self._connections.discard(self)
        self.ended.set()
        for watch in list(self._watches.values()):
            watch.close()

    async def _answer(self, number: int, path: bytes, body: bytes) -> None:
        """Writes are carried out also when the client has left, as etcd does."""
        if path == CHECK:
            self.send(answer(number, *await self._check()))
            return
        found = await self._gateway.answer("POST", path.decode("ascii"), body)
        if isinstance(found.body, bytes):
            self.send(answer(number, found.status, found.body))
            return
        watch = self._watches[number] = found.body
        try:
            if not self.is_open:
                return
            while (line := await watch.next()) is not None:
                self.send(answer(number, 200, line, last=False))
                await self.drained()
            self.send(answer(number, 200, b""))
        finally:
            watch.close()
            del self._watches[number]

    async def _check(self) -> tuple[int, bytes]:
        try:
            await self._embedded.check()
        except EmbeddedEtcdError as exc:
            return 500, str(exc).encode()
        return 200, b""
