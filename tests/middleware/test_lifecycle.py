"""The span and the duration metric of a request agree on its status, its error and its end, however it ends."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, MeterProvider, TraceBasedExemplarFilter
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from rootspan import TracingMiddleware
from rootspan.metrics import RequestDuration
from rootspan.testing import recording_provider
from tests.middleware.asgi import BODY, REQUEST, START, App, Message, Receive, Scope, Send, drive, http_scope

pytestmark = pytest.mark.anyio

DISCONNECT: Message = {"type": "http.disconnect"}
TRAILERS: Message = {"type": "http.response.trailers", "headers": []}
LATER = 0.02
"""Seconds that an application goes on after the end of its response, or takes for a part of it."""


def start(status: int = 200, **changes: object) -> Message:
    return {**START, "status": status, **changes}


def steps(*steps: Message | BaseException | float) -> App:
    """An application that sends the messages, waits the seconds, and raises the error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif step is DISCONNECT:
                while (await receive())["type"] != "http.disconnect":
                    pass
            else:
                await send(step)

    return app


EXTENSIONS: dict[str, Any] = {"extensions": {"http.response.trailers": {}, "http.response.pathsend": {}}}
PATHSEND: Message = {"type": "http.response.pathsend", "path": "/x"}
MORE: Message = {**BODY, "more_body": True}

ROWS: dict[str, tuple[App, int | None, str | None, bool]] = {
    # how it goes: application, status, error.type, whether the LATER is part of the request
    "an answer": (steps(start(), BODY), 200, None, False),
    "an answer and background work": (steps(start(), BODY, LATER), 200, None, False),
    "a stream": (steps(start(), MORE, LATER, BODY), 200, None, True),
    "raises before the response": (steps(ValueError()), 500, "ValueError", False),
    "raises in the response": (steps(start(), MORE, ValueError()), 200, "ValueError", False),
    "raises after the response": (steps(start(), BODY, LATER, ValueError()), 200, None, False),
    "raises after an answer of 500": (steps(start(500), BODY, LATER, ValueError()), 500, "ValueError", False),
    "an answer of 503": (steps(start(503), BODY, LATER), 503, "503", False),
    "returns without a response": (steps(), 500, "500", False),
    "returns within the response": (steps(start(), MORE), 200, None, False),
    "a file by its path": (steps(start(), PATHSEND, LATER), 200, None, False),
    "trailers": (steps(start(trailers=True), BODY, LATER, TRAILERS), 200, None, True),
    "the client leaves": (steps(start(), MORE, DISCONNECT, LATER, ValueError()), 200, None, False),
    "the client leaves before the answer": (steps(DISCONNECT, LATER), None, None, False),
    "cancelled": (steps(asyncio.CancelledError()), None, "asyncio.exceptions.CancelledError", False),
    "cancelled after the answer": (steps(start(503), BODY, asyncio.CancelledError()), 503, "503", False),
}


def points(reader: InMemoryMetricReader) -> list[HistogramDataPoint]:
    data = reader.get_metrics_data()
    assert data is not None
    found: list[Any] = list(data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points)
    return found


def inside(app: App, tracing: dict[str, Any], metrics: dict[str, Any]) -> App:
    return TracingMiddleware(RequestDuration(app, **metrics), **tracing)


def outside(app: App, tracing: dict[str, Any], metrics: dict[str, Any]) -> App:
    return RequestDuration(TracingMiddleware(app, **tracing), **metrics)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("order", [inside, outside])
async def test_span_and_metric_agree(row: str, order: Callable[..., App]) -> None:
    """Both have the row's status and error, and last as long, in either order of the two middlewares."""
    app, status, error_type, is_later_included = ROWS[row]
    provider, recorder = recording_provider()
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    measured = order(app, {"tracer_provider": provider}, {"meter_provider": meter_provider})
    with contextlib.suppress(ValueError, asyncio.CancelledError):
        await drive(measured, http_scope(**EXTENSIONS), REQUEST, DISCONNECT)
    (span,) = recorder.spans
    (point,) = points(reader)
    for attributes in (span.attributes, point.attributes or {}):
        assert (attributes.get("http.response.status_code"), attributes.get("error.type")) == (status, error_type)
    assert span.status == ("UNSET" if error_type is None else "ERROR")
    assert (span.duration / 1e9 >= LATER, point.sum >= LATER) == (is_later_included, is_later_included)
    meter_provider.shutdown()


async def test_trailers_that_the_server_does_not_support_are_not_waited_for() -> None:
    """Without the extension the last part of the body is the end, whatever the application declares."""
    provider, recorder = recording_provider()
    app = TracingMiddleware(steps(start(trailers=True), BODY, LATER), tracer_provider=provider)
    await drive(app, http_scope())
    assert recorder.spans[0].duration / 1e9 < LATER


@pytest.mark.parametrize(
    "app", [steps(start(), BODY), steps(ValueError()), steps(start(500), BODY), steps(start(), MORE)]
)
async def test_exemplar_names_the_server_span(app: App) -> None:
    """With the metric inside the tracing middleware, its exemplar carries the ids of the span, however the request ends."""
    provider, recorder = recording_provider()
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False, exemplar_filter=TraceBasedExemplarFilter())
    measured = inside(app, {"tracer_provider": provider}, {"meter_provider": meter_provider})
    with contextlib.suppress(ValueError):
        await drive(measured, http_scope())
    (span,) = recorder.spans
    ((exemplar,),) = [point.exemplars for point in points(reader)]
    assert (exemplar.trace_id, exemplar.span_id) == (int(span.trace_id, 16), int(span.span_id, 16))
    meter_provider.shutdown()


async def test_duration_of_unsampled_request_has_its_status() -> None:
    """A metric counts every request, recorded or not."""
    provider, recorder = recording_provider(sampler=ALWAYS_OFF)
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False, exemplar_filter=AlwaysOnExemplarFilter())
    measured = inside(steps(start(404), BODY), {"tracer_provider": provider}, {"meter_provider": meter_provider})
    await drive(measured, http_scope())
    assert [(point.attributes or {})["http.response.status_code"] for point in points(reader)] == [404]
    assert recorder.spans == []
    meter_provider.shutdown()


async def test_attributes_of_durations_have_few_values() -> None:
    """Versions, schemes and methods that callers or proxies invent do not make series."""
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    measured = RequestDuration(steps(start(), BODY), meter_provider=meter_provider)
    for number in range(100):
        await drive(measured, http_scope(http_version=f"{number // 10}.{number % 10}"))
        await drive(measured, http_scope(scheme=f"s{number}"))
        await drive(measured, http_scope(method=f"M{number}"))
    attributes = [dict(point.attributes or {}) for point in points(reader)]
    assert {one.get("network.protocol.version") for one in attributes} == {None, "0.9", "1.0", "1.1", "2", "3"}
    assert {one["url.scheme"] for one in attributes} == {"http", "_OTHER"}
    assert {one["http.request.method"] for one in attributes} == {"GET", "_OTHER"}
    assert len(attributes) == 8
    meter_provider.shutdown()


@pytest.mark.parametrize("missing", ["http_version", "scheme", "method", "headers", "path"])
async def test_duration_of_scope_without_a_key_is_recorded(missing: str) -> None:
    """A scope of a test client that leaves out a key is measured, and nothing raises."""
    reader = InMemoryMetricReader()
    meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    scope = {key: value for key, value in http_scope().items() if key != missing}
    await drive(RequestDuration(steps(start(), BODY), meter_provider=meter_provider), scope)
    assert [point.count for point in points(reader)] == [1]
    meter_provider.shutdown()
