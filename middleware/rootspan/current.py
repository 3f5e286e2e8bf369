"""The current context and its span, set and read at the least cost.

OpenTelemetry keeps its current `Context` in one context variable. `attach` returns that variable's own token, which names
the variable; so it is found here once, and set and reset without a further call. A reset that runs in another context
(a coroutine closed by somebody else) finds nothing of ours to undo there. Where `OTEL_PYTHON_CONTEXT` names an implementation
of another kind, the public functions do the same at their own cost.
"""

from contextvars import ContextVar, Token
from typing import Any, Protocol

from opentelemetry.context import (
    _SUPPRESS_HTTP_INSTRUMENTATION_KEY,
    _SUPPRESS_INSTRUMENTATION_KEY,
    Context,
    attach,
    detach,
    get_current,
)
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    set_span_in_context,
)


class CurrentContext(Protocol):
    """The part of a `ContextVar` that is used here."""

    def get(self) -> Context: ...

    def set(self, value: Context, /) -> Token[Context]: ...

    def reset(self, token: Token[Context], /) -> None: ...


class AttachedContext:
    """The current context through OpenTelemetry's public functions."""

    def get(self) -> Context:
        return get_current()

    def set(self, value: Context, /) -> Token[Context]:
        return attach(value)

    def reset(self, token: Token[Context], /) -> None:
        detach(token)


def current_context() -> CurrentContext:
    """Find the context variable of OpenTelemetry, or what can do the same."""
    token: Any = attach(get_current())
    detach(token)
    variable = getattr(token, "var", None)
    return variable if isinstance(variable, ContextVar) else AttachedContext()


CURRENT = current_context()
(SPAN_KEY,) = set_span_in_context(INVALID_SPAN, Context())
EXCLUDED_KEY = "rootspan.excluded"
"""Present in the context of a request that is excluded from tracing: no span is recorded under it, by any sampler."""

_SUPPRESSIONS = (_SUPPRESS_INSTRUMENTATION_KEY, _SUPPRESS_HTTP_INSTRUMENTATION_KEY, "suppress_instrumentation")


def is_suppressed(context: Context) -> bool:
    """Tell whether instrumentation was suppressed, as `opentelemetry.instrumentation.utils` does it."""
    return any(context.get(key) for key in _SUPPRESSIONS)


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
    """Return the context of a span that is not sampled."""
    return SpanContext(trace_id, span_id, False, TraceFlags(TraceFlags.DEFAULT), trace_state)
