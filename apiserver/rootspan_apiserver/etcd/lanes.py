"""Connections to etcd, each a transport of its own.

A pool that many tasks share looks through all its connections at every request, which at 32 tasks takes longer than
etcd does. So each lane has one connection, and a request takes the lane that was free last.
"""

import asyncio
from collections.abc import Callable

import httpx


class Lanes:
    """At most `limit` transports, made when first needed; further requests wait for a free one in turn."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], limit: int) -> None:
        self._make = make
        self._free: list[httpx.AsyncBaseTransport] = []
        self._all: list[httpx.AsyncBaseTransport] = []
        self._places = asyncio.Semaphore(limit)

    async def acquire(self) -> httpx.AsyncBaseTransport:
        await self._places.acquire()
        if self._free:
            return self._free.pop()
        try:
            lane = self._make()
        except BaseException:
            self._places.release()
            raise
        self._all.append(lane)
        return lane

    def release(self, lane: httpx.AsyncBaseTransport) -> None:
        self._free.append(lane)
        self._places.release()

    async def aclose(self) -> None:
        while self._all:
            await self._all.pop().aclose()
        self._free.clear()
