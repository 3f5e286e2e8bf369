"""Whose trace a request belongs to: what is done with the trace context that a caller sends.

The three answers are named as OpenTelemetry's proposal for a trace-continuation decider names them
(open-telemetry/opentelemetry-specification#5055).
"""

import enum
from collections.abc import Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]


class Continuation(enum.Enum):
    """What is done with a caller's `traceparent`. Its `baggage` is never used."""

    RESTART_WITHOUT_LINK = "restart without link"
    """The request starts a trace of its own; nothing of the caller's context is kept. For callers you do not know."""

    RESTART_WITH_LINK = "restart with link"
    """The request starts a trace of its own, and its span links to the caller's span (ids only, no `tracestate`)."""

    CONTINUE = "continue"
    """The request joins the caller's trace, and the caller's sampling decision holds as the sampler says. For callers
    whom you have authenticated."""


ContinuationOf = Callable[[Scope], Continuation]
