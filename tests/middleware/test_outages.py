"""A back end that is away, hangs or lies costs requests nothing, and the log a line."""

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from rootspan import create_tracer_provider
from rootspan.outage import OncePerOutage
from rootspan_apiserver.collector import Collector
from tests.middleware.back_ends import Authority, grpc_back_end

ANSWERS = {
    "closes": b"",
    "garbage": bytes(range(256)) * 64,
    "HTTP/1.1": b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    "half of HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03",
    "a frame that never ends": b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00\x00\x01"
    + b"A" * 9_000,
}


@contextmanager
def liar(answer: bytes) -> Iterator[str]:
    """Run a server that answers every connection with `answer`, and closes it. Gives its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(1_024)
                self.request.sendall(answer)
            except OSError:
                pass  # The exporter has gone, as it should.

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def dead(kind: str) -> Iterator[str]:
    """Give the address of a back end that does not take spans."""
    if kind in ANSWERS:
        with liar(ANSWERS[kind]) as address:
            yield address
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == "hangs":
            listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
@pytest.mark.parametrize("kind", ["refuses", "hangs", *ANSWERS])
def test_outage_is_one_line(
    kind: str, protocol: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many batches are lost, the log has one line of it without a traceback, and shutdown keeps its time."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "150")
    with dead(kind) as address:
        provider = create_tracer_provider(service_name="shop", endpoint=f"http://{address}")
        tracer = provider.get_tracer("t")
        for _ in range(3):
            started = time.perf_counter()
            for _ in range(100):
                tracer.start_span("one").end()
            assert time.perf_counter() - started < 1
            assert not provider.force_flush(10_000)
        (record,) = caplog.records
        assert (record.name, record.levelname, record.exc_info) == ("rootspan.outage", "WARNING", None)
        started = time.perf_counter()
        provider.shutdown()
        assert time.perf_counter() - started < 2


def test_shutdown_keeps_its_time_though_the_back_end_is_hung_in_the_handshake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is never answered, with TLS and over HTTP, is given up after the time-out of the shutdown."""
    for protocol in ("grpc", "http/protobuf"):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        with dead("hangs") as address:
            provider = create_tracer_provider(service_name="shop", endpoint=f"https://{address}", shutdown_timeout=0.5)
            provider.get_tracer("t").start_span("one").end()
            assert not provider.force_flush(100)
            started = time.perf_counter()
            provider.shutdown()
            assert time.perf_counter() - started < 1.5


def test_certificate_that_is_not_trusted_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The line says why: the certificate cannot be verified."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
    with grpc_back_end(Authority.into(tmp_path)) as (address, received):
        provider = create_tracer_provider(service_name="shop", endpoint=f"https://{address}")
        for _ in range(2):
            provider.get_tracer("t").start_span("one").end()
            assert not provider.force_flush(10_000)
        provider.shutdown()
        assert received.empty()
    (record,) = caplog.records
    assert "CERTIFICATE_VERIFY_FAILED" in record.getMessage()


def test_end_of_an_outage_is_a_line_too(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """When the back end takes spans again it is said, and the next outage is heard of again."""
    caplog.set_level(logging.INFO, "rootspan")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")
    with dead("refuses") as address:
        pass
    provider = create_tracer_provider(service_name="shop", endpoint=address)
    tracer = provider.get_tracer("t")
    for _ in range(2):
        caplog.clear()
        tracer.start_span("one").end()
        provider.force_flush(200)
        with Collector(address) as collector:
            assert collector.spans.when(lambda spans: len(spans) > 0).result(10)
            assert provider.force_flush(5_000)
        assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    provider.shutdown()


class Raising(SpanExporter):
    """An exporter with a fault."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        logging.getLogger("tests.exporter").exception("never mind")
        raise KeyError("fault")


def test_other_exporters_are_heard_in_full(caplog: pytest.LogCaptureFixture) -> None:
    """What is not logged while ours exports is passed on, each line and its traceback."""
    exporter = OncePerOutage(Raising, "tests.exporter")
    try:
        raise ValueError
    except ValueError:
        for _ in range(2):
            assert exporter.export([]) is SpanExportResult.FAILURE
            logging.getLogger("tests.exporter").exception("of another")
    first, *others = caplog.records
    assert (first.name, first.exc_info) == ("rootspan.outage", None)
    assert first.message.startswith("traces export: never mind")
    assert [record.message for record in others] == ["of another", "of another"]
    assert all(record.exc_info for record in others)
