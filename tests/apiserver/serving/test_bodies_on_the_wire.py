"""Where the body of a request ends, what a malformed one does, and what becomes of what is not read."""

import asyncio
import contextlib
from typing import Any

import pytest

from rootspan_apiserver.serving.http import Address
from tests.apiserver.serving.conftest import PATIENCE, connected, echo, served

pytestmark = pytest.mark.anyio

CHUNKED = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
UNREAD = 256 * 1024
SOUND = {
    "one chunk": b"3\r\nabc\r\n0\r\n\r\n",
    "three chunks": b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
    "upper case and zeros": b"0000000000000003\r\nabc\r\n0\r\n\r\n",
    "extensions": b'3;a="b;c"\r\nabc\r\n0;d\r\n\r\n',
    "spaces after the size": b"3 \t\r\nabc\r\n0\r\n\r\n",
    "trailers": b"3\r\nabc\r\n0\r\nX: y\r\nHost: b\r\n\r\n",
    "a trailer that is a length": b"3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
}
MALFORMED = {
    "0x3\r\nabc\r\n": "invalid byte in chunk length",
    "-3\r\nabc\r\n": "invalid byte in chunk length",
    " 3\r\nabc\r\n": "invalid byte in chunk length",
    "3 ;a\r\nabc\r\n": "invalid byte in chunk length",
    "\r\nabc\r\n": "empty hex number for chunk length",
    "00000000000000003\r\nabc\r\n": "http chunk length too large",
    "fffffffffffffffff\r\nabc\r\n": "http chunk length too large",
    "3\nabc\n": "chunked line ends with bare LF",
    "3;a\rb\r\nabc\r\n": "invalid CR in chunked line",
    "3\r\nabcd\r\n": "malformed chunked encoding",
    f"3;{'a' * 5000}\r\nabc\r\n": "header line too long",
    f"1;{'a' * 1000}\r\na\r\n" * 20: "chunked encoding contains too much non-data",
    "0\r\nX y\r\n\r\n": 'malformed MIME header: missing colon: "X y"',
    f"0\r\nX: {'y' * 5000}\r\n\r\n": "http: suspiciously long trailer after chunked body",
}


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("size", [1, 1000])
async def test_chunks_are_put_together(name: str, size: int) -> None:
    """However they arrive; extensions and trailers are dropped, and the next request begins behind them."""
    async with served(echo) as address, connected(address) as raw:
        raw.send(CHUNKED)
        for begin in range(0, len(SOUND[name]), size):
            raw.send(SOUND[name][begin : begin + size])
            await asyncio.sleep(0)
        assert await raw.answer() == (b"HTTP/1.1 200 OK", b"POST /a 0 29 abc")
        raw.send(NEXT)
        assert await raw.answer() == (b"HTTP/1.1 200 OK", b"GET /next 0 5 ")


async def test_trailers_are_no_headers() -> None:
    """A trailer named Authorization, or any other, is not seen by the application: the filters have read the headers already."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        seen.append(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async with served(reading) as address, connected(address) as raw:
        raw.send(CHUNKED, b"0\r\nAuthorization: Bearer x\r\n\r\n")
        assert (await raw.answer())[0] == b"HTTP/1.1 200 OK"
    assert seen == [[(b"host", b"a"), (b"transfer-encoding", b"chunked")]]


async def test_malformed_chunks_are_errors_of_the_reader() -> None:
    """In Go's words; the answer is sent, the connection is closed, and nothing behind the chunks is taken for a request."""

    async def telling(scope: Any, receive: Any, send: Any) -> None:
        assert scope["path"] != "/next"
        message: dict[str, Any] = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        text = message["reason"].encode()
        await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text})

    async def refused(address: Address, body: str) -> None:
        async with connected(address) as raw:
            raw.send(CHUNKED, body.encode(), NEXT)
            assert await raw.answer() == (b"HTTP/1.1 500 Internal Server Error", MALFORMED[body].encode())
            with contextlib.suppress(ConnectionError):
                assert await raw.rest() == b""

    async with served(telling) as address:
        await asyncio.gather(*(refused(address, body) for body in MALFORMED))


