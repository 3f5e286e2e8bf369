"""Which trace ids are drawn, and which of them are sampled.

Almost every request is *not* sampled, so the decision comes first and costs next to nothing: three 64-bit numbers are
drawn (the two halves of a trace id, and a span id), and the lower half of the trace id is compared with a bound, as
`TraceIdRatioBased` compares it. Only a trace that is sampled is then started by the SDK, with the trace id drawn here,
so that its sampler comes to the same decision.

The numbers come from the operating system's generator, a block at a time. `random.getrandbits` costs as much, and it
can be predicted by anybody who is sent a few hundred of its numbers, as every server behind this one is; it also
repeats itself when an application calls `random.seed`. A block is thrown away in the child of a fork: two workers never
share an id.

The ids are random, but are not declared so: Go services built on opentelemetry-go before 1.42 (etcd up to 3.6.12 and
many admission webhooks) discard a `traceparent` with flags 03. They are sent 01 and 00.
"""

import os
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer as SDKTracer
from opentelemetry.sdk.trace import sampling
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, Span, SpanKind, Tracer, TraceState, get_current_span
from opentelemetry.util.types import Attributes

LOWER_HALF = (1 << 64) - 1

_EMPTY = Context()
_ROOT = struct.Struct("=QQQ")
_BLOCK = 256
_roots: list[tuple[int, int, int]] = []
_span_ids: list[int] = []


def draw_root() -> tuple[int, int, int]:
    """Draws the ids of a new trace: the upper and the lower 64 bits of its trace id, and the span id of its root."""
    try:
        return _roots.pop()
    except IndexError:
        drawn, *kept = ids_from(os.urandom(_ROOT.size * _BLOCK))
        _roots.extend(kept)
        return drawn


def draw_span_id() -> int:
    """Draws a span id: 64 random bits, never all zero."""
    try:
        return _span_ids.pop()
    except IndexError:
        drawn, *kept = (number or 1 for number in struct.unpack(f"={_BLOCK}Q", os.urandom(8 * _BLOCK)))
        _span_ids.extend(kept)
        return drawn


def ids_from(random_bytes: bytes) -> list[tuple[int, int, int]]:
    """Cuts random bytes, 24 for each trace, into ids of which none is all zero (which would make it invalid)."""
    return [(upper, lower or 1, span_id or 1) for upper, lower, span_id in _ROOT.iter_unpack(random_bytes)]


def _forget_drawn() -> None:
    _roots.clear()
    _span_ids.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_drawn)


class _Handed(threading.local):
    trace_id = 0


_handed = _Handed()


class RootIdGenerator(IdGenerator):
    """An id generator for an SDK `TracerProvider`: unpredictable, cheap, and not declared random (flags 01, not 03).

    With a `source`, another generator makes the ids, and this one only hands over what `start_root` was given.
    """

    def __init__(self, source: IdGenerator | None = None) -> None:
        self._source = source

    def generate_trace_id(self) -> int:
        if trace_id := _handed.trace_id:
            _handed.trace_id = 0
            return trace_id
        if self._source is not None:
            return self._source.generate_trace_id()
        upper, lower, _ = draw_root()
        return upper << 64 | lower

    def generate_span_id(self) -> int:
        return draw_span_id() if self._source is None else self._source.generate_span_id()

    def is_trace_id_random(self) -> bool:
        return False

    @property
    def draw_root(self) -> Callable[[], tuple[int, int, int]]:
        """What draws the ids of a new trace: `rootspan.sampling.draw_root`, or the source where there is one."""
        return draw_root if self._source is None else self._draw_from_source

    @property
    def draw_span_id(self) -> Callable[[], int]:
        """What draws a span id, likewise."""
        return draw_span_id if self._source is None else self._source.generate_span_id

    def _draw_from_source(self) -> tuple[int, int, int]:
        trace_id = self.generate_trace_id()
        return trace_id >> 64, trace_id & LOWER_HALF, self.generate_span_id()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sampler that is known decides, without asking it.

    `bound`: a root is sampled when the lower 64 bits of its trace id are less than this.
    `follows_parent`: a child is sampled when its parent is; else when its trace id says so.
    """

    bound: int
    follows_parent: bool

    def samples_root(self, trace_id: int) -> bool:
        return trace_id & LOWER_HALF < self.bound

    def samples_child(self, trace_id: int, parent_sampled: bool) -> bool:
        return parent_sampled if self.follows_parent else trace_id & LOWER_HALF < self.bound


def decision_of(sampler: Sampler) -> Decision | None:
    """Tells the decision of the SDK's own samplers: on, off, by ratio, and parent-based over one of these.

    None for any other sampler, and for one that is parent-based and decides otherwise than its parent: such a sampler
    has to be asked, for every span, with the attributes that it may read.
    """
    if sampler is ALWAYS_ON:
        return Decision(LOWER_HALF + 1, follows_parent=False)
    if sampler is ALWAYS_OFF:
        return Decision(0, follows_parent=False)
    if type(sampler) is TraceIdRatioBased:
        return Decision(sampler.bound, follows_parent=False)
    if type(sampler) in (ParentBased, ParentBasedTraceIdRatio):
        return _decision_of_parent_based(sampler)
    return None


def _decision_of_parent_based(sampler: Sampler) -> Decision | None:
    root = vars(sampler).get("_root")
    if not isinstance(root, Sampler) or vars(sampler) != vars(ParentBased(root)):
        return None
    decision = decision_of(root)
    return None if decision is None else Decision(decision.bound, follows_parent=True)


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
        if parent_context is _EMPTY:
            return _Sampled(attributes, None)
        return _Sampled(attributes, get_current_span(parent_context).get_span_context().trace_state)

    def get_description(self) -> str:
        return "Decided"


_DECIDED = _Decided()


def prepare(tracer: Tracer) -> tuple[Tracer, Decision | None, RootIdGenerator]:
    """Makes of a tracer one that can be handed trace ids, and tells what its sampler decides.

    Returns:
        A copy of an SDK tracer, with a `RootIdGenerator` over its own id generator; if the decision is known, it samples
        whatever it is asked to start, since it is asked no more than that. The decision, which is None for a sampler that
        `decision_of` does not know, and for a tracer that is not the SDK's, which is returned as it is. And what draws the
        ids of the tracer's spans.
    """
    if not isinstance(tracer, SDKTracer):
        return tracer, None, RootIdGenerator()
    decision = decision_of(tracer.sampler)
    ids = tracer.id_generator
    if not isinstance(ids, RootIdGenerator):
        ids = RootIdGenerator(None if type(ids) is RandomIdGenerator else ids)
    prepared = object.__new__(type(tracer))
    for name, value in vars(tracer).items():  # copy() would leave a tracer whose attributes are slower to read
        setattr(prepared, name, value)
    prepared.id_generator = ids
    if decision is not None:
        prepared.sampler = _DECIDED
    return prepared, decision, ids


def start_root(
    tracer: Tracer, trace_id: int, name: str, kind: SpanKind, attributes: Attributes, links: Sequence[Link] = ()
) -> Span:
    """Starts the root span of the trace `trace_id`, on a tracer that `prepare` has made ready."""
    _handed.trace_id = trace_id
    try:
        return tracer.start_span(name, _EMPTY, kind, attributes, links)
    finally:
        _handed.trace_id = 0
