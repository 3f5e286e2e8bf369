"""The current span, set and read at the least cost.

OpenTelemetry keeps its current `Context` in one context variable. `attach` returns that variable's own token, which names
the variable; so it is found here once, and set and reset without a further call. A reset that runs in another context
(a coroutine closed by somebody else) finds nothing of ours to undo there.
"""

from contextvars import ContextVar

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)


def _context_variable() -> ContextVar[Context]:
    token = attach(get_current())
    detach(token)
    return token.var


CURRENT = _context_variable()
(SPAN_KEY,) = set_span_in_context(INVALID_SPAN, Context())


class UnsampledSpan(NonRecordingSpan):
    """The span of a request that is not sampled: ids, and nothing else. Its `SpanContext` is made when it is asked for."""

    def __init__(self, ids: tuple[int, int, int]) -> None:
        self.ids = ids

    @property
    def trace_id(self) -> int:
        upper, lower, _ = self.ids
        return upper << 64 | lower

    def get_span_context(self) -> SpanContext:
        try:
            return self._context
        except AttributeError:
            self._context = unsampled_context(self.trace_id, self.ids[2])
            return self._context

    def __repr__(self) -> str:
        return f"UnsampledSpan({self.get_span_context()!r})"


def unsampled_context(trace_id: int, span_id: int, trace_state: TraceState | None = None) -> SpanContext:
    return SpanContext(trace_id, span_id, False, TraceFlags(TraceFlags.DEFAULT), trace_state)
