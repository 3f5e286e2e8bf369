"""What a connection may cost before anybody has said who is calling."""

import asyncio
import contextlib
import tracemalloc

import pytest

from rootspan_apiserver.serving.http import listen, serving
from rootspan_apiserver.serving.protocol import LIMITS, ConnectionLimits
from tests.apiserver.serving.conftest import PATIENCE, TRUSTING, connected, echo, served

pytestmark = pytest.mark.anyio

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"431 Request Header Fields Too Large"
)
SOON = ConnectionLimits(head_time=0.1)
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"


def head(size: int, *, method: bytes = b"GET", more: bytes = b"") -> bytes:
    """The head of a request that has exactly `size` bytes."""
    begin, end = method + b" / HTTP/1.1\r\nHost: a\r\n" + more + b"X: ", b"\r\n\r\n"
    return begin + b"x" * (size - len(begin) - len(end)) + end


async def test_headers_up_to_the_limit_are_read() -> None:
    """A head of the last size that kube-apiserver takes is answered, and so is a body that comes right behind it."""
    body = b"b" * 100_000
    length = b"Content-Length: %d\r\n" % len(body)
    async with served(echo) as address, connected(address) as raw:
        raw.send(head(LIMITS.head))
        status, _ = await raw.answer()
        assert status == b"HTTP/1.1 200 OK"
        raw.send(head(LIMITS.head, method=b"POST", more=length), body)
        status, told = await raw.answer()
        assert (status, told[-len(body) :]) == (b"HTTP/1.1 200 OK", body)


@pytest.mark.parametrize("excess", [1, 400_000])
async def test_headers_beyond_the_limit_are_refused(excess: int) -> None:
    """Whether the end of the head has come or not: 431, and the connection is closed."""
    async with served(echo) as address, connected(address) as raw:
        raw.send(head(LIMITS.head + excess))
        assert await asyncio.wait_for(raw.reader.readexactly(len(TOO_LARGE)), PATIENCE) == TOO_LARGE
        if excess == 1:
            assert await raw.rest() == b""


