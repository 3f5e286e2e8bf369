"""A public endpoint: whatever bytes arrive, the answer is the application's own, and no span carries a caller's ids.

Each payload goes over a real socket to the same application twice, bare and traced, with every request recorded; what is
recorded is encoded as OTLP, the form in which it would leave the process.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from rootspan import Continuation, TracingMiddleware
from rootspan.testing import SpanRecorder
from tests.middleware.asgi import Message, Receive, Scope, Send, drive, hello, http_scope, serving

pytestmark = pytest.mark.anyio

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
CALLER_S_IDS = (bytes.fromhex(TRACE_ID), bytes.fromhex(SPAN_ID))
MARK = b"evil-state-of-the-caller"


class Encoder(SpanRecorder):
    """Encodes every span that ends, as an exporter would."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[bytes] = []
        self.names: list[str] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.names.append(span.name)
        self.encoded.append(encode_spans([span]).SerializeToString())
        super().on_end(span)


def encoding_provider() -> tuple[TracerProvider, Encoder]:
    encoder = Encoder()
    provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource({}), shutdown_on_exit=False)
    provider.add_span_processor(encoder)
    return provider, encoder


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the request's body, and raises or answers as the path says."""
    if scope["type"] != "http":
        return
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    if scope["path"] == "/raise":
        raise RuntimeError
    await hello(scope, receive, send)


def request(*headers: bytes, start: bytes = b"GET / HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([start, b"host: shop.example", b"connection: close", *headers, b"", body])


VALID = f"00-{TRACE_ID}-{SPAN_ID}".encode()
TRACEPARENTS = [
    VALID + b"-01",
    VALID + b"-00",
    VALID + b"-ff",
    VALID + b"-01-" + MARK,
    b"ff" + VALID[2:] + b"-01",
    b"01" + VALID[2:] + b"-01-" + MARK,
    VALID.upper() + b"-01",
    VALID,
    b"-01" + VALID,
    b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01",
    b" \t" + VALID + b"-01 \t",
    b"\xff\\x" + MARK,
    MARK * 1000,
    b"%s",
    b"",
]
PAYLOADS = [
    *[request(b"traceparent: " + value) for value in TRACEPARENTS],
    *[request(b"traceparent: " + value, b"tracestate: " + MARK) for value in TRACEPARENTS[:4]],
    request(b"traceparent: " + VALID + b"-01", b"traceparent: " + VALID + b"-01", b"TRACEPARENT: " + VALID + b"-01"),
    request(b"tracestate: a=" + MARK, b"tracestate: " + b"b=c," * 500),
    request(b"baggage: user=" + MARK, b"baggage: \xff=\xfe", b"baggage: " + b"a=b," * 2000),
    request(b"b3: " + VALID + b"-1", b"x-b3-traceid: " + TRACE_ID.encode(), b"uber-trace-id: " + VALID),
    request(b"user-agent: \xff\\x", b"accept: \xc3\x28"),
    request(b"user-agent: " + b"x" * 30_000),
    request(b"x\xff\\x: y"),
    request(b"x-\x80: y"),
    request(*[b"x-%d: y" % number for number in range(1000)]),
    request(b"host: \xff\\x"),
    request(b"host: shop.example:99999999999999999999"),
    request(b"host: [::1"),
    request(start=b"GET /?%ff=\\x&token=" + MARK + b"&%00&& HTTP/1.1"),
    request(start=b"GET /%ff%fe%00/..%2f HTTP/1.1"),
    request(start=b"GET /" + b"a" * 30_000 + b" HTTP/1.1"),
    request(start=b"GET /?" + b"a=b&" * 7_000 + b" HTTP/1.1"),
    request(start=b"GET /\xff\xfe HTTP/1.1"),
    request(start=b"BREW / HTTP/1.1"),
    request(start=b"GET * HTTP/1.1"),
    request(start=b"OPTIONS * HTTP/1.1"),
    request(start=b"GET http://other.example/ HTTP/1.1"),
    request(start=b"GET / HTTP/1.0"),
    request(start=b"GET / HTTP/9.9"),
    request(start=b"GET"),
    request(start=b"\x16\x03\x01\x02\x00"),
    request(b"content-length: 5", body=b"hello"),
    request(b"content-length: 50", body=b"hello"),
    request(b"content-length: -1"),
    request(b"transfer-encoding: chunked", body=b"zz\r\nnot chunked"),
    request(b"transfer-encoding: chunked", body=b"5\r\nhello\r\n0\r\ntraceparent: " + VALID + b"-01\r\n\r\n"),
    request(b"expect: 100-continue", b"content-length: 2", body=b"ok"),
    request(b"upgrade: websocket", b"connection: upgrade", b"sec-websocket-key: \xff\\x"),
    request(start=b"GET /raise HTTP/1.1"),
    b"",
    b"\r\n\r\n",
]


async def status_of(address: str, payload: bytes) -> bytes:
    """Sends bytes, closes its half of the connection, reads to the end. Returns the first line of the answer."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(payload)
        await writer.drain()
        writer.write_eof()
        return (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n")[0]
    except OSError as error:
        return type(error).__name__.encode()
    finally:
        writer.close()


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings and errors logged since this was asked last."""
    messages = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    caplog.clear()
    return messages


@pytest.fixture(params=["h11", "httptools"])
async def addresses(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, str, Encoder]]:
    """The address of the bare application, of the traced one, and what was recorded of the second."""
    http: Literal["h11", "httptools"] = request.param
    provider, encoder = encoding_provider()
    async with (
        serving(application, http=http) as bare,
        serving(TracingMiddleware(application, tracer_provider=provider), http=http) as traced,
    ):
        yield bare, traced, encoder


