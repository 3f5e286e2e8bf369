"""The transport with one connection, against servers that answer badly."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from rootspan_apiserver.http_transport.single_connection import SingleConnectionTransport
from tests.apiserver.http_transport.peer import ANSWER, peer, post, request_read

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def transport() -> AsyncIterator[SingleConnectionTransport]:
    async with contextlib.aclosing(SingleConnectionTransport(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))) as made:
        yield made


async def exchanged(on: SingleConnectionTransport, request: httpx.Request) -> tuple[int, bytes]:
    response = await on.handle_async_request(request)
    try:
        return response.status_code, await response.aread()
    finally:
        await response.aclose()


async def test_requests_share_one_connection() -> None:
    """Three requests, one after another, open one connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_read(reader)
            writer.write(ANSWER)

    async with peer(handle) as server, transport() as client:
        assert [await exchanged(client, post(server.url)) for _ in range(3)] == [(200, b"{}")] * 3
        assert server.connections == 1


async def test_closed_connection_is_replaced_before_anything_is_sent() -> None:
    """The server closes after each answer; the next request is answered on another connection, and none fails."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        writer.write(ANSWER)

    async with peer(handle) as server, transport() as client:
        for number in range(3):
            server.ended.clear()
            assert await exchanged(client, post(server.url)) == (200, b"{}")
            await server.ended.wait()
            assert server.connections == number + 1


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", id="no last chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="not HTTP"),
    ],
)
async def test_answer_that_breaks_is_a_transport_error(sent: bytes) -> None:
    """An answer that ends too early, or is not HTTP, is an error after which the outcome is unknown."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        writer.write(sent)

    async with peer(handle) as server, transport() as client:
        with pytest.raises(httpx.TransportError) as raised:
            await exchanged(client, post(server.url))
        assert not isinstance(raised.value, httpx.ConnectError | httpx.ConnectTimeout)


async def test_silent_server_ends_in_a_time_out_and_its_connection_is_not_used_again() -> None:
    """The wait for an answer is bounded; a late answer cannot become that of the next request."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        if server.connections > 1:
            writer.write(ANSWER)
        await reader.read()

    async with peer(handle) as server, transport() as client:
        with pytest.raises(httpx.ReadTimeout):
            await exchanged(client, post(server.url, seconds=0.05))
        assert await exchanged(client, post(server.url)) == (200, b"{}")
        assert server.connections == 2


async def test_refused_connection_is_a_connect_error() -> None:
    """A port without a server proves that nothing was sent."""
    async with peer(lambda reader, writer: asyncio.sleep(0)) as server:
        pass
    async with transport() as client:
        with pytest.raises(httpx.ConnectError):
            await exchanged(client, post(server.url))


async def test_response_that_is_not_read_closes_its_connection() -> None:
    """The reader of a stream that leaves ends the stream at the server."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
        assert await reader.read() == b""

    async with peer(handle) as server, transport() as client:
        response = await client.handle_async_request(post(server.url))
        await response.aclose()
        await asyncio.wait_for(server.ended.wait(), 10)


async def test_slow_reader_holds_the_server_back() -> None:
    """Of 64 MiB that nobody reads, the client keeps a few; when they are read, all of them arrive."""
    size, chunk = 64 << 20, 1 << 16
    stalled = asyncio.Event()
    written = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await request_read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // chunk):
            writer.write(bytes(chunk))
            written += chunk
            drained = asyncio.ensure_future(writer.drain())
            done, _ = await asyncio.wait([drained], timeout=1)
            if not done:
                stalled.set()
            await drained
        await writer.drain()

    async with peer(handle) as server, transport() as client:
        response = await client.handle_async_request(post(server.url))
        await asyncio.wait_for(stalled.wait(), 30)
        assert written < size // 2
        assert len(await response.aread()) == size
        await response.aclose()
