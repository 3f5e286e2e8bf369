"""Client spans of the calls to etcd: those of the RPC behind the gateway, not of the POST to it.

The gateway drops `traceparent`, but passes on headers called `Grpc-Metadata-…` as metadata of the RPC, where etcd looks for its parent
span.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/storagebackend/factory/etcd3.go
"""

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator

import httpx
from opentelemetry.trace import Span, TracerProvider

from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.etcd.errors import UNAVAILABLE, EtcdError, from_body

OK, CANCELED = 0, 1
"""gRPC status codes."""
SENT = "rootspan_apiserver.etcd.sent"


class EtcdTracingTransport(AsyncTracingTransport, ABC):
    """A transport to the gateway whose spans are those of the RPCs. A subclass names and describes them as a version of otelgrpc does.

    It overrides `scope_name`, `scope_version`, `span_name` and `request_attributes` too.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, *, tracer_provider: TracerProvider) -> None:
        super().__init__(_SendTimes(transport), tracer_provider=tracer_provider)

    @abstractmethod
    def record_status(self, span: Span, code: int, message: str) -> None:
        """Record how the RPC ended: its gRPC status code and message."""

    @abstractmethod
    def record_sent(self, span: Span, *, number: int, size: int, time: int) -> None:
        """Record a message that was sent: its number from 1, its size in bytes, its time in nanoseconds since 1970."""

    @abstractmethod
    def record_received(self, span: Span, *, number: int, size: int) -> None:
        """Record a message that has just been received: its number from 1 and its size in bytes."""

    def inject(self, request: httpx.Request, traceparent: str, tracestate: str) -> None:
        request.headers["Grpc-Metadata-Traceparent"] = traceparent
        if tracestate:
            request.headers["Grpc-Metadata-Tracestate"] = tracestate

    def record_response(self, span: Span, response: httpx.Response) -> None:
        sent, request = response.extensions[SENT]
        self.record_sent(span, number=1, size=int(request.headers["Content-Length"]), time=sent)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Received(self, span, response.status_code, response.stream)

    def record_error(self, span: Span, error: BaseException) -> None:
        if isinstance(error, httpx.TransportError):
            self.record_status(span, UNAVAILABLE, str(error))
        elif isinstance(error, EtcdError):
            self.record_status(span, error.code, error.message)
        else:
            self.record_status(span, CANCELED, "context canceled")


class _SendTimes(httpx.AsyncBaseTransport):
    """Adds its request, and when that was sent, to each response."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = time.time_ns()
        response = await self._transport.handle_async_request(request)
        response.extensions[SENT] = sent, request
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Received(httpx.AsyncByteStream):
    """Records the messages of a response, and the status at its end. A unary response is one message, in a stream each line is."""

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
                    self._transport.record_received(self._span, number=number, size=size)
                    size = 0
                yield chunk
        finally:
            self._ended = True
        if size and self._status == 200:
            self._transport.record_received(self._span, number=number + 1, size=size)
        if self._status == 200:
            self._transport.record_status(self._span, OK, "")
        else:
            self._transport.record_error(self._span, from_body(self._status, b"".join(refusal)))

    async def aclose(self) -> None:
        if not self._ended:
            self._ended = True
            self._transport.record_status(self._span, CANCELED, "context canceled")
        await self._stream.aclose()
