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
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "two Hosts in 1.0": (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"),
    "a space in the Host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request: malformed Host header"),
    "a path in the Host": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Bad Request: malformed Host header"),
    "markup in the Host": (b"GET / HTTP/1.1\r\nHost: <a>\r\n\r\n", "400 Bad Request: malformed Host header"),
    "another letter in the Host": (
        "GET / HTTP/1.1\r\nHost: ü\r\n\r\n".encode(),
        "400 Bad Request: malformed Host header",
    ),
    "no version": (b"GET /\r\n", "400 Bad Request"),
    "no version, but a Host": (b"GET /\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "another protocol": (b"RTSP / RTSP/1.0\r\n", "400 Bad Request"),
    "a version of two digits": (b"GET / HTTP/1.10\r\n", "400 Bad Request"),
    "version 2": (
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "505 HTTP Version Not Supported: unsupported protocol version",
    ),
    "version 0.9": (
        b"GET / HTTP/0.9\r\nHost: a\r\n\r\n",
        "505 HTTP Version Not Supported: unsupported protocol version",
    ),
    "two spaces": (b"GET  / HTTP/1.1\r\n", "400 Bad Request"),
    "an empty line before it": (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "no path": (b"GET HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "an escape that is none": (b"GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "half an escape": (b"GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "a control character in the query": (b"GET /a?\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "a star and more": (b"GET *a HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "a path without a slash": (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "a URL with half an address": (b"GET http://[::1/a HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "a URL with a port that is none": (b"GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    "no name of a header": (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400 Bad Request"),
    "a header without a colon": (b"GET / HTTP/1.1\r\nHost: a\r\nb\r\n\r\n", "400 Bad Request"),
    "a continued first header": (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400 Bad Request"),
    "a space before the colon": (
        b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        "400 Bad Request: invalid header name",
    ),
    "a tab before the colon": (b"GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n", "400 Bad Request"),
    "NUL in a header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", "400 Bad Request"),
    "a carriage return in a header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "400 Bad Request"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
    "a list of lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", "400 Bad Request"),
    "a signed length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", "400 Bad Request"),
    "a length of 64 bits": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
        "400 Bad Request",
    ),
    "a length without end": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 500_000 + b"\r\n\r\n",
        "400 Bad Request",
    ),
    "a trailer that is a length": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x, content-length\r\n\r\n",
        "400 Bad Request",
    ),
    "no HTTP at all": (b"\x00\x01\x02\x03\n", "400 Bad Request"),
    "no Host after a request": (
        b"GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "400 Bad Request: missing required Host header",
    ),
    "empty lines after a request": (b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n", "400 Bad Request"),
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
    "version 1.9": (b"GET /a HTTP/1.9\r\nHost: a\r\n\r\n", b"GET /a"),
    "a method of its own": (b"g!T /a HTTP/1.1\r\nHost: a\r\n\r\n", b"g!T /a"),
    "a path of UTF-8": ("GET /ü HTTP/1.1\r\nHost: a\r\n\r\n".encode(), "GET /ü".encode()),
    "a path that is no UTF-8": (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\ufffd".encode()),
    "a scheme without a host": (b"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /a"),
    "a URL that is opaque": (b"GET http:a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET "),
    "line feeds alone": (b"GET /a HTTP/1.1\nHost: a\n\n", b"GET /a"),
    "a continued header": (b"GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n", b"GET /a 0 9"),
    "other letters in a header": ("GET /a HTTP/1.1\r\nHost: a\r\nX: ü\r\n\r\n".encode(), b"GET /a"),
    "the same length twice": (
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n.",
        b"POST /a 0 20 .",
    ),
    "a length and chunks": (
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n\r\n",
        b"POST /a 0 29 .",
    ),
    "encodings of 1.0": (
        b"POST /a HTTP/1.0\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\n.",
        b"POST /a 0 15 .",
    ),
    "an empty line after a POST": (
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n.\r\n",
        b"POST /a",
    ),
}


@pytest.mark.parametrize("name", LET_THROUGH)
async def test_unusual_but_valid_request_is_served(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the path that Go makes of it, without a line in the log, and so is the next request on the connection."""
    sent, begin = LET_THROUGH[name]
    with caplog.at_level(logging.DEBUG):
        async with served(echo) as address, connected(address) as raw:
            raw.send(sent)
            status, told = await raw.answer()
            version = b"HTTP/1.0" if b"HTTP/1.0" in sent else b"HTTP/1.1"
            assert (status, (told + b" ").startswith(begin + b" ")) == (version + b" 200 OK", True), told
            if version != b"HTTP/1.0":
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
