"""What OTLP says of a span's trace flags."""

from concurrent import futures

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from rootspan import create_tracer_provider
from rootspan.otlp_exporter import NEWEST_EXPORTER, FlaggedSpanExporter, exporter_class, version_of_exporter

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"


def test_exported_span_says_that_it_was_sampled() -> None:
    """The lower eight bits of `flags` are the W3C trace flags, as OTLP has it: 01, not nothing."""
    flags: list[int] = []

    def export(request: ExportTraceServiceRequest, _: grpc.ServicerContext) -> ExportTraceServiceResponse:
        flags.extend(
            span.flags
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        )
        return ExportTraceServiceResponse()

    handler = grpc.unary_unary_rpc_method_handler(
        export, ExportTraceServiceRequest.FromString, ExportTraceServiceResponse.SerializeToString
    )
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Export": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    provider = create_tracer_provider(
        service_name="t", endpoint=f"127.0.0.1:{port}", sampling_rate_per_million=1_000_000
    )
    try:
        with provider.get_tracer("t").start_as_current_span("outer"), provider.get_tracer("t").start_span("inner"):
            pass
    finally:
        provider.shutdown()
        server.stop(grace=None).wait()
    assert [flag & 0xFF for flag in flags] == [1, 1]


def test_exporter_that_is_installed_is_known() -> None:
    """The private method that adds the flags is known up to a version, and the tests run with one that is."""
    major, minor = (int(part) for part in version_of_exporter().split(".")[:2])
    assert (major, minor) <= NEWEST_EXPORTER
    assert exporter_class(version_of_exporter()) is FlaggedSpanExporter


def test_newer_exporter_is_used_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the newest known version spans go out without flags, and one line says so, however many exporters are made."""
    major, minor = NEWEST_EXPORTER
    exporter_class.cache_clear()
    for _ in range(3):
        assert exporter_class(f"{major}.{minor + 1}.0rc1") is OTLPSpanExporter
    (record,) = caplog.records
    assert (
        f"exporter-otlp-proto-grpc {major}.{minor + 1}.0rc1 is not known: spans are exported without" in record.message
    )


def test_exporter_without_the_private_method_is_used_as_it_is() -> None:
    """What is not there is not overridden."""

    class Other:
        """An exporter that encodes spans in another way."""

    assert exporter_class("1.45.0", Other) is Other  # type: ignore[comparison-overlap]  # another class stands for it
