"""The collector: what it takes, what it keeps, what it prints."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from textwrap import dedent
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from rootspan import create_tracer_provider
from rootspan.spans import Span
from rootspan_apiserver.collector import Collector, CollectorError, ReceivedSpans, render_trace, traces
from rootspan_apiserver.collector.trees import is_whole

NO_PROXY: Any = (("grpc.enable_http_proxy", 0),)
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
TRACE = bytes(range(1, 17))


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def send(collector: Collector) -> Iterator[Callable[[bytes], ExportTraceServiceResponse]]:
    with grpc.insecure_channel(collector.endpoint, NO_PROXY) as channel:
        export = channel.unary_unary(EXPORT, bytes, ExportTraceServiceResponse.FromString)
        yield lambda body: export(body, timeout=10)


def request(*spans: SpanMessage) -> bytes:
    resource = ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])
    return ExportTraceServiceRequest(resource_spans=[resource]).SerializeToString()


def message(name: str, span_id: int = 1, parent: int = 0, start: int = 0) -> SpanMessage:
    return SpanMessage(
        name=name,
        trace_id=TRACE,
        span_id=span_id.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        start_time_unix_nano=start,
        end_time_unix_nano=start + 1_500_000,
    )


def span(name: str, span_id: str, parent_id: str | None = None, start: int = 0) -> Span:
    return Span(name=name, trace_id="a", span_id=span_id, parent_id=parent_id, service="s", start=start, end=start + 1)


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_it_takes_what_the_stock_exporter_sends(collector: Collector, compression: grpc.Compression) -> None:
    """A span sent by OpenTelemetry's own exporter is the span that was made, compressed or not."""
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        f"http://{collector.endpoint}", insecure=True, compression=compression, channel_options=NO_PROXY
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("counter", "1.2")
    with tracer.start_as_current_span("buy", attributes={"items": 2, "paid": True, "tags": ("a", "b")}) as made:
        made.add_event("packed", {"boxes": 1.5})
    provider.shutdown()
    (received,) = collector.spans.snapshot()
    assert received.trace_id == f"{made.get_span_context().trace_id:032x}"
    assert (received.name, received.kind, received.service, received.parent_id) == ("buy", "INTERNAL", "shop", None)
    assert (received.scope.name, received.scope.version) == ("counter", "1.2")
    assert received.attributes == {"items": 2, "paid": True, "tags": ("a", "b")}
    assert [(event.name, event.attributes) for event in received.events] == [("packed", {"boxes": 1.5})]
    assert 0 < received.start <= received.end


def test_every_field_of_a_span_is_kept(
    collector: Collector, send: Callable[[bytes], ExportTraceServiceResponse]
) -> None:
    """Kinds, status, links, trace state, flags and every type of attribute value survive."""
    values = {
        "text": AnyValue(string_value="t"),
        "bytes": AnyValue(bytes_value=b"\x00"),
        "list": AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(double_value=0.5)])),
        "map": AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=AnyValue(bool_value=False))])),
        "nothing": AnyValue(),
    }
    sent = message("full", parent=7)
    sent.kind = SpanMessage.SPAN_KIND_PRODUCER
    sent.attributes.extend(KeyValue(key=key, value=value) for key, value in values.items())
    sent.links.append(SpanMessage.Link(trace_id=TRACE, span_id=bytes(7) + b"\x09"))
    sent.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="no"))
    sent.trace_state = "a=b"
    sent.flags = 0x103
    assert not send(request(sent)).HasField("partial_success")
    (received,) = collector.spans.snapshot()
    assert received.attributes == {
        "text": "t",
        "bytes": b"\x00",
        "list": (1, 0.5),
        "map": {"k": False},
        "nothing": None,
    }
    assert [(link.trace_id, link.span_id) for link in received.links] == [(TRACE.hex(), f"{9:016x}")]
    assert (received.kind, received.parent_id) == ("PRODUCER", f"{7:016x}")
    assert (received.status, received.status_message) == ("ERROR", "no")
    assert (received.trace_state, received.flags) == ("a=b", 3)


