"""The stock OTLP/gRPC exporter, which leaves out the trace flags of a span; OTLP has a field for them, and Go's SDK fills it in."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import TraceFlags


class FlaggedSpanExporter(OTLPSpanExporter):
    """Says of every span that it was sampled. Only sampled spans are exported, and no other flag is ever set here."""

    def _translate_data(self, data: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
        request = super()._translate_data(data)
        for of_resource in request.resource_spans:
            for of_scope in of_resource.scope_spans:
                for span in of_scope.spans:
                    span.flags |= TraceFlags.SAMPLED
        return request
