"""One span for a request or a connection: from its first event to its last, its disconnect, or its error."""

import asyncio
import contextlib
import contextvars
import types
from collections.abc import Generator
from http import HTTPStatus

import pytest
from opentelemetry.context import Context

from rootspan import TracingMiddleware
from rootspan.testing import recording_provider, tree
from tests.middleware.asgi import (
    BODY,
    REQUEST,
    START,
    App,
    Message,
    Receive,
    Scope,
    Send,
    drive,
    http_scope,
    websocket_scope,
)

pytestmark = pytest.mark.anyio

SHOWN = ("http.response.status_code", "error.type")


class BrokenError(Exception):
    """Raised by the applications below, with a message that no span may carry."""


def sending(*messages: Message, error: BaseException | None = None) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if error is not None:
            raise error

    return app


def start(status: int, **changes: object) -> Message:
    return {"type": "http.response.start", "status": status, "headers": []} | changes


def body(more: bool = False) -> Message:
    return {"type": "http.response.body", "body": b"x", "more_body": more}


TRAILERS: Message = {"type": "http.response.trailers", "headers": []}
ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close", "code": 1000}
CONNECT: Message = {"type": "websocket.connect"}

BROKEN = "error.type=tests.middleware.test_span_lifetime.BrokenError ERROR"


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (sending(START, BODY), "GET SERVER test http.response.status_code=200"),
        (sending(start(404), body()), "GET SERVER test http.response.status_code=404"),
        (sending(start(503), body()), "GET SERVER test http.response.status_code=503 error.type=503 ERROR"),
        (sending(START, *[body(more=True)] * 100, body()), "GET SERVER test http.response.status_code=200"),
        (
            sending(start(200, trailers=True), body(), {**TRAILERS, "more_trailers": True}, TRAILERS),
            "GET SERVER test http.response.status_code=200",
        ),
        (
            sending(START, {"type": "http.response.pathsend", "path": "/x"}),
            "GET SERVER test http.response.status_code=200",
        ),
        (sending(START), "GET SERVER test http.response.status_code=200"),
        (sending(), "GET SERVER test http.response.status_code=500 error.type=500 ERROR"),
    ],
)
async def test_how_a_response_ends(app: App, expected: str) -> None:
    """There is one span, however many parts the response has; 500 and more is an error, and less is not."""
    provider, recorder = recording_provider()
    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
    assert tree(recorder.spans, attributes=SHOWN) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((), f"GET SERVER test http.response.status_code=500 {BROKEN}"),
        ((START,), f"GET SERVER test http.response.status_code=200 {BROKEN}"),
        ((START, body(more=True)), f"GET SERVER test http.response.status_code=200 {BROKEN}"),
        ((start(500), body()), f"GET SERVER test http.response.status_code=500 {BROKEN}"),
        ((START, body()), "GET SERVER test http.response.status_code=200"),
    ],
)
async def test_exception_after_each_event(messages: tuple[Message, ...], expected: str) -> None:
    """The exception goes on to the server; the span names its class, and nothing of its message or its stack."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(sending(*messages, error=BrokenError("s3cret")), tracer_provider=provider)
    with pytest.raises(BrokenError):
        await drive(app, http_scope())
    assert tree(recorder.spans, attributes=SHOWN) == expected
    assert "s3cret" not in repr(recorder.spans)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": None},
        {"type": "http.response.start"},
        {"type": "http.response.start", "status": "200", "headers": []},
        {"type": "http.response.start", "status": None, "headers": []},
        {"type": "http.response.start", "status": 200.5, "headers": []},
    ],
)
async def test_event_that_is_not_well_formed_is_the_servers_to_refuse(message: Message) -> None:
    """The server sees what the application sent, and says itself what it thinks of it; there is one span."""
    provider, recorder = recording_provider()
    sent = await drive(TracingMiddleware(sending(message, body()), tracer_provider=provider), http_scope())
    assert sent == [message, body()]
    assert [span.status for span in recorder.spans] == ["UNSET"]


async def test_status_that_is_an_enumeration_is_recorded_as_its_number() -> None:
    """`http.HTTPStatus` is what some frameworks send; no exporter should have to know it."""
    provider, recorder = recording_provider()
    await drive(
        TracingMiddleware(sending(start(HTTPStatus.BAD_GATEWAY), body()), tracer_provider=provider), http_scope()
    )
    (span,) = recorder.spans
    assert type(span.attributes["http.response.status_code"]) is int
    assert span.attributes["error.type"] == "502"


async def test_error_of_the_server_while_sending_is_recorded() -> None:
    """The last body message that could not be sent does not count as an answer."""
    provider, recorder = recording_provider()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    async def receive() -> Message:
        return REQUEST

    with pytest.raises(ConnectionResetError):
        await TracingMiddleware(sending(START, BODY), tracer_provider=provider)(http_scope(), receive, send)
    assert tree(recorder.spans, attributes=SHOWN) == (
        "GET SERVER test http.response.status_code=200 error.type=ConnectionResetError ERROR"
    )


@pytest.mark.parametrize("status", [200, 500])
async def test_background_work_does_not_stretch_the_span(status: int) -> None:
    """After an answer, what the application still does is not in the span; after a 500 the exception may still come."""
    provider, recorder = recording_provider()
    background = provider.get_tracer("background")
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(status))
        await send(body())
        ended.append(bool(recorder.spans))
        background.start_span("background", Context()).end()

    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
    assert ended == [status == 200]
    spans = {span.name: span for span in recorder.spans}
    assert spans["GET"].end <= spans["background"].start


async def test_client_that_goes_away_ends_the_span() -> None:
    """The disconnect is the end; it is no error of the server, and what the application raises then is not one either."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(body(more=True))
        assert (await receive())["type"] == "http.disconnect"
        assert len(recorder.spans) == 1
        raise BrokenError

    with pytest.raises(BrokenError):
        await drive(
            TracingMiddleware(app, tracer_provider=provider), http_scope(), REQUEST, {"type": "http.disconnect"}
        )
    assert tree(recorder.spans, attributes=SHOWN) == "GET SERVER test http.response.status_code=200"


