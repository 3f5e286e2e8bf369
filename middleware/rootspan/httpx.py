"""A client span for every httpx request, and a fresh trace context in it.

`TracingTransport` wraps another transport, for `httpx.Client` and `httpx.AsyncClient` alike. The span is a child of the
current span, and the `traceparent` sent carries that span's own ids, sampled or not. Trace context that is already among
the request's headers is taken out, `tracestate` and `baggage` included: a proxy that copies what it was sent does not
hand its caller's context on. Under a request that is not sampled there is no span, only the id and the header.

The class is a template: a client of another protocol over HTTP overrides what its spans say and where the context goes.
"""

from collections.abc import AsyncIterator, Coroutine, Iterator
from importlib.metadata import version
from types import TracebackType
from typing import Any, ClassVar, Self, cast

import httpx
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
)

from rootspan.current import CURRENT, SPAN_KEY, UnsampledSpan
from rootspan.exchange import type_name
from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.redaction import REDACTED, SENSITIVE_PARAMETERS, QueryRedaction, text
from rootspan.sampling import Decision
from rootspan.server_attributes import Attributes
from rootspan.traceparent import SAMPLED, UNSAMPLED
from rootspan.tracers import prepare, start_root

_CLIENT = SpanKind.CLIENT
_PORTS = {"http": 80, "https": 443}
_TRACE_HEADERS = frozenset({b"traceparent", b"tracestate", b"baggage"})


class TracingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport that traces what another one sends.

    Args:
        transport: The transport that does the work. It is closed with this one.
        tracer_provider: Any tracer provider.
    """

    scope_name: ClassVar[str] = "rootspan.httpx"
    scope_version: ClassVar[str] = version("rootspan")
    redact_query: ClassVar[QueryRedaction] = QueryRedaction(SENSITIVE_PARAMETERS)

    def __init__(
        self, transport: httpx.BaseTransport | httpx.AsyncBaseTransport, *, tracer_provider: TracerProvider
    ) -> None:
        self._sync = cast("httpx.BaseTransport", transport)
        self._async = cast("httpx.AsyncBaseTransport", transport)
        self._tracer = tracer_provider.get_tracer(self.scope_name, self.scope_version)
        self._decision, ids = prepare(self._tracer)
        self._draw_root = ids.draw_root
        self._draw_span_id = ids.draw_span_id

    def span_name(self, request: httpx.Request) -> str:
        """Names the span: the method, or `HTTP` for one that is not known."""
        return request.method if request.method in KNOWN_METHODS else "HTTP"

    def request_attributes(self, request: httpx.Request) -> Attributes:
        """The attributes known when the request starts: the stable semantic conventions for HTTP clients."""
        url = request.url
        method = request.method
        attributes: Attributes = {
            "http.request.method": method if method in KNOWN_METHODS else OTHER_METHOD,
            "url.full": self._recorded_url(url),
            "server.address": text(url.host),
        }
        if port := url.port or _PORTS.get(url.scheme):
            attributes["server.port"] = port
        if method not in KNOWN_METHODS:
            attributes["http.request.method_original"] = text(method)
        return attributes

    def record_response(self, span: Span, response: httpx.Response) -> None:
        """Records the head of a response. A status of 400 or more is an error of the client's span."""
        status = response.status_code
        span.set_attribute("http.response.status_code", status)
        if protocol := response.extensions.get("http_version"):
            span.set_attribute("network.protocol.version", text(protocol).removeprefix("HTTP/"))
        if status >= 400:
            span.set_attribute("error.type", str(status))
            span.set_status(Status(StatusCode.ERROR))

    def record_error(self, span: Span, error: BaseException) -> None:
        """Records that the request failed, or the reading of its response: the type of the error, not its message."""
        span.set_attribute("error.type", type_name(error))
        span.set_status(Status(StatusCode.ERROR))

    def inject(self, request: httpx.Request, traceparent: str, tracestate: str) -> None:
        """Writes the span's context into the request, whose own trace context has been taken out.

        `tracestate` is empty but in a trace that was continued for a caller who sent one.
        """
        request.headers["traceparent"] = traceparent
        if tracestate:
            request.headers["tracestate"] = tracestate

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        span = self._start(request)
        if span is None:
            return self._sync.handle_request(request)
        try:
            response = self._sync.handle_request(request)
        except BaseException as error:
            self._fail(span, error)
            raise
        return self._recorded(span, response)

    def handle_async_request(self, request: httpx.Request) -> Coroutine[Any, Any, httpx.Response]:
        span = self._start(request)
        return self._async.handle_async_request(request) if span is None else self._record(span, request)

    async def _record(self, span: Span, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._async.handle_async_request(request)
        except BaseException as error:
            self._fail(span, error)
            raise
        return self._recorded(span, response)

    def _start(self, request: httpx.Request) -> Span | None:
        """Strips the request, starts its span, and writes the span's context into it; None if nothing is recorded."""
        headers = request.headers
        for name, _ in headers.raw:
            if name.lower() in _TRACE_HEADERS:
                headers.pop(name.decode(), None)
        current = CURRENT.get()
        parent = current.get(SPAN_KEY)
        decision = self._decision
        state = ""
        if type(parent) is UnsampledSpan:
            upper, lower, _ = parent.ids
            trace_id, flags = upper << 64 | lower, 0
        else:
            known = type(parent) is NonRecordingSpan or isinstance(parent, Span)
            context = cast("Span", parent).get_span_context() if known else INVALID_SPAN_CONTEXT
            trace_id, _, _, flags, trace_state, valid = context
            if not valid:
                return self._ask(request, current) if decision is None else self._start_root(request, decision)
            if trace_state:
                state = trace_state.to_header()
        if decision is None or decision.samples_child(trace_id, bool(flags & 1)):
            return self._ask(request, current)
        self.inject(request, UNSAMPLED % (trace_id, self._draw_span_id()), state)
        return None

    def _start_root(self, request: httpx.Request, decision: Decision) -> Span | None:
        upper, lower, span_id = self._draw_root()
        trace_id = upper << 64 | lower
        if lower >= decision.bound:
            self.inject(request, UNSAMPLED % (trace_id, span_id), "")
            return None
        attributes = self.request_attributes(request)
        return self._sent(
            request,
            start_root(self._tracer, decision, (upper, lower, span_id), self.span_name(request), _CLIENT, attributes),
        )

    def _ask(self, request: httpx.Request, current: Context) -> Span | None:
        attributes = self.request_attributes(request)
        return self._sent(request, self._tracer.start_span(self.span_name(request), current, _CLIENT, attributes))

    def _sent(self, request: httpx.Request, span: Span) -> Span | None:
        trace_id, span_id, _, flags, trace_state, valid = span.get_span_context()
        if valid:
            state = trace_state.to_header() if trace_state else ""
            self.inject(request, (SAMPLED if flags & 1 else UNSAMPLED) % (trace_id, span_id), state)
        return span if span.is_recording() else None

    def _recorded(self, span: Span, response: httpx.Response) -> httpx.Response:
        self.record_response(span, response)
        if response.is_closed:
            span.end()
        else:
            response.stream = _RecordedBody(self, span, response.stream)
        return response

    def _fail(self, span: Span, error: BaseException) -> None:
        self.record_error(span, error)
        span.end()

    def _recorded_url(self, url: httpx.URL) -> str:
        full = str(url)
        if "@" in full and url.userinfo:
            full = str(url.copy_with(username=REDACTED, password=REDACTED))
        full, _, _ = full.partition("#")
        before, question_mark, query = full.partition("?")
        return text(before + question_mark + self.redact_query(query) if query else full)

    def __enter__(self) -> Self:
        self._sync.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._sync.__exit__(exc_type, exc_value, traceback)

    async def __aenter__(self) -> Self:
        await self._async.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._async.__aexit__(exc_type, exc_value, traceback)

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()


class _RecordedBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a response: its span ends when the body has been read, has failed, or is closed."""

    def __init__(
        self, transport: TracingTransport, span: Span, stream: httpx.SyncByteStream | httpx.AsyncByteStream
    ) -> None:
        self._transport = transport
        self._span: Span | None = span
        self._sync = cast("httpx.SyncByteStream", stream)
        self._async = cast("httpx.AsyncByteStream", stream)

    def _end(self, error: BaseException | None = None) -> None:
        span, self._span = self._span, None
        if span is not None:
            if error is not None and not isinstance(error, GeneratorExit):
                self._transport.record_error(span, error)
            span.end()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._sync
        except BaseException as error:
            self._end(error)
            raise
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._async:
                yield part
        except BaseException as error:
            self._end(error)
            raise
        self._end()

    def close(self) -> None:
        try:
            self._sync.close()
        finally:
            self._end()

    async def aclose(self) -> None:
        try:
            await self._async.aclose()
        finally:
            self._end()


AsyncTracingTransport = TracingTransport
