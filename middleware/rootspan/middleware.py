"""The server span for requests you do not trust.

Every request at a public endpoint gets a root span of its own. The span starts from an explicit empty `Context`: not from
the caller's headers, and not from a span that happens to be current where the server runs. What the caller sent reaches
no id, no sampler's decision, no baggage and no outgoing header, unless `continuation` says otherwise for this caller; and the
application sees this server's context in its place (`rootspan.inner_scope`).

A request that is not sampled costs three random numbers, one comparison, one context variable and one header; everything else,
the span's name and the reading of the scope included, is for the one that is recorded.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, ClassVar

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
    set_span_in_context,
)

from rootspan.continuation import Continuation, ContinuationOf, Scope
from rootspan.current import CURRENT, EXCLUDED_KEY, SPAN_KEY, UnsampledSpan, is_suppressed, unsampled_context
from rootspan.exchange import Exchange, Receive, Send, error_type_of
from rootspan.hooks import Hook
from rootspan.ids import LOWER_HALF
from rootspan.inner_scope import TRACEPARENT_ALONE, OuterTracer, caller_headers, without
from rootspan.lifespan import flushing
from rootspan.redaction import SENSITIVE_PARAMETERS, QueryRedaction, text
from rootspan.route import route_of
from rootspan.sampling import silence_excluded
from rootspan.server_attributes import Attributes, method_of, request_attributes
from rootspan.traceparent import header_of, remote_context, without_state
from rootspan.tracers import EMPTY, prepare, start_child, start_root

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
RecordResponse = Callable[[Span, int | None, BaseException | None], None]
SpanName = Callable[[Scope], str]
Exclude = Callable[[Scope], bool]

_ALWAYS = LOWER_HALF + 1
_SERVER = SpanKind.SERVER
_RESTART = Continuation.RESTART_WITHOUT_LINK
_CONTINUE = Continuation.CONTINUE
_UNSAMPLED = b"00-%016x%016x-%016x-00"


class TracingMiddleware:
    """ASGI middleware that makes one SERVER span for each HTTP request and each websocket connection.

    A subclass may say otherwise what a span records: `request_attributes` and `record_response` are to be overridden. What these
    methods or the functions below raise is logged once, and the default is used instead.

    Args:
        app: The ASGI application. Put this middleware outermost, so that what other middleware answers is traced too.
        tracer_provider: Any tracer provider. The samplers of the OpenTelemetry SDK are decided without being asked.
        span_name: Names the span of a request from its scope. It is called only when a request may be recorded. By default the
            method, and the route when the framework has matched one.
        exclude: Tells from the scope whether a request is not to be recorded, nor anything that happens in it, by any sampler.
            It is called only when a request may be recorded.
        continuation: What is done with a caller's trace context: a `Continuation`, or a function of the scope.
        sensitive_parameters: Query parameters whose values are not recorded; see `rootspan.redaction.SENSITIVE_PARAMETERS`.

    Raises:
        TypeError: An argument is of a wrong type.
    """

    ends_with_application: ClassVar[bool] = False
    """Whether the span ends when the application returns, rather than with the last part of the response."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer_provider: TracerProvider,
        span_name: SpanName | None = None,
        exclude: Exclude | None = None,
        continuation: Continuation | ContinuationOf = _RESTART,
        sensitive_parameters: Iterable[str] = SENSITIVE_PARAMETERS,
    ) -> None:
        _check(tracer_provider, span_name, exclude, continuation)
        self.app = app
        self._provider = tracer_provider
        self._redact = QueryRedaction(sensitive_parameters)
        named = None if span_name is None else Hook(span_name, method_of, str)
        self._span_name = method_of if named is None else lambda scope: text(named(scope))
        self._names_after_route = named is None
        self._exclude = None if exclude is None else Hook(exclude, lambda scope: False, bool)
        self._continuation = (
            continuation
            if isinstance(continuation, Continuation)
            else Hook(continuation, lambda scope: _RESTART, Continuation)
        )
        self._request_attributes = self._guarded_request_attributes()
        self._record_response = self._guarded_record_response()
        if exclude is not None:
            silence_excluded(tracer_provider)
        self._tracer = tracer_provider.get_tracer("rootspan", version("rootspan"))
        self._decision, ids = prepare(self._tracer)
        self._draw = ids.draw_root
        restarts = isinstance(continuation, Continuation) and continuation is not _CONTINUE
        self._bound = self._decision.bound if self._decision and restarts else _ALWAYS
        self._callers = caller_headers()
        self._outer = OuterTracer()

    def request_attributes(self, scope: Scope) -> Attributes:
        """Return the attributes known when a request starts. Override it for other conventions than OpenTelemetry's stable ones."""
        return request_attributes(scope, self._redact)

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        """Record how a request ended, just before its span does.

        Args:
            span: The server span, still recording.
            status: The status code of the response; None if there was none.
            error: What the application raised.
        """
        record_response(span, status, error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" and scope["type"] != "websocket":
            lasting = scope["type"] == "lifespan"
            await self.app(scope, receive, flushing(send, self._provider) if lasting else send)
            return
        outside = CURRENT.get()
        if outside:
            self._outer.check(scope, outside)
            if is_suppressed(outside):
                await self._run_suppressed(scope, receive, send)
                return
        exchange = None
        removed = self._callers
        ids = self._draw()
        if ids[1] >= self._bound:
            context = Context({SPAN_KEY: UnsampledSpan(ids)})
            traceparent = _UNSAMPLED % ids
        else:
            context, removed = self._start(scope, ids)
            span: Span = context[SPAN_KEY]  # type: ignore[assignment] # a Context holds objects
            traceparent = header_of(span.get_span_context())
            if span.is_recording():
                exchange = _RecordedExchange(self, span, scope, receive, send)
                receive, send = exchange.receive, exchange.send
        sent = scope.get("headers")
        try:
            headers = [pair for pair in sent if pair[0] not in removed]  # type: ignore[union-attr] # None is handled below
        except (TypeError, IndexError):
            headers = without(removed, sent)
        headers.append((b"traceparent", traceparent))
        scope["headers"] = headers
        token = CURRENT.set(context)
        try:
            await self.app(scope, receive, send)
        except BaseException as error:
            if exchange is not None:
                exchange.raised(error)
            raise
        finally:
            try:  # noqa: SIM105 - suppress() would cost as much as the rest
                CURRENT.reset(token)
            except ValueError:
                pass
            scope["headers"] = sent  # for middleware outside: the request as it came
            if exchange is not None:
                exchange.returned()

    async def _run_suppressed(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = scope.get("headers")
        scope["headers"] = without(self._callers, sent)
        try:
            await self.app(scope, receive, send)
        finally:
            scope["headers"] = sent

    def _guarded_request_attributes(self) -> Callable[[Scope], Attributes]:
        if type(self).request_attributes is TracingMiddleware.request_attributes:
            return self.request_attributes
        return Hook(self.request_attributes, lambda scope: request_attributes(scope, self._redact), Mapping)

    def _guarded_record_response(self) -> RecordResponse:
        if type(self).record_response is TracingMiddleware.record_response:
            return record_response
        return Hook(self.record_response, record_response)

    def _start(self, scope: Scope, ids: tuple[int, int, int]) -> tuple[Context, frozenset[bytes]]:
        """Return the context of a request that may be recorded, and the names of the headers to remove from its scope."""
        continuation = self._continuation
        policy = continuation if isinstance(continuation, Continuation) else continuation(scope)
        remote = None if policy is _RESTART else remote_context(scope.get("headers") or ())
        if policy is not _CONTINUE:
            return self._start_root(scope, ids, remote), self._callers
        if remote is None:
            return self._start_root(scope, ids, None), TRACEPARENT_ALONE
        return self._start_child(scope, ids, remote), TRACEPARENT_ALONE

    def _start_root(self, scope: Scope, ids: tuple[int, int, int], linked: SpanContext | None) -> Context:
        if self._decision is not None and ids[1] >= self._decision.bound:
            return Context({SPAN_KEY: UnsampledSpan(ids)})
        if self._exclude is not None and self._exclude(scope):
            return Context({SPAN_KEY: UnsampledSpan(ids), EXCLUDED_KEY: True})
        name = self._span_name(scope)
        attributes = self._request_attributes(scope)
        links = (Link(without_state(linked)),) if linked is not None else ()
        span = start_root(
            self._tracer, self._decision, ids, name=name, kind=_SERVER, attributes=attributes, links=links
        )
        if not span.is_recording() and not span.get_span_context().is_valid:
            span = UnsampledSpan(ids)  # the tracer is disabled, or records nothing at all
        return Context({SPAN_KEY: span})

    def _start_child(self, scope: Scope, ids: tuple[int, int, int], parent: SpanContext) -> Context:
        unsampled = NonRecordingSpan(unsampled_context(parent.trace_id, ids[2], parent.trace_state))
        decision = self._decision
        if decision is not None and not decision.samples_child(parent.trace_id, parent.trace_flags.sampled):
            return Context({SPAN_KEY: unsampled})
        if self._exclude is not None and self._exclude(scope):
            return Context({SPAN_KEY: unsampled, EXCLUDED_KEY: True})
        context = set_span_in_context(NonRecordingSpan(parent), EMPTY)
        attributes = self._request_attributes(scope)
        span = start_child(
            self._tracer,
            decision,
            ids[2],
            within=context,
            name=self._span_name(scope),
            kind=_SERVER,
            attributes=attributes,
        )
        return Context({SPAN_KEY: span})


def record_response(span: Span, status: int | None, error: BaseException | None) -> None:
    """Record the status of a response and its error, as the stable conventions ask; 500 and more is an error."""
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if (error_type := error_type_of(status, error)) is not None:
        span.set_attribute("error.type", error_type)
        span.set_status(Status(StatusCode.ERROR))


class _RecordedExchange(Exchange):
    """An exchange that ends its span."""

    def __init__(self, middleware: TracingMiddleware, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._waits = middleware.ends_with_application
        self._span = span
        self._record_response = middleware._record_response
        self._name = getattr(span, "name", None) if middleware._names_after_route else None
        self._root_path: str = scope.get("root_path") or ""

    def finish(self, status: int | None, error: BaseException | None, end_time: int | None) -> None:
        span = self._span
        self._record_response(span, status, error)
        is_default = self._name is not None and span.name is self._name  # type: ignore[attr-defined] # of a span with a name
        if (route := route_of(self.scope, self._root_path)) is not None:
            span.set_attribute("http.route", route)
        elif is_default and (attributes := getattr(span, "attributes", None)) is not None:
            if type(attributes) is MappingProxyType:  # the SDK's: to copy it costs less than to miss a key
                attributes = attributes.copy()
            route = attributes.get("http.route")  # an application may have set it
        if is_default and route is not None:
            span.update_name(f"{self._name} {route}")
        span.end(end_time)


def _check(
    tracer_provider: object, span_name: object, exclude: object, continuation: Continuation | ContinuationOf
) -> None:
    if not callable(getattr(tracer_provider, "get_tracer", None)):
        raise TypeError(f"tracer_provider must be a TracerProvider, not {type(tracer_provider).__qualname__}")
    for name, function in (("span_name", span_name), ("exclude", exclude)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function of the scope, not {type(function).__qualname__}")
    if not isinstance(continuation, Continuation) and not callable(continuation):
        raise TypeError(
            f"continuation must be a Continuation or a function of the scope, not {type(continuation).__qualname__}"
        )
