"""An OTLP collector that takes spans and forgets them, in a process of its own: prints its port, serves until killed."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)


class Forgetful(TraceServiceServicer):
    def Export(self, request: object, context: object) -> ExportTraceServiceResponse:  # noqa: N802 - gRPC's name
        return ExportTraceServiceResponse()


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(Forgetful(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()
