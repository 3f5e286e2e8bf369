"""Connections to etcd, each a transport of its own.

A pool that many tasks share looks through all its connections at every request, which at 32 tasks takes longer than
etcd does. So each lane has one connection, and a request takes the lane that was free last.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

import httpx

KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, option, value)
        for option, value in (
            (getattr(socket, "TCP_KEEPIDLE", None), 15),
            (getattr(socket, "TCP_KEEPINTVL", None), 5),
            (getattr(socket, "TCP_KEEPCNT", None), 3),
        )
        if option is not None
    ),
]
"""A watch may be silent for hours; without keep-alive it would not notice the loss of its etcd."""


def gateway_transport(tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    """One lane to real etcd, at `http` endpoints or, by `tls`, at `https` ones."""
    return httpx.AsyncHTTPTransport(
        verify=tls,
        trust_env=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30),
        socket_options=KEEP_ALIVE,
    )


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
