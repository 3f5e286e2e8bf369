"""Connections to one server: how many there are, and when they are closed."""

import asyncio
import contextlib
import ssl

import httpx
import pytest

from rootspan_apiserver.http_transport.connections import ConnectionsTransport
from tests.apiserver.http_transport.peer import ANSWER, peer, post, request_read

pytestmark = pytest.mark.anyio


def transport(idle: int) -> contextlib.aclosing[ConnectionsTransport]:
    return contextlib.aclosing(ConnectionsTransport(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), idle=idle))


@pytest.mark.parametrize(("idle", "more"), [(3, 0), (2, 1), (0, 3)])
async def test_requests_at_the_same_time_have_connections_of_their_own(idle: int, more: int) -> None:
    """Three wait for one another, so each needs its own; afterwards `idle` of them are used again."""
    together = asyncio.Barrier(3)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_read(reader)
            await together.wait()
            writer.write(ANSWER)

    async with peer(handle) as server, transport(idle) as client:
        for connections in (3, 3 + more):
            answers = await asyncio.gather(*(client.handle_async_request(post(server.url)) for _ in range(3)))
            assert [(each.status_code, each.content) for each in answers] == [(200, b"{}")] * 3
            assert server.connections == connections


async def test_connection_of_a_failed_request_is_closed() -> None:
    """The next request has another connection, and its answer is not that of the first."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        writer.write(ANSWER if server.connections > 1 else b"SSH-2.0\r\n")

    async with peer(handle) as server, transport(1) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.handle_async_request(post(server.url))
        assert (await client.handle_async_request(post(server.url))).content == b"{}"
        assert server.connections == 2
