"""Requests as bytes: what Go's HTTP server answers by itself, and what it lets through."""

import asyncio
import logging
from typing import Any

import pytest

from tests.apiserver.serving.conftest import PATIENCE, connected, echo, served

pytestmark = pytest.mark.anyio


def refused(text: str) -> bytes:
    """A whole answer of Go's server to what is no request."""
    headers = "Content-Type: text/plain; charset=utf-8\r\nConnection: close"
    return f"HTTP/1.1 {text}\r\n{headers}\r\n\r\n{text}".encode()


REFUSED = {
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 Bad Request: too many Host headers"),
    "two Hosts in 1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request: too many Host headers"),
    "a space in the Host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request: malformed Host header"),
    "a path in the Host": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Bad Request: malformed Host header"),
    "markup in the Host": (b"GET / HTTP/1.1\r\nHost: <a>\r\n\r\n", "400 Bad Request: malformed Host header"),
    "no version": (b"GET /\r\n\r\n", "400 Bad Request"),
    "no version, but a Host": (b"GET /\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "version 2": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400 Bad Request: unsupported protocol version"),
    "no path": (b"GET HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "an escape that is none": (b"GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "half an escape": (b"GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "no name of a header": (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400 Bad Request"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
    "no HTTP at all": (b"\x00\x01\x02\x03", "400 Bad Request"),
    "no Host after a request": (
        b"GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "400 Bad Request: missing required Host header",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_malformed_request_is_refused(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """In Go's words, without a line in the log, and the connection is closed; what came before is answered first."""
    sent, text = REFUSED[name]
    with caplog.at_level(logging.DEBUG):
        async with served(echo) as address, connected(address) as raw:
            raw.send(sent)
            if b"/first" in sent:
                assert await raw.answer() == (b"HTTP/1.1 200 OK", b"GET /first 0 5 ")
            assert await raw.rest() == refused(text)
    assert [record for record in caplog.records if not record.name.startswith("asyncio")] == []


LET_THROUGH = {
    "an empty Host": (b"GET /a HTTP/1.1\r\nHost:\r\n\r\n", b"GET /a"),
    "a Host with a port": (b"GET /a HTTP/1.1\r\nHost: [::1]:6443 \r\n\r\n", b"GET /a"),
    "HTTP/1.0 without a Host": (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a"),
    "a URL with a host": (b"GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /c"),
    "a URL of a host alone": (b"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", b"GET "),
    "a URL of a host with a query": (b"GET http://b?/c HTTP/1.1\r\nHost: a\r\n\r\n", b"GET "),
    "two slashes": (b"GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", b"GET //b/c"),
    "a number sign": (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a#b"),
    "an escaped path": (b"GET /%C3%BC%2f HTTP/1.1\r\nHost: a\r\n\r\n", "GET /ü/".encode()),
    "an escape that is none in a query": (b"GET /a?%zz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a"),
    "a star": (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", b"GET *"),
    "TRACE": (b"TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n", b"TRACE /a"),
    "CONNECT to a path": (b"CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT /a"),
    "CONNECT to a host": (b"CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT "),
    "an upgrade": (b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", b"GET /a"),
    "an empty line before it": (b"\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a"),
}


@pytest.mark.parametrize("name", LET_THROUGH)
async def test_unusual_but_valid_request_is_served(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the path that Go makes of it, without a line in the log, and so is the next request on the connection."""
    sent, begin = LET_THROUGH[name]
    with caplog.at_level(logging.DEBUG):
        async with served(echo) as address, connected(address) as raw:
            raw.send(sent)
            status, told = await raw.answer()
            assert (status, told.startswith(begin + b" ")) == (b"HTTP/1.1 200 OK", True), told
            if b"HTTP/1.0" not in sent:
                raw.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                assert await raw.answer() == (b"HTTP/1.1 200 OK", b"GET /next 0 5 ")
    assert [record for record in caplog.records if not record.name.startswith("asyncio")] == []


async def test_options_of_a_star_is_answered_before_the_application() -> None:
    """200 without a body, whatever the body of the request, and the connection goes on."""

    async def never(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError(scope["path"])

    async with served(never) as address, connected(address) as raw:
        for request in (
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
        ):
            raw.send(request)
            assert await raw.answer() == (b"HTTP/1.1 200 OK", b"")


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS"])
async def test_plain_http_to_the_tls_port_is_told_so(method: bytes) -> None:
    """A client that forgot the `s` of `https` reads what is wrong; other bytes that are no TLS get nothing."""
    async with served(echo) as address:
        for sent, told in (
            (
                method + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
                b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
            ),
            (b"SSH-2.0-x\r\n", b""),
        ):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            writer.write(sent)
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            # OpenSSL may say goodbye to bytes that it does not know with an alert of its own.
            assert answer == told or (not told and answer.startswith(b"\x15\x03"))
            writer.transport.abort()


@pytest.mark.parametrize("code", [200, 204, 299, 304, 418, 599, 600, 777, 999])
async def test_any_code_of_three_digits_is_written(code: int) -> None:
    """The status line has it, with Go's words where it has no name."""

    async def coded(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": code, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(coded) as address, connected(address) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        status, _ = await raw.answer()
    assert status.startswith(b"HTTP/1.1 %d" % code)
    if code >= 600:
        assert status == b"HTTP/1.1 %d status code %d" % (code, code)
