"""etcd's client spans, as kube-apiserver records them: as of the RPC behind the gateway, not of the POST to it.

The gateway drops `traceparent`, but passes on what is called `Grpc-Metadata-…` as metadata of the RPC, where etcd looks
for its parent span.
"""

import time
from collections.abc import AsyncIterator, Mapping
from typing import ClassVar

import httpx
from opentelemetry.trace import Span, Status, StatusCode, TracerProvider

from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.etcd.errors import UNAVAILABLE, EtcdError, from_body
from rootspan_apiserver.etcd.wire import COMPACT, LEASE_GRANT, LEASE_REVOKE, RANGE, STATUS, TXN, WATCH

METHODS = {
    RANGE: "etcdserverpb.KV/Range",
    TXN: "etcdserverpb.KV/Txn",
    COMPACT: "etcdserverpb.KV/Compact",
    WATCH: "etcdserverpb.Watch/Watch",
    LEASE_GRANT: "etcdserverpb.Lease/LeaseGrant",
    LEASE_REVOKE: "etcdserverpb.Lease/LeaseRevoke",
    STATUS: "etcdserverpb.Maintenance/Status",
}
CODES = (
    *("OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists"),
    *("PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented"),
    *("Internal", "Unavailable", "DataLoss", "Unauthenticated"),
)
OK, CANCELED = 0, 1
PORTS = {"http": 80, "https": 443}
SENT = "rootspan_apiserver.etcd.sent"


class EtcdTracingTransport(AsyncTracingTransport):
    """Spans of the dialect of Kubernetes 1.36, otelgrpc 0.65."""

    scope_name: ClassVar[str] = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
    scope_version: ClassVar[str] = "0.65.0"

    def __init__(self, transport: httpx.AsyncBaseTransport, *, tracer_provider: TracerProvider) -> None:
        super().__init__(_Noted(transport), tracer_provider=tracer_provider)

    def span_name(self, request: httpx.Request) -> str:
        return METHODS[request.url.path]

    def request_attributes(self, request: httpx.Request) -> dict[str, str | int]:
        url = request.url
        return {
            "rpc.system.name": "grpc",
            "rpc.method": METHODS[url.path],
            "server.address": url.host,
            "server.port": url.port or PORTS[url.scheme],
        }

    def inject(self, request: httpx.Request, traceparent: str, tracestate: str) -> None:
        request.headers["Grpc-Metadata-Traceparent"] = traceparent
        if tracestate:
            request.headers["Grpc-Metadata-Tracestate"] = tracestate

    def record_response(self, span: Span, response: httpx.Response) -> None:
        sent, size = response.extensions[SENT]
        span.add_event("message", self.message("SENT", 1, size), timestamp=sent)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Received(self, span, response.status_code, response.stream)

    def record_error(self, span: Span, error: BaseException) -> None:
        if isinstance(error, httpx.TransportError):
            self.record_status(span, UNAVAILABLE, str(error))
        elif isinstance(error, EtcdError):
            self.record_status(span, error.code, error.message)
        else:
            self.record_status(span, CANCELED, "context canceled")

    def record_status(self, span: Span, code: int, message: str) -> None:
        """Record how the RPC ended; `code` is the gRPC status code."""
        span.set_attribute("rpc.response.status_code", CODES[code])
        if code != OK:
            span.set_status(Status(StatusCode.ERROR, message))

    def message(self, direction: str, number: int, size: int) -> Mapping[str, str | int]:
        """The attributes of the event of one message sent or received."""
        return {
            "rpc.message.type": direction,
            "rpc.message.id": number,
            "rpc.message.compressed_size": size,
            "rpc.message.uncompressed_size": size,
        }


class EtcdTracingTransportV122(EtcdTracingTransport):
    """Spans of the dialect of Kubernetes 1.22, otelgrpc 0.20."""

    scope_version: ClassVar[str] = "semver:0.20.0"

    def request_attributes(self, request: httpx.Request) -> dict[str, str | int]:
        service, _, method = METHODS[request.url.path].partition("/")
        return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}

    def record_status(self, span: Span, code: int, message: str) -> None:
        span.set_attribute("rpc.grpc.status_code", code)
        if code != OK:
            span.set_status(Status(StatusCode.ERROR, message))

    def message(self, direction: str, number: int, size: int) -> Mapping[str, str | int]:
        return {"message.type": direction, "message.id": number, "message.uncompressed_size": size}


class _Noted(httpx.AsyncBaseTransport):
    """Notes in each response when its request was sent and how large it was."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = time.time_ns()
        response = await self._transport.handle_async_request(request)
        response.extensions[SENT] = sent, int(request.headers["Content-Length"])
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Received(httpx.AsyncByteStream):
    """Records each message of an answer, and the status at its end: the whole of a unary one, the lines of a stream."""

    def __init__(self, transport: EtcdTracingTransport, span: Span, status: int, stream: httpx.AsyncByteStream) -> None:
        self._transport = transport
        self._span = span
        self._status = status
        self._stream = stream
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = number = 0
        refusal: list[bytes] = []
        try:
            async for chunk in self._stream:
                size += len(chunk)
                if self._status != 200:
                    refusal.append(chunk)
                elif chunk.endswith(b"\n"):
                    number += 1
                    self._span.add_event("message", self._transport.message("RECEIVED", number, size))
                    size = 0
                yield chunk
        finally:
            self._ended = True
        if size and self._status == 200:
            self._span.add_event("message", self._transport.message("RECEIVED", number + 1, size))
        if self._status == 200:
            self._transport.record_status(self._span, OK, "")
        else:
            self._transport.record_error(self._span, from_body(self._status, b"".join(refusal)))

    async def aclose(self) -> None:
        if not self._ended:
            self._ended = True
            self._transport.record_status(self._span, CANCELED, "context canceled")
        await self._stream.aclose()
