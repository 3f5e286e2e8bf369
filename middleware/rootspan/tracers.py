"""Spans of an SDK tracer with ids that were drawn before.

The middleware and the clients draw the id of a trace first and decide by it, so that an unsampled request costs next to
nothing. The SDK has no public way to start a span with a given trace id: its own span class is called here with what its
tracer would give it. A sampler that is not known is asked, as the tracer asks it. No trace is marked as random (see `rootspan.ids`).

This relies on private parts of the SDK, which are known up to the version `NEWEST_SDK`. With a newer one, where a part is not
there, and for tracers of another make, every span is started by the tracer: slower, with the same spans.
"""

import logging
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk import trace as sdk
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision as SamplingDecision
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    get_current_span,
)
from opentelemetry.util.types import Attributes

from rootspan.ids import RootIdGenerator
from rootspan.sampling import Decision, decision_of

NEWEST_SDK = (1, 45)
"""The newest version of opentelemetry-sdk whose private parts are known."""

EMPTY = Context()
"""The context of a root span."""

_PARTS = (
    *("resource", "span_processor", "id_generator", "instrumentation_info"),
    *("_span_limits", "_instrumentation_scope", "_tracer_metrics", "_is_enabled"),
)
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_RECORD = SamplingDecision.RECORD_AND_SAMPLE
_logger = logging.getLogger(__name__)


def prepare(tracer: Tracer) -> tuple[Decision | None, RootIdGenerator]:
    """Return the decision of a tracer's sampler, and what draws the ids of the tracer's spans.

    The decision is None for a sampler that `decision_of` does not know, for a tracer that is not the SDK's, and for an SDK whose
    private parts are not known.
    """
    if not isinstance(tracer, sdk.Tracer):
        return None, RootIdGenerator()
    ids = tracer.id_generator
    if not isinstance(ids, RootIdGenerator):
        ids = RootIdGenerator(None if type(ids) is RandomIdGenerator else ids)
    return (decision_of(tracer.sampler) if _is_known(tracer) else None), ids


def start_root(
    tracer: Tracer,
    decision: Decision | None,
    ids: tuple[int, int, int],
    *,
    name: str,
    kind: SpanKind,
    attributes: Attributes,
    links: Sequence[Link] = (),
    within: Context = EMPTY,
) -> Span:
    """Start the root of a trace; with a decision, one that is sampled.

    Args:
        ids: The upper and lower 64 bits of the trace id, and the span id. A tracer of another make draws its own.
        within: A context without a valid span, which samplers and span processors are given.

    Returns:
        The span; an invalid one of a tracer that a configurator has disabled, or that records nothing.
    """
    if decision is None and not _is_known(tracer):
        return tracer.start_span(name, within, kind, attributes, links)
    context = SpanContext(ids[0] << 64 | ids[1], ids[2], False, _SAMPLED)
    return _start(
        tracer,
        decision,
        context,
        None,
        within=within,
        name=name,
        kind=kind,
        attributes=attributes,
        links=links,
    )


def start_child(
    tracer: Tracer,
    decision: Decision | None,
    span_id: int,
    *,
    within: Context,
    name: str,
    kind: SpanKind,
    attributes: Attributes,
) -> Span:
    """Start a span below the valid span of the context `within`; with a decision, one that is sampled."""
    if decision is None and not _is_known(tracer):
        return tracer.start_span(name, within, kind, attributes)
    parent = get_current_span(within).get_span_context()
    context = SpanContext(parent.trace_id, span_id, False, _SAMPLED, parent.trace_state)
    return _start(
        tracer,
        decision,
        context,
        parent,
        within=within,
        name=name,
        kind=kind,
        attributes=attributes,
        links=(),
    )


def _start(
    tracer: Any,
    decision: Decision | None,
    context: SpanContext,
    parent: SpanContext | None,
    *,
    within: Context,
    name: str,
    kind: SpanKind,
    attributes: Attributes,
    links: Sequence[Link],
) -> Span:
    if not tracer._is_enabled():
        return INVALID_SPAN if parent is None else NonRecordingSpan(parent)
    decided = _RECORD
    if decision is None:
        asked = tracer.sampler.should_sample(within, context.trace_id, name, kind, attributes, links)
        decided, attributes = asked.decision, asked.attributes
        flags = _SAMPLED if decided.is_sampled() else TraceFlags.get_default()
        context = SpanContext(context.trace_id, context.span_id, False, flags, asked.trace_state)
    record_end = tracer._tracer_metrics.start_span(parent, decided)
    if decided is SamplingDecision.DROP:
        return NonRecordingSpan(context)
    span = sdk._Span(
        name,
        context,
        parent,
        tracer.sampler,
        None,
        tracer.resource,
        attributes,
        None,
        links,
        kind,
        tracer.span_processor,
        tracer.instrumentation_info,
        limits=tracer._span_limits,
        instrumentation_scope=tracer._instrumentation_scope,
        record_end_metrics=record_end,
    )
    span.start(None, within)
    return span


def _is_known(tracer: Tracer) -> bool:
    return isinstance(tracer, sdk.Tracer) and is_known_sdk(version_of_sdk()) and has_known_parts(tracer)


@cache
def version_of_sdk() -> str:
    """Return the version of the SDK that is installed."""
    return version("opentelemetry-sdk")


@cache
def is_known_sdk(installed: str) -> bool:
    """Tell whether the private parts of this version of the SDK are known; log once for a version that is newer."""
    major, minor = (int(part) for part in installed.split(".")[:2])
    known = (major, minor) <= NEWEST_SDK
    if not known:
        _logger.warning(
            "opentelemetry-sdk %s is newer than %d.%d: requests cost more until rootspan is updated",
            installed,
            *NEWEST_SDK,
        )
    return known


def has_known_parts(tracer: sdk.Tracer) -> bool:
    """Tell whether the SDK has the private parts that are used here."""
    return hasattr(sdk, "_Span") and all(hasattr(tracer, part) for part in _PARTS)
