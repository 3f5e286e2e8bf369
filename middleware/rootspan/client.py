"""A client span for every outgoing HTTP request, and a fresh trace context in it, whichever library sends it.

The span is a child of the current span, and the context that is sent carries that span's own ids, sampled or not. What is
sent is a copy of the caller's request, from which the trace context that it brought has been taken out. Where instrumentation
is suppressed (`opentelemetry.instrumentation.utils`), the request itself is sent, as it is, and nothing is recorded.

`rootspan.httpx` and `rootspan.httpx2` make the transports of the two libraries from the classes here.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from types import MethodType
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TracerProvider,
    TraceState,
)

from rootspan.call import Call, Duration, ResponseT, client_durations, error_type
from rootspan.client_attributes import RESENDS, Headers, Request, method_of, request_attributes, server_attributes
from rootspan.current import CURRENT, EXCLUDED_KEY, SPAN_KEY, UnsampledSpan, is_suppressed
from rootspan.hooks import Hook
from rootspan.inner_scope import W3C_HEADERS
from rootspan.methods import KNOWN_METHODS
from rootspan.propagation import OtherFormats, add_baggage, strip
from rootspan.redaction import SENSITIVE_PARAMETERS, QueryRedaction, text
from rootspan.server_attributes import Attributes
from rootspan.traceparent import SAMPLED, UNSAMPLED
from rootspan.tracers import prepare, start_child, start_root

RequestT = TypeVar("RequestT", bound=Request)
TransportT = TypeVar("TransportT")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_CLIENT = SpanKind.CLIENT


class ClientTracing(Generic[RequestT, ResponseT, TransportT]):
    """What the transports of all libraries share, whether they block or not.

    It is a template: a client of another protocol over HTTP overrides what its spans say (`span_name`, `request_attributes`,
    `record_response`, `record_error`), where the context goes (`inject`), and whose instrumentation it is (`scope_name`,
    `scope_version`). What an overridden method raises, or a function that is given, is logged and breaks no call.

    Args:
        transport: The transport that does the work. It is opened and closed with this one.
        tracer_provider: Any tracer provider.
        span_name: Names the span of a request. By default the method, or `HTTP` for one that is not known.
        exclude: Tells whether a request is to have no span. It carries the context of the current span, as not sampled, so that
            nothing that follows from it is recorded either. It is asked only about requests that may be recorded.
        sensitive_parameters: Ends of the names of query parameters whose values are not recorded.
        send_baggage: Whether a `baggage` header that the request brings is sent, and the current baggage with it.
        meter_provider: Where the durations of calls are measured, of those that are not sampled or excluded too; by default they
            are not.

    Raises:
        TypeError: An argument is of the wrong type, for instance an asynchronous transport of a synchronous client.
    """

    scope_name: ClassVar[str]
    scope_version: ClassVar[str] = version("rootspan")
    transport_type: ClassVar[type]
    """The base class of the transports that can be wrapped."""

    def __init__(
        self,
        transport: TransportT,
        *,
        tracer_provider: TracerProvider,
        span_name: Callable[[RequestT], str] | None = None,
        exclude: Callable[[RequestT], bool] | None = None,
        sensitive_parameters: Iterable[str] = SENSITIVE_PARAMETERS,
        send_baggage: bool = False,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        kind = self.transport_type
        _check("transport", transport, isinstance(transport, kind), f"an {kind.__module__}.{kind.__qualname__}")
        _check("tracer_provider", tracer_provider, hasattr(tracer_provider, "get_tracer"), "a TracerProvider")
        self._transport = transport
        self._tracer = tracer_provider.get_tracer(self.scope_name, self.scope_version)
        self._decision, ids = prepare(self._tracer)
        self._draw_root = ids.draw_root
        self._draw_span_id = ids.draw_span_id
        self._durations: Histogram | None = None
        if meter_provider is not None:
            _check("meter_provider", meter_provider, hasattr(meter_provider, "get_meter"), "a MeterProvider")
            self._durations = client_durations(meter_provider, self.scope_name, self.scope_version)
        self._redact = QueryRedaction(sensitive_parameters)
        self._send_baggage = send_baggage
        self._formats = OtherFormats()
        stripped = W3C_HEADERS | self._formats.headers
        self._stripped = stripped - {b"baggage"} if send_baggage else stripped
        self._name = _guarded(self.span_name, MethodType(ClientTracing.span_name, self), str)
        if span_name is not None:
            _check("span_name", span_name, callable(span_name), "a function")
            self._name = _guarded(span_name, self._name, str)
        self._excludes: Callable[[RequestT], bool] = _never
        if exclude is not None:
            _check("exclude", exclude, callable(exclude), "a function")
            self._excludes = _guarded(exclude, _never, bool)
        self._attributes = _guarded(
            self.request_attributes, MethodType(ClientTracing.request_attributes, self), Mapping
        )
        self._record_response = _guarded(self.record_response, MethodType(ClientTracing.record_response, self))
        self._record_error = _guarded(self.record_error, MethodType(ClientTracing.record_error, self))
        self._inject = _guarded(self.inject, MethodType(ClientTracing.inject, self))
        self._inject_others = Hook(self._formats.inject, _ignore)
        self._add_baggage = Hook(add_baggage, _ignore)

    def span_name(self, request: RequestT) -> str:
        """Name the span: the method, or `HTTP` for one that is not known."""
        return request.method if request.method in KNOWN_METHODS else "HTTP"

    def request_attributes(self, request: RequestT) -> Attributes:
        """Return the attributes known when the request starts: the stable semantic conventions for HTTP clients."""
        return request_attributes(request, self._redact)

    def record_response(self, span: Span, response: ResponseT) -> None:
        """Record the head of a response. A status of 400 or more is an error of the client's span."""
        status = response.status_code
        attributes: Attributes = {"http.response.status_code": status}
        if protocol := response.extensions.get("http_version"):
            attributes["network.protocol.version"] = text(protocol).removeprefix("HTTP/")
        if failure := error_type(status, None):
            attributes["error.type"] = failure
            span.set_status(Status(StatusCode.ERROR))
        span.set_attributes(attributes)

    def record_error(self, span: Span, error: BaseException) -> None:
        """Record that the request failed, or the reading of its response: the type of the error, not its message.

        What is not an `Exception` is the end of a call that was given up, and no error.
        """
        if failure := error_type(None, error):
            span.set_attribute("error.type", failure)
            span.set_status(Status(StatusCode.ERROR))

    def inject(self, request: RequestT, traceparent: str, tracestate: str) -> None:
        """Write the span's context into the request that is sent, whose own trace context has been taken out.

        `tracestate` is empty but in a trace that was continued for a caller who sent one.
        """
        request.headers["traceparent"] = traceparent
        if tracestate:
            request.headers["tracestate"] = tracestate

    def _begin(self, request: RequestT) -> tuple[RequestT, Call[ResponseT] | None]:
        """Return what is to be sent in the place of a request, with its trace context, and the call if it is recorded."""
        current = CURRENT.get()
        parent = current.get(SPAN_KEY)
        excluded = False
        if len(current) > (parent is not None):  # more than a span: it may be suppressed or excluded
            if is_suppressed(current):
                return request, None
            excluded = EXCLUDED_KEY in current
        sent = _copied(request)
        headers = sent.headers
        for name, _ in headers.raw:
            if name.lower() in self._stripped:
                strip(headers, self._stripped)
                break
        if self._send_baggage:
            self._add_baggage(headers, current)
        if (resends := request.extensions.get(RESENDS)) is not None:
            resends.sent += 1
        span = self._start(request, sent, current, parent, excluded)
        if self._durations is None:
            return sent, None if span is None else Call(span, None, self._record_response, self._record_error)
        attributes = server_attributes(request.url)
        attributes |= {"http.request.method": method_of(request), "url.scheme": text(request.url.scheme)}
        context = current if span is None else Context({SPAN_KEY: span})
        begin = getattr(span, "start_time", None) or time.time_ns()
        duration = Duration(self._durations, attributes, context, begin)
        return sent, Call(span, duration, self._record_response, self._record_error)

    def _start(self, request: RequestT, sent: RequestT, current: Context, parent: Any, excluded: bool) -> Span | None:
        """Start the span of a request if it is recorded, and write the context into what is sent, whether or not."""
        decision = self._decision
        state: TraceState | None
        if type(parent) is UnsampledSpan:
            upper, lower, span_id = parent.ids
            trace_id, flags, state = upper << 64 | lower, 0, None
        else:
            is_span = type(parent) is NonRecordingSpan or isinstance(parent, Span)
            context = parent.get_span_context() if is_span else INVALID_SPAN_CONTEXT
            trace_id, span_id, _, flags, state, valid = context
            if not valid:
                return self._start_root(request, sent, current, excluded)
        if excluded or (decision is not None and not decision.samples_child(trace_id, bool(flags & 1))):
            span_id = self._draw_span_id()
        elif not self._excludes(request):
            name, attributes = text(self._name(request)), self._attributes(request)
            span = start_child(
                self._tracer,
                decision,
                self._draw_span_id(),
                within=current,
                name=name,
                kind=_CLIENT,
                attributes=attributes,
            )
            return self._told(sent, span)
        self._tell(sent, trace_id, span_id, 0, state)
        return None

    def _start_root(self, request: RequestT, sent: RequestT, current: Context, excluded: bool) -> Span | None:
        ids = self._draw_root()
        decision = self._decision
        if excluded or (decision is not None and ids[1] >= decision.bound) or self._excludes(request):
            self._tell(sent, ids[0] << 64 | ids[1], ids[2], 0, None)
            return None
        name, attributes = text(self._name(request)), self._attributes(request)
        span = start_root(self._tracer, decision, ids, name=name, kind=_CLIENT, attributes=attributes, within=current)
        return self._told(sent, span)

    def _told(self, sent: RequestT, span: Span) -> Span | None:
        trace_id, span_id, _, flags, state, valid = span.get_span_context()
        if valid:
            self._tell(sent, trace_id, span_id, flags & 1, state)
        return span if span.is_recording() else None

    def _tell(self, sent: RequestT, trace_id: int, span_id: int, sampled: int, state: TraceState | None) -> None:
        traceparent = (SAMPLED if sampled else UNSAMPLED) % (trace_id, span_id)
        self._inject(sent, traceparent, state.to_header() if state else "")
        if self._formats.headers:
            span_context = SpanContext(trace_id, span_id, False, TraceFlags(sampled), state)
            self._inject_others(sent.headers, span_context)


def _copied(request: RequestT) -> RequestT:
    """Copy a request, with headers of its own; all else is shared. (`copy.copy` would leave the body behind.)"""
    sent = object.__new__(type(request))
    headers: Any = request.headers
    vars(sent).update(vars(request), headers=type(headers)(headers))
    return sent


def _guarded(
    function: Callable[Arguments, Result], default: Callable[Arguments, Result], returns: type = object
) -> Callable[Arguments, Result]:
    """Guard a user's function, or a method if a subclass overrides the default one."""
    return function if function == default else Hook(function, default, returns)


def _never(request: object) -> bool:
    return False


def _ignore(headers: Headers, context: object) -> None:
    pass


def _check(name: str, value: object, is_right: bool, expected: str) -> None:
    if not is_right:
        raise TypeError(f"{name} must be {expected}, not {value!r}")
