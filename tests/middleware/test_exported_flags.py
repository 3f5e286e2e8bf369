"""What OTLP says of a span's trace flags."""

from concurrent import futures

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from rootspan import create_tracer_provider

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"


def test_an_exported_span_says_that_it_was_sampled() -> None:
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
