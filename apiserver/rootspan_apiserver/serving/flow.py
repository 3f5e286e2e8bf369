"""When to write to a connection, and when to read from it."""

import asyncio

HIGH_WATER = 65536
"""Bytes of a body that are held for the application, before reading from the connection is paused."""


class Flow:
    """Pauses and resumes a transport. `write_paused` is set while the client reads too slowly."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._writable = asyncio.Event()
        self._writable.set()
        self._read_paused = False
        self.write_paused = False

    async def drain(self) -> None:
        """Wait until more can be written, or the connection is lost."""
        await self._writable.wait()

    def pause_reading(self) -> None:
        """Take no more bytes from the client."""
        if not self._read_paused:
            self._read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        if self._read_paused:
            self._read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Notice that the write buffer is full."""
        self.write_paused = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """Notice that the write buffer has been emptied."""
        self.write_paused = False
        self._writable.set()