async def test_headers_without_end_cost_no_more_than_the_limit() -> None:
    """A client that sends sixty times the limit as fast as it can is told 431, and the server keeps next to nothing of it."""
    line = b"X: " + b"x" * 65_000 + b"\r\n"

    async def flood(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for _ in range(60 * LIMITS.head // len(line)):
                writer.write(line)
                await writer.drain()

    async with served(echo) as address, connected(address) as raw:
        tracemalloc.start()
        try:
            raw.send(HEAD)
            flooding = asyncio.create_task(flood(raw.writer))
            answer = await asyncio.wait_for(raw.reader.readexactly(len(TOO_LARGE)), PATIENCE)
            with contextlib.suppress(ConnectionError):
                await raw.rest()
            await asyncio.wait_for(flooding, PATIENCE)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert answer == TOO_LARGE
    assert peak < 10 * LIMITS.head


async def test_refused_head_does_not_break_the_answer_before_it() -> None:
    """431 to a second request comes after the whole answer to the first, which was still on its way."""
    go_on = asyncio.Event()

    async def slow(scope: dict[str, object], receive: object, send: object) -> None:
        await go_on.wait()
        await echo(scope, receive, send)

    async with served(slow) as address, connected(address) as raw:
        raw.send(HEAD, b"\r\n", head(2 * LIMITS.head)[:-2])
        async with connected(address) as other:
            other.send(head(2 * LIMITS.head)[:-2])
            assert await asyncio.wait_for(other.reader.readexactly(len(TOO_LARGE)), PATIENCE) == TOO_LARGE
        go_on.set()
        assert await raw.answer() == (b"HTTP/1.1 200 OK", b"GET / 0 5 ")
        assert await raw.rest() == TOO_LARGE


@pytest.mark.parametrize("size", [70_000, 1_000_000])
async def test_long_url_is_read(size: int) -> None:
    """As long as the head is within its limit, path and query arrive whole."""
    path, query = b"/" + b"p" * (size // 2), b"q" * (size // 2)
    async with served(echo) as address, connected(address) as raw:
        raw.send(b"GET ", path, b"?", query, b" HTTP/1.1\r\nHost: a\r\n\r\n")
        status, told = await raw.answer()
        method, found, length, *_ = told.split(b" ")
        assert (status, method, found, int(length)) == (b"HTTP/1.1 200 OK", b"GET", path, len(query))


@pytest.mark.parametrize(
    "sent",
    [b"", b"\0\1\2", b"GET", HEAD, HEAD + b"X: ", HEAD + b"X: 1\r\n"],
    ids=["nothing", "no HTTP", "a method", "a header", "half a header", "headers"],
)
async def test_head_that_is_not_finished_in_time_ends_the_connection(sent: bytes) -> None:
    """Nothing at all, nothing after the handshake, or half a request: the connection is closed without a word."""
    async with served(echo, SOON) as address, connected(address) as raw:
        raw.send(sent)
        assert await raw.rest() == b""


async def test_bytes_that_trickle_in_do_not_prolong_the_time() -> None:
    """The time is that of the whole head, not of its last byte."""
    async with served(echo, SOON) as address, connected(address) as raw:
        raw.send(HEAD)
        closed = asyncio.create_task(raw.rest())
        while not closed.done():
            raw.send(b"X: 1\r\n")
            await asyncio.wait([closed], timeout=SOON.head_time / 10)
        assert closed.result() == b""


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01"])
async def test_handshake_that_is_not_finished_in_time_ends_the_connection(sent: bytes) -> None:
    """A client that connects to the TLS port and says nothing, or begins and stops."""
    async with served(echo, ConnectionLimits(handshake_time=0.1)) as address:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.transport.abort()


async def test_time_of_a_head_is_not_that_of_its_answer_or_body() -> None:
    """An answer and a body may take longer than a head, and so may the next request take to come."""
    passed = asyncio.Event()

    async def slow(scope: dict[str, object], receive: object, send: object) -> None:
        await passed.wait()
        await echo(scope, receive, send)

    async with served(slow, SOON) as address, connected(address) as raw, connected(address) as silent:
        raw.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
        assert await silent.rest() == b""
        raw.send(b"bc")
        passed.set()
        assert await raw.answer() == (b"HTTP/1.1 200 OK", b"POST / 0 20 abc")
        async with connected(address) as another:
            assert await another.rest() == b""
        raw.send(HEAD, b"\r\n")
        assert (await raw.answer())[0] == b"HTTP/1.1 200 OK"


async def test_idle_connection_is_closed() -> None:
    """After an answer the next request has the idle time, which is not that of a head."""
    async with served(echo, ConnectionLimits(idle_time=0.1)) as address, connected(address) as raw:
        raw.send(HEAD, b"\r\n")
        assert (await raw.answer())[0] == b"HTTP/1.1 200 OK"
        assert await raw.rest() == b""


async def test_limits_are_kube_apiservers() -> None:
    """A mebibyte and Go's buffer, 32 s for a handshake and for a head, 90 s between two requests."""
    assert ConnectionLimits(1_052_672, 32.0, 32.0, 90.0, LIMITS.connections) == LIMITS


async def test_connections_beyond_the_limit_wait() -> None:
    """One more than there may be is not accepted until another is closed, whether that has finished its handshake or not."""
    async with served(echo, ConnectionLimits(connections=2)) as address:
        first = await asyncio.open_connection(address.host, address.port)
        async with connected(address) as second:
            waiting = asyncio.create_task(asyncio.open_connection(address.host, address.port, ssl=TRUSTING))
            second.send(HEAD, b"\r\n")
            assert (await second.answer())[0] == b"HTTP/1.1 200 OK"
            assert not waiting.done()
            first[1].transport.abort()
            _, writer = await asyncio.wait_for(waiting, PATIENCE)
            writer.transport.abort()


async def test_plain_connections_have_the_same_limits() -> None:
    """Without TLS, too, a silent connection is closed and a head without end refused."""
    async with serving(echo, listen("127.0.0.1", 0), limits=SOON) as address:
        async with connected(address) as silent:
            assert await silent.rest() == b""
        async with connected(address) as raw:
            raw.send(head(LIMITS.head + 1))
            assert await asyncio.wait_for(raw.reader.readexactly(len(TOO_LARGE)), PATIENCE) == TOO_LARGE
