"""The stock OTLP/gRPC exporter, which leaves out the trace flags of a span; OTLP has a field for them, and Go's SDK fills it in.

This relies on a private method of the exporter, which is known up to the version `NEWEST_EXPORTER`. A newer exporter is used as it
is, and the flags are left out.
"""

import logging
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import TraceFlags

NEWEST_EXPORTER = (1, 45)
"""The newest version of opentelemetry-exporter-otlp-proto-grpc whose private method is known."""

_logger = logging.getLogger(__name__)


class FlaggedSpanExporter(OTLPSpanExporter):
    """Says of every span that it was sampled. Only sampled spans are exported, and no other flag is ever set here."""

    def _translate_data(self, data: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
        request = super()._translate_data(data)
        for of_resource in request.resource_spans:
            for of_scope in of_resource.scope_spans:
                for span in of_scope.spans:
                    span.flags |= TraceFlags.SAMPLED
        return request


@cache
def exporter_class(installed: str, stock: type[OTLPSpanExporter] = OTLPSpanExporter) -> type[OTLPSpanExporter]:
    """Return the exporter to use with this version of the stock one; log once for one that is not known."""
    major, minor = (int(part) for part in installed.split(".")[:2])
    if (major, minor) <= NEWEST_EXPORTER and hasattr(stock, "_translate_data"):
        return FlaggedSpanExporter
    _logger.warning(
        "opentelemetry-exporter-otlp-proto-grpc %s is not known: spans are exported without their trace flags",
        installed,
    )
    return stock


@cache
def version_of_exporter() -> str:
    """Return the version of the exporter that is installed."""
    return version("opentelemetry-exporter-otlp-proto-grpc")
