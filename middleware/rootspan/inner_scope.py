"""What the application inside sees of the caller's trace context: this server's own context in its place.

An application may trace by itself: FastAPI does where a global tracer provider is set, and so do Starlette's middleware, plug-ins and any
code that extracts a context from the headers. It would adopt the caller's context, whatever span is current. So the headers of
the scope carry the context of this request's own span, the sampled flag included, and tracers inside join this trace and keep
its decision. A caller's `tracestate` and `baggage` are kept only where its trace is continued. Headers that the global
propagator reads in other formats (such as `b3`) are removed as well; they cannot be replaced, which is logged once.

Where another tracer runs *outside*, it has read the headers already. It is found out by its span, which is logged once.
"""

import logging
from typing import Any

from opentelemetry.context import Context
from opentelemetry.propagate import get_global_textmap
from opentelemetry.trace import Span, get_current_span

from rootspan.continuation import Scope
from rootspan.traceparent import remote_context

_logger = logging.getLogger(__name__)

W3C_HEADERS = frozenset({b"traceparent", b"tracestate", b"baggage"})
TRACEPARENT_ALONE = frozenset({b"traceparent"})


def caller_headers() -> frozenset[bytes]:
    """Return the names of the headers in which a caller may send a context: W3C's and the global propagator's."""
    fields = frozenset(name.lower().encode("latin-1") for name in get_global_textmap().fields)
    if others := fields - W3C_HEADERS:
        names = ", ".join(sorted(name.decode("latin-1") for name in others))
        _logger.warning(
            "the global propagator reads %s: these headers are removed for the application, so that a tracer inside "
            "TracingMiddleware that reads them alone starts a trace of its own",
            names,
        )
    return W3C_HEADERS | fields


def without(names: frozenset[bytes], headers: Any) -> list[tuple[bytes, bytes]]:
    """Return a header list without these names, and without what is not a pair of bytes, as a server or a test may leave it."""
    listed = headers if isinstance(headers, (list, tuple)) else ()
    pairs = [tuple(pair) for pair in listed if isinstance(pair, (list, tuple)) and len(pair) == 2]
    return [
        (name, value)
        for name, value in pairs
        if isinstance(name, bytes) and isinstance(value, bytes) and name.lower() not in names
    ]


class OuterTracer:
    """Notices a tracer that runs outside of `TracingMiddleware` and has adopted the context of a caller."""

    def __init__(self) -> None:
        self._reported = False

    def check(self, scope: Scope, current: Context) -> None:
        """Log a warning, once, if the current span belongs to the trace that the caller names."""
        if self._reported:
            return
        span: Span = get_current_span(current)
        caller = remote_context(scope.get("headers") or ())
        if caller is not None and caller.trace_id == span.get_span_context().trace_id:
            self._reported = True
            _logger.warning(
                "another tracer runs outside of TracingMiddleware and has adopted a caller's trace context: "
                "put TracingMiddleware outermost, or switch the other off (FastAPI: telemetry={'tracing': False})"
            )