@pytest.mark.parametrize("body", [b"\xff", b"not protobuf", b"\x0a\x05\x0a", request(message("cut"))[:-3]])
def test_request_that_cannot_be_read_is_refused_and_nothing_is_lost(
    collector: Collector, send: Callable[[bytes], ExportTraceServiceResponse], body: bytes
) -> None:
    """The sender is told INVALID_ARGUMENT and why; what came before stays, and what comes after is taken."""
    send(request(message("before")))
    with pytest.raises(grpc.RpcError) as refusal:
        send(body)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.value.details() or "").startswith("not an ExportTraceServiceRequest: ")
    send(request(message("after")))
    assert [span.name for span in collector.spans.snapshot()] == ["before", "after"]


def test_span_without_a_valid_id_is_rejected_alone(
    collector: Collector, send: Callable[[bytes], ExportTraceServiceResponse]
) -> None:
    """The answer counts it and says what is wrong, and the spans beside it are kept."""
    no_id, short, zero = message("no id"), message("short"), message("zero")
    no_id.span_id = b""
    short.trace_id = b"\x01"
    zero.trace_id = bytes(16)
    answer = send(request(message("good"), no_id, short, zero)).partial_success
    assert answer.rejected_spans == 3
    assert "span 'no id': span_id must be 8 bytes, not all zero; got nothing" in answer.error_message
    assert "span 'short': trace_id must be 16 bytes, not all zero; got 01" in answer.error_message
    assert [span.name for span in collector.spans.snapshot()] == ["good"]


def test_another_signal_is_unimplemented(collector: Collector) -> None:
    """Metrics and logs are refused as gRPC refuses a method that is not there."""
    with grpc.insecure_channel(collector.endpoint, NO_PROXY) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", bytes, bytes)
        with pytest.raises(grpc.RpcError) as refusal:
            export(b"", timeout=10)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_large_batch_is_taken(collector: Collector, send: Callable[[bytes], ExportTraceServiceResponse]) -> None:
    """A batch beyond gRPC's default of 4 MiB is not refused."""
    large = message("large")
    large.attributes.append(KeyValue(key="text", value=AnyValue(string_value="x" * 8_000_000)))
    send(request(large))
    assert [span.name for span in collector.spans.snapshot()] == ["large"]


def test_it_keeps_no_more_spans_than_it_was_told_to() -> None:
    """The oldest go first."""
    with Collector(max_spans=2) as collector:
        for name in ("one", "two", "three"):
            collector.spans.add([span(name, name)])
        assert [kept.name for kept in collector.spans.snapshot()] == ["two", "three"]
        collector.spans.clear()
        assert collector.spans.snapshot() == ()


def test_it_keeps_no_more_bytes_than_it_was_told_to() -> None:
    """The oldest spans go as soon as the texts of all are too long together, and their traces with them."""
    spans = ReceivedSpans(max_spans=100, max_bytes=50_000)
    long = [replace(span(f"long {number}", f"{number}"), name="x" * 20_000) for number in range(4)]
    spans.add(long)
    assert spans.snapshot() == tuple(long[2:])
    assert spans.trace_ids() == tuple(dict.fromkeys(each.trace_id for each in long[2:]))


def test_spans_are_found_by_trace() -> None:
    """A trace is what is kept of it, in the order of arrival; one of which nothing is kept is not known."""
    spans = ReceivedSpans(max_spans=3)
    one = [replace(span(f"{number}", f"a{number}"), trace_id="1" * 32) for number in range(2)]
    two = [replace(span(f"{number}", f"b{number}"), trace_id="2" * 32) for number in range(2)]
    spans.add([one[0], two[0], one[1], two[1]])
    assert spans.trace("1" * 32) == (one[1],)
    assert spans.trace("2" * 32) == tuple(two)
    assert spans.trace_ids() == ("1" * 32, "2" * 32)
    spans.add([replace(two[0], trace_id="3" * 32), replace(two[0], trace_id="4" * 32)])
    assert spans.trace("1" * 32) == ()
    assert spans.trace_ids() == ("2" * 32, "3" * 32, "4" * 32)