async def test_raw_bytes_over_a_socket(addresses: tuple[str, str, Encoder], caplog: pytest.LogCaptureFixture) -> None:
    """The answers are those of the bare application, nothing of our own is logged, and no id or state is the caller's."""
    bare, traced, encoder = addresses
    for payload in PAYLOADS:
        expected = await status_of(bare, payload)
        logged = complaints(caplog)
        assert await status_of(traced, payload) == expected, payload[:200]
        assert complaints(caplog) == logged, payload[:200]
    assert len(encoder.encoded) > 30
    for encoded in encoder.encoded:
        assert not [id_ for id_ in CALLER_S_IDS if id_ in encoded]
        assert MARK not in encoded
        assert len(encoded) < 5_000
    assert set(encoder.names) <= {"GET", "OPTIONS", "HTTP"}


async def test_slow_and_half_closed_connection(addresses: tuple[str, str, Encoder]) -> None:
    """A request that arrives byte by byte, and one whose client leaves in the middle of its body, are one span each."""
    _, traced, encoder = addresses
    host, port = traced.split(":")
    for whole in (True, False):
        reader, writer = await asyncio.open_connection(host, int(port))
        for byte in request(b"traceparent: " + VALID + b"-01", b"content-length: 4", body=b"body" if whole else b"b"):
            writer.write(bytes([byte]))
            await writer.drain()
        if whole:
            assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 200 OK")
        writer.close()
        await writer.wait_closed()
    await asyncio.to_thread(encoder.wait_for, 2)
    assert not [id_ for id_ in CALLER_S_IDS for encoded in encoder.encoded if id_ in encoded]


names = st.binary(max_size=40) | st.sampled_from(
    [b"traceparent", b"tracestate", b"baggage", b"host", b"user-agent", b"content-length"]
)
values = st.binary(max_size=300) | st.sampled_from(TRACEPARENTS)
texts = st.text(st.characters(codec=None, categories=["L", "N", "P", "S", "Z", "C"]), max_size=200)
scopes = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["http", "websocket"]),
        "method": texts | st.sampled_from(["GET", "POST", "get"]),
        "scheme": st.sampled_from(["http", "https", "ws"]),
        "path": texts,
        "raw_path": st.none() | st.binary(max_size=2000),
        "query_string": st.binary(max_size=2000),
        "headers": st.lists(st.tuples(names, values), max_size=20),
        "client": st.none() | st.tuples(texts, st.integers(0, 65535)),
        "server": st.none() | st.tuples(texts, st.none() | st.integers(0, 65535)),
        "http_version": st.sampled_from(["1.0", "1.1", "2"]),
    }
)

RESTART = Continuation.RESTART_WITHOUT_LINK


@settings(max_examples=300, deadline=None, database=None)
@example(scope={"type": "http", "method": "GET", "path": "", "raw_path": b"?", "headers": []}, continuation=RESTART)
@given(scope=scopes, continuation=st.sampled_from(Continuation))
def test_any_scope_passes(scope: Scope, continuation: Continuation) -> None:
    """Whatever a server lets through, the application runs, and there is one span of bounded size that can be encoded."""
    provider, encoder = encoding_provider()
    traced = TracingMiddleware(hello, tracer_provider=provider, continuation=continuation)
    sent = asyncio.run(drive(traced, dict(scope)))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    (encoded,) = encoder.encoded
    assert len(encoded) < 20_000
    assert len(encoder.names[0]) <= 7
    if continuation is Continuation.RESTART_WITHOUT_LINK:
        assert CALLER_S_IDS[0] not in encoded


async def test_ten_thousand_headers_and_values_of_a_megabyte() -> None:
    """Beyond what servers let through, too: time and size stay bounded."""
    provider, encoder = encoding_provider()
    megabyte = b"x" * 1_000_000
    headers = [(b"x-%d" % number, b"y") for number in range(10_000)]
    headers += [(name, megabyte) for name in (b"host", b"user-agent", b"traceparent", b"tracestate", b"baggage")]
    scope = http_scope("/" + "p" * 1_000_000, query_string=b"q=" + megabyte, method="M" * 1_000_000, headers=headers)
    for continuation in Continuation:
        await drive(TracingMiddleware(hello, tracer_provider=provider, continuation=continuation), scope)
    assert all(len(encoded) < 10_000 for encoded in encoder.encoded)
    assert len(encoder.encoded) == 3


@settings(max_examples=100, deadline=None, database=None)
@given(
    events=st.lists(
        st.sampled_from(
            [
                {"type": "http.response.start", "status": 200},
                {"type": "http.response.start", "status": 599, "trailers": True},
                {"type": "http.response.body", "more_body": True},
                {"type": "http.response.body"},
                {"type": "http.response.trailers"},
                {"type": "http.response.debug"},
                {"type": "websocket.accept"},
                {"type": "websocket.send"},
                {"type": "websocket.close"},
                {"type": "websocket.http.response.start", "status": 401},
                {"type": "websocket.http.response.body"},
                {"type": "anything.else"},
            ]
        ),
        max_size=8,
    ),
    error=st.none() | st.sampled_from([RuntimeError("s3cret"), asyncio.CancelledError(), OSError("s3cret")]),
    kind=st.sampled_from(["http", "websocket"]),
)
def test_events_in_any_order(events: list[Message], error: BaseException | None, kind: str) -> None:
    """An application that keeps no order, and fails anywhere, still has exactly one span, and its error is its own."""
    provider, encoder = encoding_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for event in events:
            await send(dict(event))
        if error is not None:
            raise error

    async def run() -> BaseException | None:
        try:
            await drive(TracingMiddleware(app, tracer_provider=provider), http_scope(type=kind))
        except BaseException as raised:
            return raised
        return None

    assert asyncio.run(run()) is error
    (encoded,) = encoder.encoded
    assert b"s3cret" not in encoded
