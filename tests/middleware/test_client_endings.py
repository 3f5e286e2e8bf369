"""How a call ends: its span and its duration agree on its status, its error and its end, however it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from anyio import to_thread
from opentelemetry.context import attach, detach, set_value
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, AlwaysOnExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from rootspan.metrics import BUCKETS
from rootspan.testing import recording_provider
from tests.middleware.clients import ALL, Http, Upstream

pytestmark = pytest.mark.anyio

SECOND = 1_000_000_000
ASYNC = [http for http in ALL if http.is_async]


def metered(**arguments: Any) -> tuple[MeterProvider, InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    return MeterProvider([reader], shutdown_on_exit=False, **arguments), reader


def durations(reader: InMemoryMetricReader) -> list[HistogramDataPoint]:
    """The points of the one metric there may be."""
    data = reader.get_metrics_data()
    found = [] if data is None else [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
    assert {(metric.name, metric.unit) for metric in found} <= {("http.client.request.duration", "s")}
    return [point for metric in found for point in metric.data.data_points if isinstance(point, HistogramDataPoint)]


async def reading(http: Http, client: Any, url: str) -> None:
    await http.call(client.get, url)


async def closing_early(http: Http, client: Any, url: str) -> None:
    async with http.streaming(client, url) as (_, parts):
        assert await anext(parts) == b"part"
        await parts.aclose()


async def not_reading(http: Http, client: Any, url: str) -> None:
    async with http.streaming(client, url):
        pass


async def reading_late(http: Http, client: Any, url: str) -> None:
    async with http.streaming(client, url) as (response, _):
        await http.call(response.aread if http.is_async else response.read)


Way = Callable[[Http, Any, str], Awaitable[None]]

ROWS: dict[str, tuple[str, Way, int | None, str | None]] = {
    # how it ends: path, what the application does, status, error.type with {} for the library
    "the body is read": ("200", reading, 200, None),
    "the body is read late": ("200", reading_late, 200, None),
    "the body is not read": ("200", not_reading, 200, None),
    "the body is left early": ("200", closing_early, 200, None),
    "the body never ends and is left": ("half", closing_early, 200, None),
    "not found": ("404", reading, 404, "404"),
    "not found, and not read": ("404", not_reading, 404, "404"),
    "the body breaks off": ("cut", reading, 200, "{}.RemoteProtocolError"),
    "no answer in time": ("never", reading, None, "{}.ReadTimeout"),
    "no end of the body in time": ("half", reading, 200, "{}.ReadTimeout"),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF])
async def test_span_and_duration_agree(http: Http, upstream: Upstream, row: str, sampler: Any) -> None:
    """Both have the same status and `error.type`; the duration is recorded of a call that is not sampled, too."""
    path, way, status, error = ROWS[row]
    provider, recorder = recording_provider(sampler=sampler)
    meters, reader = metered()
    client = http.traced(provider, meter_provider=meters)
    client.timeout = http.library.Timeout(5.0, read=0.1 if "in time" in row else 5.0)
    async with http.opened(client):
        try:
            await way(http, client, f"{upstream.url}/{path}")
        except http.library.TransportError:
            assert error is not None
    expected: dict[str, Any] = {
        "http.request.method": "GET",
        "server.address": "127.0.0.1",
        "server.port": http.library.URL(upstream.url).port,
    }
    if status is not None:
        expected |= {"http.response.status_code": status, "network.protocol.version": "1.1"}
    if error is not None:
        expected["error.type"] = error.format(http.name)
    (point,) = durations(reader)
    assert point.attributes == {**expected, "url.scheme": "http"}
    assert (point.count, tuple(point.explicit_bounds)) == (1, BUCKETS)
    if sampler is ALWAYS_OFF:
        assert recorder.spans == []
        return
    (span,) = recorder.spans
    assert span.attributes == {**expected, "url.full": f"{upstream.url}/{path}"}
    assert (span.status, span.status_message) == ("UNSET" if error is None else "ERROR", "")
    assert point.sum == span.duration / SECOND


async def test_stream_ends_its_span_when_it_is_closed(http: Http, upstream: Upstream) -> None:
    """The span lasts for the body: until it is read to its end, or closed before."""
    provider, recorder = recording_provider()
    async with http.opened(http.traced(provider)) as client:
        async with http.streaming(client, f"{upstream.url}/200") as (_, parts):
            assert await anext(parts) == b"part"
            assert recorder.spans == []
            await parts.aclose()
        assert len(recorder.spans) == 1
        async with http.streaming(client, f"{upstream.url}/200") as (response, _):
            await http.call(response.aread if http.is_async else response.read)
            assert len(recorder.spans) == 2
    assert {span.status for span in recorder.spans} == {"UNSET"}


async def test_unreachable_server_is_an_error_of_the_call(http: Http, upstream: Upstream) -> None:
    """The type of the error is recorded, and its message is not."""
    provider, recorder = recording_provider()
    meters, reader = metered()
    listener = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    async with http.opened(http.traced(provider, meter_provider=meters)) as client:
        with pytest.raises(http.library.ConnectError):
            await http.call(client.get, f"http://127.0.0.1:{port}/")
    (span,) = recorder.spans
    (point,) = durations(reader)
    assert span.attributes["error.type"] == (point.attributes or {})["error.type"] == f"{http.name}.ConnectError"
    assert (span.status, span.status_message) == ("ERROR", "")


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@pytest.mark.parametrize("http", ASYNC, ids=str)
@pytest.mark.parametrize(("path", "status"), [("never", None), ("half", 200)])
async def test_call_that_is_given_up_is_no_error(http: Http, upstream: Upstream, path: str, status: int | None) -> None:
    """A cancellation ends the span and the duration, without a status of the span and without `error.type`."""
    provider, recorder = recording_provider()
    meters, reader = metered()
    answered = anyio.Event()

    async def call(client: Any) -> None:
        async with client.stream("GET", f"{upstream.url}/{path}", timeout=None) as response:
            answered.set()
            await response.aread()

    async with http.opened(http.traced(provider, meter_provider=meters)) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(call, client)
        await to_thread.run_sync(upstream.asked.wait, 10)
        if status is not None:
            await answered.wait()
        tasks.cancel_scope.cancel()
    (span,) = recorder.spans
    (point,) = durations(reader)
    assert (span.status, span.attributes.get("error.type")) == ("UNSET", None)
    assert span.attributes.get("http.response.status_code") == status
    assert "error.type" not in (point.attributes or {})


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.9"])
async def test_server_cannot_multiply_series(http: Http, version: str) -> None:
    """A version of the protocol that nobody knows is recorded by the span alone."""
    provider, recorder = recording_provider()
    meters, reader = metered()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{version} 200 OK\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with http.opened(http.traced(provider, meter_provider=meters)) as client:
            await http.call(client.get, f"http://127.0.0.1:{port}/")
            await http.call(client.request, "BREW", f"http://127.0.0.1:{port}/")
    assert {span.attributes["network.protocol.version"] for span in recorder.spans} == {version[5:]}
    points = [dict(point.attributes or {}) for point in durations(reader)]
    assert {point.get("network.protocol.version") for point in points} == {"1.0" if version == "HTTP/1.0" else None}
    assert [point["http.request.method"] for point in points] == ["GET", "_OTHER"]


@pytest.mark.parametrize("measured", [True, False])
async def test_exemplars_name_the_span_of_the_call(http: Http, upstream: Upstream, measured: bool) -> None:
    """A duration leads to the span that took it, wherever the body of the response was read."""
    provider, recorder = recording_provider()
    meters, reader = metered(exemplar_filter=AlwaysOnExemplarFilter() if measured else AlwaysOffExemplarFilter())
    client = http.traced(provider, meter_provider=meters)
    async with http.opened(client), http.streaming(client, f"{upstream.url}/200") as (response, _):
        with provider.get_tracer("shop").start_as_current_span("reading"):
            await http.call(response.aread if http.is_async else response.read)
    call = recorder.spans[0]
    (point,) = durations(reader)
    exemplars = [(f"{each.trace_id:032x}", f"{each.span_id:016x}") for each in point.exemplars]
    assert exemplars == ([(call.trace_id, call.span_id)] if measured else [])


async def test_suppressed_calls_are_not_measured_and_others_share_one_histogram(
    http: Http, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """Two clients of one meter provider make one metric of one instrumentation scope, without a warning."""
    provider, _ = recording_provider()
    meters, reader = metered()
    for _ in range(2):
        async with http.opened(http.traced(provider, meter_provider=meters, exclude=lambda request: True)) as client:
            await http.call(client.get, f"{upstream.url}/200")
            token = attach(set_value("suppress_instrumentation", True))
            await http.call(client.get, f"{upstream.url}/200")
            detach(token)
    (point,) = durations(reader)
    assert point.count == 2
    assert caplog.records == []