def test_address_in_use_is_refused(collector: Collector) -> None:
    """A second collector on the same port does not share it silently."""
    with pytest.raises(CollectorError, match=f"^failed to listen on {collector.endpoint}: address in use"):
        Collector(collector.endpoint).__enter__()
    with pytest.raises(CollectorError, match=r"^the collector is not listening$"):
        assert Collector().endpoint


def test_it_leaves_no_thread_and_frees_its_port() -> None:
    """After the block, the same address can be listened on again, and the process is as before."""
    before = threading.active_count()
    with Collector() as collector:
        endpoint = collector.endpoint
        with grpc.insecure_channel(endpoint, NO_PROXY) as channel:
            channel.unary_unary(EXPORT, bytes, bytes)(b"", timeout=10)
    with Collector(endpoint) as again:
        assert again.endpoint == endpoint
    assert threading.active_count() <= before


@pytest.mark.anyio
async def test_coroutine_waits_for_spans(collector: Collector) -> None:
    """`until` wakes with the first arrival that makes its condition true, and returns the condition's value."""

    def names(spans: tuple[Span, ...]) -> list[str] | None:
        return [span.name for span in spans] if len(spans) == 2 else None

    waiting = asyncio.create_task(collector.spans.until(names))
    for name in ("one", "two"):
        await asyncio.to_thread(collector.spans.add, [span(name, name)])
    assert await asyncio.wait_for(waiting, 10) == ["one", "two"]
    assert await asyncio.wait_for(collector.spans.until(names), 10) == ["one", "two"]


