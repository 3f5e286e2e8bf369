"""An OTLP/gRPC receiver without TLS (`opentelemetry.proto.collector.trace.v1.TraceService`).

It serves from separate threads, so that an event loop in the same process may block while it flushes spans. A malformed request is
rejected with INVALID_ARGUMENT; of other requests the valid spans are kept and the invalid ones counted in `partial_success`.
"""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import grpc
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from rootspan_apiserver.collector.otlp_decoding import decode_spans
from rootspan_apiserver.collector.received_spans import ReceivedSpans

_SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
_MAX_REQUEST_BYTES = 64 * 1024 * 1024
_MAX_REPORTED_FAULTS = 3


class CollectorError(Exception):
    """The collector cannot listen on its endpoint."""


class Collector:
    """Receives spans while it is entered as a context manager.

    `endpoint` is `host:port` (port 0: any free one) or `unix:///path`. `spans` keeps the last `max_spans`.
    """

    def __init__(self, endpoint: str = "127.0.0.1:0", *, max_spans: int = 100_000) -> None:
        self.spans = ReceivedSpans(max_spans)
        self._requested = endpoint
        self._endpoint: str | None = None
        self._server: grpc.Server | None = None

    @property
    def endpoint(self) -> str:
        """The address of the collector in the form of a TracingConfiguration. Raises CollectorError unless it is listening."""
        if self._endpoint is None:
            raise CollectorError("the collector is not listening")
        return self._endpoint

    def __enter__(self) -> Self:
        server = grpc.server(
            ThreadPoolExecutor(max_workers=2, thread_name_prefix="collector"),
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _MAX_REQUEST_BYTES)],
        )
        export = grpc.unary_unary_rpc_method_handler(
            self._export, response_serializer=ExportTraceServiceResponse.SerializeToString
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"Export": export}),))
        try:
            port = server.add_insecure_port(self._requested)
        except RuntimeError as error:
            raise CollectorError(f"failed to listen on {self._requested}: address in use or not available") from error
        server.start()
        self._server = server
        host, colon, _ = self._requested.rpartition(":")
        self._endpoint = self._requested if self._requested.startswith("unix:") else f"{host}{colon}{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop(grace=None).wait()
            self._server = self._endpoint = None

    def _export(self, body: bytes, context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"not an ExportTraceServiceRequest: {error}")
        spans, faults = decode_spans(request)
        self.spans.add(spans)
        if not faults:
            return ExportTraceServiceResponse()
        return ExportTraceServiceResponse(
            partial_success=ExportTracePartialSuccess(
                rejected_spans=len(faults), error_message="; ".join(faults[:_MAX_REPORTED_FAULTS])
            )
        )
