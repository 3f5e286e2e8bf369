"""What is recorded only where somebody asks for it."""

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from rootspan import TracingMiddleware
from rootspan.capture import CapturedExceptions, CapturedHeaders
from rootspan.metrics import RequestDuration
from rootspan.testing import recording_provider
from tests.middleware.asgi import BODY, START, Receive, Scope, Send, drive, hello, http_scope, websocket_scope

pytestmark = pytest.mark.anyio


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"Set-Cookie", b"id=s3cret"), (b"X-Request-Id", b"7"), (b"content-type", b"text/plain")]
    await send({**START, "headers": headers})
    await send(BODY)


async def test_headers_are_recorded_where_they_are_asked_for() -> None:
    """Only the named ones, all values of each, and never the values of credentials."""
    provider, recorder = recording_provider()
    app = CapturedHeaders(answering, request=["X-Request-Id", "Authorization"], response=["set-cookie", "x-request-id"])
    headers = [
        (b"x-request-id", b"1"),
        (b"x-request-id", b"\xff"),
        (b"authorization", b"s3cret"),
        (b"cookie", b"s3cret"),
    ]
    await drive(TracingMiddleware(app, tracer_provider=provider), http_scope(headers=headers))
    (span,) = recorder.spans
    assert {key: value for key, value in span.attributes.items() if ".header." in key} == {
        "http.request.header.x-request-id": ("1", "\xff"),
        "http.request.header.authorization": ("REDACTED",),
        "http.response.header.set-cookie": ("REDACTED",),
        "http.response.header.x-request-id": ("7",),
    }
    assert "s3cret" not in repr(span)


async def test_headers_are_bounded() -> None:
    """A caller who sends a header ten thousand times, or a long one, does not make the span larger."""
    provider, recorder = recording_provider()
    headers = [(b"x-request-id", b"x" * 100_000)] * 10_000
    app = TracingMiddleware(CapturedHeaders(hello, request=["x-request-id"]), tracer_provider=provider)
    await drive(app, http_scope(headers=headers))
    values = recorder.spans[0].attributes["http.request.header.x-request-id"]
    assert values == ("x" * 1024,) * 8


@pytest.mark.parametrize("scope", [http_scope(), websocket_scope()])
async def test_nothing_is_captured_where_nothing_is_recorded(scope: Scope) -> None:
    """Unsampled requests pass, and so do websockets."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    app = TracingMiddleware(CapturedHeaders(CapturedExceptions(hello)), tracer_provider=provider)
    assert len(await drive(app, scope)) == 2
    assert recorder.spans == []


async def test_exception_is_recorded_where_it_is_asked_for() -> None:
    """Its message and stack trace are in an event; without this middleware they are nowhere."""
    provider, recorder = recording_provider()

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("the message")

    app = TracingMiddleware(CapturedExceptions(failing), tracer_provider=provider)
    with pytest.raises(ValueError, match="the message"):
        await drive(app, http_scope())
    (span,) = recorder.spans
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.message"] == "the message"
    assert span.attributes["error.type"] == "ValueError"


def points(reader: InMemoryMetricReader) -> list[HistogramDataPoint]:
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("http.server.request.duration", "s")
    found: list[Any] = list(metric.data.data_points)
    return found


async def test_durations_have_few_series() -> None:
    """A thousand hosts, methods and paths of callers make two series: one for each method that can be told apart."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    app = RequestDuration(hello, meter_provider=provider)
    for number in range(1000):
        headers = [(b"host", b"host-%d" % number)]
        await drive(app, {**http_scope(f"/{number}"), "headers": headers})
        await drive(app, http_scope(f"/{number}", method=f"M{number}"))
    known, other = sorted(points(reader), key=lambda point: str(point.attributes))
    assert dict(known.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "http.response.status_code": 200,
    }
    assert (known.count, other.count) == (1000, 1000)
    assert (other.attributes or {})["http.request.method"] == "_OTHER"
    provider.shutdown()


async def test_durations_of_failures_and_routes() -> None:
    """The route is the template; an exception, and a status of 500 or more, are errors."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_template"] = "/orders/{id}"
        if scope["path"] == "/raise":
            raise ValueError
        await send({**START, "status": 503})
        await send({**BODY, "more_body": True})

    app = RequestDuration(failing, meter_provider=provider)
    await drive(app, http_scope("/answer"))
    with pytest.raises(ValueError, match=r"^$"):
        await drive(app, http_scope("/raise"))
    await drive(app, websocket_scope("/answer"))
    attributes = [dict(point.attributes or {}) for point in points(reader)]
    assert [
        (found["http.route"], found["error.type"], found.get("http.response.status_code")) for found in attributes
    ] == [
        ("/orders/{id}", "503", 503),
        ("/orders/{id}", "ValueError", 500),
    ]
    provider.shutdown()
