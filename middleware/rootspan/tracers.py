"""An SDK tracer that starts the root of a trace whose id has been drawn already.

The middleware and the clients draw the id of a trace first, decide by it, and then have the SDK start the span with that id,
so that its sampler comes to the same decision. The SDK has no public way for it. A copy of its tracer gets an id generator
that passes a preset trace id on, and a sampler that samples whatever it is asked about.

This relies on private parts of the SDK, which are known up to the version `NEWEST_SDK`. With a newer one, or where a part is not
there, the tracer is used as it is: every span is asked of its sampler, which is slower and records the same.
"""

import logging
import os
import weakref
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer as SDKTracer
from opentelemetry.sdk.trace import sampling
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import Link, Span, SpanKind, Tracer, TraceState, get_current_span
from opentelemetry.util.types import Attributes

from rootspan.ids import PRESET, RootIdGenerator
from rootspan.sampling import Decision, decision_of

NEWEST_SDK = (1, 45)
"""The newest version of opentelemetry-sdk whose private parts are known."""

EMPTY = Context()
"""The context of a root span. It is known by its identity, which spares a look for a parent in it."""

_COPIED = ("sampler", "resource", "span_processor", "id_generator", "_is_enabled")
_logger = logging.getLogger(__name__)


class _Sampled(SamplingResult):
    attributes: Any

    def __init__(self, attributes: Attributes, trace_state: TraceState | None) -> None:
        self.decision = sampling.Decision.RECORD_AND_SAMPLE
        self.attributes = attributes or {}
        self.trace_state = trace_state


class _Decided(Sampler):
    """The sampler of a tracer that is asked only for what is sampled: `ALWAYS_ON` without a second look at a root."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if parent_context is EMPTY:
            return _Sampled(attributes, None)
        return _Sampled(attributes, get_current_span(parent_context).get_span_context().trace_state)

    def get_description(self) -> str:
        return "Decided"


_DECIDED = _Decided()


def prepare(tracer: Tracer) -> tuple[Tracer, Decision | None, RootIdGenerator]:
    """Return a copy of the tracer that accepts a preset trace id, with the decision of its sampler.

    Returns:
        The copy, with a `RootIdGenerator` over the tracer's own id generator; if the decision is known, it samples whatever it is
        asked to start. The decision, which is None for a sampler that `decision_of` does not know, and for a tracer that is
        not the SDK's or not of a known version: that one is returned as it is. And the generator of the tracer's ids.
    """
    if not isinstance(tracer, SDKTracer) or not is_known_sdk(version("opentelemetry-sdk")):
        return tracer, None, RootIdGenerator()
    if not all(hasattr(tracer, name) for name in _COPIED):
        return tracer, None, RootIdGenerator()
    decision = decision_of(tracer.sampler)
    ids = tracer.id_generator
    if not isinstance(ids, RootIdGenerator):
        ids = RootIdGenerator(None if type(ids) is RandomIdGenerator else ids)
    prepared: Any = object.__new__(type(tracer))
    for name, value in vars(tracer).items():  # copy() would leave a tracer whose attributes are slower to read
        setattr(prepared, name, value)
    prepared.id_generator = ids
    if decision is not None:
        prepared.sampler = _DECIDED
    prepared._is_enabled = tracer._is_enabled  # a configurator enables and disables the original
    _follow_forks(tracer, prepared)
    return prepared, decision, ids


@cache
def is_known_sdk(installed: str) -> bool:
    """Tell whether the private parts of this version of the SDK are known; log once for a version that is newer."""
    major, minor = (int(part) for part in installed.split(".")[:2])
    known = (major, minor) <= NEWEST_SDK
    if not known:
        _logger.warning(
            "opentelemetry-sdk %s is newer than %d.%d: unsampled requests cost more until rootspan is updated",
            installed,
            *NEWEST_SDK,
        )
    return known


def _follow_forks(tracer: SDKTracer, prepared: SDKTracer) -> None:
    """In the child of a fork the provider gives its tracers a resource of the new process; pass it on to the copy."""
    original, copied = weakref.ref(tracer), weakref.ref(prepared)

    def after_in_child() -> None:
        source, target = original(), copied()
        if source is not None and target is not None:
            target.resource = source.resource

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=after_in_child)


def start_root(
    tracer: Tracer, trace_id: int, name: str, kind: SpanKind, attributes: Attributes, links: Sequence[Link] = ()
) -> Span:
    """Start the root span of the trace `trace_id`, on a tracer that `prepare` returned with a decision."""
    PRESET.trace_id = trace_id
    try:
        return tracer.start_span(name, EMPTY, kind, attributes, links)
    finally:
        PRESET.trace_id = 0