@pytest.mark.anyio
async def test_wait_that_is_given_up_leaves_nothing_behind(collector: Collector) -> None:
    """A condition nobody waits for any more is not asked again, and one that raises tells its waiter."""
    asked = 0

    def never(_: tuple[Span, ...]) -> bool:
        nonlocal asked
        asked += 1
        return False

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(collector.spans.until(never), 0.01)
    collector.spans.add([span("one", "1")])
    assert asked == 1
    with pytest.raises(ZeroDivisionError):
        await collector.spans.until(lambda spans: 1 // (len(spans) - 1))
    given_up = collector.spans.when(never)
    given_up.cancel()
    with pytest.raises(CancelledError):
        given_up.result(1)


def test_trace_is_whole_with_its_root_and_every_parent() -> None:
    """A missing root and a missing parent are both noticed."""
    assert is_whole([span("root", "1"), span("child", "2", "1")])
    assert not is_whole([span("child", "2", "1")])
    assert not is_whole([span("root", "1"), span("grandchild", "3", "2")])
    assert not is_whole([])


def test_traces_are_told_apart_and_printed_as_trees(
    collector: Collector, send: Callable[[bytes], ExportTraceServiceResponse]
) -> None:
    """Children stand under their parent by start, with durations; what would upset a terminal is spelled out."""
    other = message("other")
    other.trace_id = TRACE[::-1]
    send(request(message("late", 3, 1, start=2), message("early\x1b[2J", 2, 1, start=1), message("root"), other))
    by_id = traces(collector.spans.snapshot())
    assert set(by_id) == {TRACE.hex(), TRACE[::-1].hex()}
    assert render_trace(by_id[TRACE.hex()]) == dedent(
        """\
        root INTERNAL 1.5 ms
        ├─ early\\x1b[2J INTERNAL 1.5 ms
        └─ late INTERNAL 1.5 ms"""
    )
    assert collector.spans.trace(TRACE[::-1].hex()) == tuple(by_id[TRACE[::-1].hex()])


def command(endpoint: str, *flags: str) -> list[str]:
    return [sys.executable, "-m", "rootspan", "collector", f"--otlp-grpc-endpoint={endpoint}", *flags]


def lines_until(process: "subprocess.Popen[str]", last: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or last not in lines[-1]:
        line = process.stdout.readline()
        assert line, f"the collector ended after {lines}"
        lines.append(line.rstrip())
    return lines


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_each_trace_and_ends_cleanly(stop: signal.Signals) -> None:
    """A trace is printed once it is whole; at the end so is what is not; and Ctrl-C is no error."""
    with subprocess.Popen(command("127.0.0.1:0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        killer = threading.Timer(30, process.kill)
        killer.start()
        try:
            (listening,) = lines_until(process, "Listening for OTLP/gRPC on 127.0.0.1:")
            provider = create_tracer_provider(
                endpoint=listening.rpartition(" ")[2],
                sampling_rate_per_million=1_000_000,
                resource=Resource({"service.name": "shop"}),
            )
            tracer = provider.get_tracer("t")
            with tracer.start_as_current_span("buy"):
                tracer.start_span("pay").end()
                unended = tracer.start_span("send")
            assert provider.force_flush(10_000)
            printed = lines_until(process, "pay INTERNAL shop")
            assert [line.split(" ")[0] for line in printed] == ["", "trace", "buy", "└─"]
            unended.end()
            provider.shutdown()
            process.send_signal(stop)
            out, errors = process.communicate(timeout=20)
            assert [line.split(" INTERNAL")[0] for line in out.splitlines()[2:]] == ["buy", "├─ pay", "└─ send"]
            assert errors == ""
            assert process.returncode == 0
        finally:
            killer.cancel()


def test_trace_too_deep_to_print_does_not_end_the_command() -> None:
    """A sender that nests 5,000 spans gets one line for them, and the command goes on."""
    with subprocess.Popen(command("127.0.0.1:0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        killer = threading.Timer(30, process.kill)
        killer.start()
        try:
            (listening,) = lines_until(process, "Listening for OTLP/gRPC on 127.0.0.1:")
            with grpc.insecure_channel(listening.rpartition(" ")[2], NO_PROXY) as channel:
                nested = [message("deep", number, number - 1) for number in range(1, 5_001)]
                channel.unary_unary(EXPORT, bytes, bytes)(request(*nested), timeout=10)
            assert lines_until(process, "spans,")[-1] == "5000 spans, nested too deeply to print"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            killer.cancel()


def test_command_tells_of_an_address_in_use() -> None:
    """The last line says so, and the exit status is 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(command(endpoint), timeout=30, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"Error: failed to listen on {endpoint}: address in use or not available"


def test_command_shows_traces_on_a_page() -> None:
    """`--web` says where the page is; it lists what arrives; and Ctrl-C ends the command while a browser follows it."""
    with subprocess.Popen(
        command("127.0.0.1:0", "--web=127.0.0.1:0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        killer = threading.Timer(60, process.kill)
        killer.start()
        try:
            listening, showing = lines_until(process, "Showing traces on http://127.0.0.1:")
            url = showing.rpartition(" ")[2]
            with (
                httpx.Client(trust_env=False, timeout=30) as client,
                client.stream("GET", f"{url}/api/events") as events,
                grpc.insecure_channel(listening.rpartition(" ")[2], NO_PROXY) as channel,
            ):
                lines = events.iter_lines()
                assert next(lines) == ": open"
                channel.unary_unary(EXPORT, bytes, bytes)(request(message("seen")), timeout=10)
                assert "seen" in next(line for line in lines if line.startswith("data: "))
                assert client.get(f"{url}/api/traces/{TRACE.hex()}").json()["spans"][0]["name"] == "seen"
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 0
        finally:
            killer.cancel()
