"""What a process of a group knows of the others: whether it is the elected one, and whether all have started.

The parent tells it over a socket, whose end tells that there is no parent any more.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator

READY, ELECTED, STARTED = b"R", b"E", b"S"


class GroupMember:
    """A process of a group, as it sees itself.

    Attributes:
        number: Its number among the processes of its kind, from 0; the process that replaces it has the same.
        elected: Is set when this process is to do what only one may do. It is never cleared.
        started: Is set when all processes of the group have been ready once.
        orphaned: Whether the parent has ended.
    """

    def __init__(self, channel: socket.socket, number: int) -> None:
        channel.setblocking(False)
        self._channel = channel
        self.number = number
        self.elected = asyncio.Event()
        self.started = asyncio.Event()
        self.orphaned = False

    def ready(self) -> None:
        """Tell the parent that this process is ready."""
        with contextlib.suppress(OSError):  # the parent has ended, which `following` finds out
            self._channel.send(READY)

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow what the parent says while the block runs. When the parent has ended, this process gets SIGTERM."""
        loop = asyncio.get_running_loop()
        self._read()
        loop.add_reader(self._channel, self._read)
        try:
            yield
        finally:
            loop.remove_reader(self._channel)

    def _read(self) -> None:
        try:
            said = self._channel.recv(64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            asyncio.get_running_loop().remove_reader(self._channel)
            self.orphaned = True
            os.kill(os.getpid(), signal.SIGTERM)
        if ELECTED in said:
            self.elected.set()
        if STARTED in said:
            self.started.set()
