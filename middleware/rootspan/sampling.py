"""Which traces are sampled, decided without asking the SDK's sampler.

Almost every request is *not* sampled, so the decision comes first and costs next to nothing: the lower half of a trace id
is compared with a bound, as `TraceIdRatioBased` compares it. Only a trace that is sampled is then started by the SDK.

A request may also be excluded from tracing. What its application traces is then a child of a span that does not exist, and a
sampler that does not follow the parent would record it. `ExcludingSampler` drops it, whichever sampler it stands before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider as SDKTracerProvider
from opentelemetry.sdk.trace import sampling
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TracerProvider, TraceState, get_current_span
from opentelemetry.util.types import Attributes

from rootspan.current import CURRENT, EXCLUDED_KEY
from rootspan.ids import LOWER_HALF


@dataclass(frozen=True, slots=True)
class Decision:
    """What a known sampler decides, without being asked.

    Attributes:
        bound: A root is sampled when the lower 64 bits of its trace id are less than this.
        follows_parent: A child is sampled when its parent is; else when its trace id says so.
    """

    bound: int
    follows_parent: bool

    def samples_child(self, trace_id: int, parent_sampled: bool) -> bool:
        return parent_sampled if self.follows_parent else trace_id & LOWER_HALF < self.bound


def decision_of(sampler: Sampler) -> Decision | None:
    """Return the decision of the SDK's own samplers: on, off, by ratio, and parent-based over one of these.

    None for any other sampler, and for one that is parent-based and decides otherwise than its parent: such a sampler
    has to be asked, for every span, with the attributes that it may read.
    """
    if isinstance(sampler, ExcludingSampler):
        return decision_of(sampler.sampler)
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


class ExcludingSampler(Sampler):
    """Drops every span that starts inside an excluded request, and asks `sampler` about all others."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

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
        # The current context counts too: a tracer that extracts headers starts its span from a context of its own.
        if EXCLUDED_KEY in CURRENT.get() or (parent_context is not None and EXCLUDED_KEY in parent_context):
            parent = get_current_span(parent_context).get_span_context()
            return SamplingResult(sampling.Decision.DROP, None, parent.trace_state)
        return self.sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return self.sampler.get_description()


def silence_excluded(provider: TracerProvider) -> None:
    """Put an `ExcludingSampler` before the sampler of an SDK provider, and of the tracers that it has made already.

    Nothing is changed where the sampler follows the parent in any case. Other providers are left as they are.
    """
    if not isinstance(provider, SDKTracerProvider) or isinstance(provider.sampler, ExcludingSampler):
        return
    decision = decision_of(provider.sampler)
    if decision is not None and decision.follows_parent:
        return
    provider.sampler = ExcludingSampler(provider.sampler)
    made = getattr(provider, "_tracers", None)
    for tracer in list(made.values()) if isinstance(made, dict) else ():
        tracer.sampler = provider.sampler