async def ignore(scope: Any, receive: Any, send: Any) -> None:
    """Answers without reading the body."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("chunked", [False, True])
async def test_body_that_is_not_read_is_skipped(chunked: bool) -> None:
    """Up to a quarter of a mebibyte, whether it comes before or after the answer; then the next request is read."""
    body = b"x" * (UNREAD - 1)
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        body = b"1000\r\n" + body[:4096] + b"\r\n0\r\n\r\n"
    else:
        head += b"Content-Length: %d\r\n\r\n" % len(body)
    async with served(ignore) as address, connected(address) as raw:
        raw.send(head)
        assert await raw.answer() == (b"HTTP/1.1 200 OK", b"")
        raw.send(body, NEXT, head, body, NEXT)
        for _ in range(3):
            assert await raw.answer() == (b"HTTP/1.1 200 OK", b"")


@pytest.mark.parametrize("length", [UNREAD, 1 << 40])
async def test_long_body_that_is_not_read_ends_the_connection(length: int) -> None:
    """The client is told with `Connection: close`, and has time to read that while it is still sending."""

    async with served(ignore) as address, connected(address) as raw:
        raw.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length, b"x" * 100_000)
        answer = await asyncio.wait_for(raw.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert b"\r\nconnection: close\r\n" in answer
        with contextlib.suppress(ConnectionError):
            assert await raw.rest() == b""


async def test_endless_chunks_that_are_not_read_end_the_connection() -> None:
    """As soon as more of them has come than is skipped."""

    async def flood(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()

    async with served(ignore) as address, connected(address) as raw:
        raw.send(CHUNKED)
        flooding = asyncio.create_task(flood(raw.writer))
        with contextlib.suppress(ConnectionError):
            assert b"HTTP/1.1 200 OK" in await raw.rest()
        await asyncio.wait_for(flooding, PATIENCE)


@pytest.mark.parametrize("value", ["gzip", "identity", "chunked, chunked", "gzip, chunked", '"chunked"', ""])
async def test_other_transfer_encoding_returns_501(value: str) -> None:
    """Only `chunked` alone is known, and what the body is otherwise is not guessed."""
    async with served(echo) as address, connected(address) as raw:
        raw.send(f"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {value}\r\n\r\n".encode(), b"0\r\n\r\n")
        answer = await raw.rest()
    assert answer.startswith(b"HTTP/1.1 501 Not Implemented\r\n")
    assert answer.endswith(b"\r\nConnection: close\r\n\r\nUnsupported transfer encoding")


@pytest.mark.parametrize("value", ["100-continue", "100-Continue", "100-continue, x"])
async def test_continue_is_sent_when_the_body_is_read(value: str) -> None:
    """A client that waits for it before it sends the body gets it, and then the answer."""
    async with served(echo) as address, connected(address) as raw:
        raw.send(f"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: {value}\r\n\r\n".encode())
        interim = await asyncio.wait_for(raw.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.send(b"abc")
        status, told = await raw.answer()
        assert (status, told.endswith(b" abc")) == (b"HTTP/1.1 200 OK", True)


async def test_continue_is_not_sent_when_the_body_is_not_read() -> None:
    """The connection ends with the answer, because nobody knows whether the body will come."""
    async with served(ignore) as address, connected(address) as raw:
        raw.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        answer = await raw.rest()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("value", ["200-ok", "x"])
async def test_other_expectation_returns_417(value: str) -> None:
    """Before the application and without a body, and the connection is closed."""
    async with served(echo) as address, connected(address) as raw:
        raw.send(f"GET / HTTP/1.1\r\nHost: a\r\nExpect: {value}\r\n\r\n".encode())
        answer = await raw.rest()
    assert answer.startswith(b"HTTP/1.1 417 Expectation Failed\r\n")
    assert b"\r\ncontent-length: 0\r\n" in answer


@pytest.mark.parametrize("connection", ["", "keep-alive", "close, keep-alive", "close"])
async def test_client_of_http_1_0_is_answered_in_its_version(connection: str) -> None:
    """Its connection goes on only if it asks for that, and it never gets chunks."""

    async def unsized(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all of it"})

    async with served(echo) as address, connected(address) as raw:
        raw.send(f"GET /a HTTP/1.0\r\nConnection: {connection}\r\n\r\n".encode())
        status, _ = await raw.answer()
        assert status == b"HTTP/1.0 200 OK"
        if "keep-alive" in connection:
            raw.send(NEXT)
            assert (await raw.answer())[0] == b"HTTP/1.1 200 OK"
        else:
            assert await raw.rest() == b""
    async with served(unsized) as address, connected(address) as raw:
        raw.send(f"GET /a HTTP/1.0\r\nConnection: {connection}\r\n\r\n".encode())
        answer = await raw.rest()
        assert answer.endswith(b"\r\n\r\nall of it")
        assert b"transfer-encoding" not in answer