async def test_cancelled_request_ends_with_an_error() -> None:
    """A server that cancels the request leaves a span that says so, and no status, for there was no answer."""
    provider, recorder = recording_provider()
    entered = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await receive()
        await receive()

    task = asyncio.create_task(drive(TracingMiddleware(app, tracer_provider=provider), http_scope()))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (
        tree(recorder.spans, attributes=SHOWN) == "GET SERVER test error.type=asyncio.exceptions.CancelledError ERROR"
    )


async def test_cancelled_after_its_answer() -> None:
    """A server that stops while a background task still runs does not make another error of the 503 it has sent."""
    provider, recorder = recording_provider()
    answered = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(503))
        await send(body())
        answered.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(drive(TracingMiddleware(app, tracer_provider=provider), http_scope()))
    await answered.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert tree(recorder.spans, attributes=SHOWN) == (
        "GET SERVER test http.response.status_code=503 error.type=503 ERROR"
    )


@pytest.mark.parametrize("copied", [True, False])
def test_coroutine_closed_in_another_context(copied: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A request that is closed from somewhere else ends its span, and neither raises nor logs anything."""
    provider, recorder = recording_provider()

    @types.coroutine
    def pause() -> Generator[None, None, None]:
        yield

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await pause()

    request = drive(TracingMiddleware(app, tracer_provider=provider), http_scope())
    mine = contextvars.Context()
    mine.run(request.send, None)
    other = mine.copy() if copied else contextvars.Context()
    other.run(request.close)
    assert tree(recorder.spans, attributes=SHOWN) == (
        "GET SERVER test http.response.status_code=200 error.type=GeneratorExit ERROR"
    )
    assert not caplog.records


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (sending(ACCEPT, *[{"type": "websocket.send", "text": "x"}] * 50, CLOSE), "101"),
        (sending(CLOSE), "403"),
        (
            sending(
                {"type": "websocket.http.response.start", "status": 401, "headers": []},
                {"type": "websocket.http.response.body", "body": b""},
            ),
            "401",
        ),
        (sending(ACCEPT), "101"),
        (sending(), "500 error.type=500 ERROR"),
        (sending(ACCEPT, error=BrokenError()), f"101 {BROKEN}"),
        (sending(error=BrokenError()), f"500 {BROKEN}"),
    ],
)
async def test_websocket_has_one_span(app: App, expected: str) -> None:
    """The span of a websocket lasts for the connection and makes none for its messages."""
    provider, recorder = recording_provider()
    with contextlib.suppress(BrokenError):
        await drive(TracingMiddleware(app, tracer_provider=provider), websocket_scope("/chat"), CONNECT)
    assert tree(recorder.spans, attributes=SHOWN) == f"GET SERVER test http.response.status_code={expected}"


async def test_websocket_that_the_client_closes() -> None:
    """The disconnect of a websocket ends its span."""
    provider, recorder = recording_provider()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        assert (await receive())["type"] == "websocket.disconnect"
        assert len(recorder.spans) == 1

    traced = TracingMiddleware(app, tracer_provider=provider)
    await drive(traced, websocket_scope("/chat"), CONNECT, {"type": "websocket.disconnect", "code": 1006})
    assert tree(recorder.spans, attributes=SHOWN) == "GET SERVER test http.response.status_code=101"
