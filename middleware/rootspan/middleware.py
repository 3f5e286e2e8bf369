"""The server span for requests you do not trust.

Every request at a public endpoint gets a root span of its own. The span starts from an explicit empty `Context`: not from
the caller's headers, and not from a span that happens to be current where the server runs. What the caller sent reaches
no id, no sampler's decision, no baggage and no outgoing header, unless `continuation` says otherwise for this caller.

A request that is not sampled costs three random numbers, one comparison and one context variable; everything else, the
span's name and the reading of the scope included, is for the one that is recorded.
"""

from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import version
from typing import Any

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
from rootspan.current import CURRENT, SPAN_KEY, UnsampledSpan, unsampled_context
from rootspan.exchange import Exchange, Receive, Send, type_name
from rootspan.ids import LOWER_HALF
from rootspan.redaction import SENSITIVE_PARAMETERS, QueryRedaction, text
from rootspan.server_attributes import Attributes, method_of, request_attributes
from rootspan.traceparent import remote_context, without_state
from rootspan.tracers import EMPTY, prepare, start_root

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
SpanName = Callable[[Scope], str | None]

_ALWAYS = LOWER_HALF + 1
_SERVER = SpanKind.SERVER
_RESTART = Continuation.RESTART_WITHOUT_LINK
_CONTINUE = Continuation.CONTINUE


class TracingMiddleware:
    """ASGI middleware that makes one SERVER span for each HTTP request and each websocket connection.

    A subclass may say otherwise what a span records: `request_attributes` and `record_response` are to be overridden.

    Args:
        app: The ASGI application. Put this middleware outermost, so that what other middleware answers is traced too.
        tracer_provider: Any tracer provider. The samplers of the OpenTelemetry SDK are decided without being asked.
        span_name: Names the span of a request from its scope, and None means that the request is not recorded. It is asked
            only when a request may be recorded. By default the method, and the route when the framework has matched one.
        continuation: What is done with a caller's trace context: a `Continuation`, or a function of the scope.
        sensitive_parameters: Ends of the names of query parameters whose values are not recorded.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer_provider: TracerProvider,
        span_name: SpanName | None = None,
        continuation: Continuation | ContinuationOf = _RESTART,
        sensitive_parameters: Iterable[str] = SENSITIVE_PARAMETERS,
    ) -> None:
        self.app = app
        self._span_name = span_name
        self._continuation = continuation
        self._redact = QueryRedaction(sensitive_parameters)
        self._tracer, self._decision, ids = prepare(tracer_provider.get_tracer("rootspan", version("rootspan")))
        self._draw = ids.draw_root
        restarts = isinstance(continuation, Continuation) and continuation is not _CONTINUE
        self._bound = self._decision.bound if self._decision and restarts else _ALWAYS

    def request_attributes(self, scope: Scope) -> Attributes:
        """The attributes known when a request starts. Override it for other conventions than OpenTelemetry's stable ones."""
        return request_attributes(scope, self._redact)

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        """Records how a request ended, just before its span does.

        Args:
            status: The status code of the response; None if there was none.
            error: What the application raised.
        """
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if error is not None or (status is not None and status >= 500):
            span.set_attribute("error.type", str(status) if error is None else type_name(error))
            span.set_status(Status(StatusCode.ERROR))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" and scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        exchange = None
        ids = self._draw()
        span: Span
        if ids[1] >= self._bound:
            span = UnsampledSpan(ids)
        else:
            span = self._start(scope, ids)
            if span.is_recording():
                exchange = Exchange(span, scope, receive, send, self._span_name is None, self.record_response)
                receive, send = exchange.receive, exchange.send
        token = CURRENT.set(Context({SPAN_KEY: span}))
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
            if exchange is not None:
                exchange.returned()

    def _start(self, scope: Scope, ids: tuple[int, int, int]) -> Span:
        policy = self._continuation if isinstance(self._continuation, Continuation) else self._continuation(scope)
        remote = None if policy is _RESTART else remote_context(scope.get("headers") or ())
        if remote is not None and policy is _CONTINUE:
            return self._start_child(scope, remote, ids[2])
        if self._decision is not None and ids[1] >= self._decision.bound:
            return UnsampledSpan(ids)
        name = method_of(scope) if self._span_name is None else _bounded(self._span_name(scope))
        if name is None:
            return UnsampledSpan(ids)
        attributes = self.request_attributes(scope)
        links = (Link(without_state(remote)),) if remote is not None else ()
        if self._decision is None:
            return self._tracer.start_span(name, EMPTY, _SERVER, attributes, links)
        return start_root(self._tracer, ids[0] << 64 | ids[1], name, _SERVER, attributes, links)

    def _start_child(self, scope: Scope, parent: SpanContext, span_id: int) -> Span:
        unsampled = NonRecordingSpan(unsampled_context(parent.trace_id, span_id, parent.trace_state))
        decision = self._decision
        if decision is not None and not decision.samples_child(parent.trace_id, parent.trace_flags.sampled):
            return unsampled
        name = method_of(scope) if self._span_name is None else _bounded(self._span_name(scope))
        if name is None:
            return unsampled
        context = set_span_in_context(NonRecordingSpan(parent), EMPTY)
        return self._tracer.start_span(name, context, _SERVER, self.request_attributes(scope))


def _bounded(name: str | None) -> str | None:
    return None if name is None else text(name)
