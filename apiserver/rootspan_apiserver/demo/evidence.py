"""The claims of the demo, checked against the spans that the collector received."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rootspan.spans import Span
from rootspan_apiserver.demo.story import FORGED_BAGGAGE, FORGED_STATE, StoryStep
from rootspan_apiserver.dialects.versions import DEFAULT

APISERVER = "apiserver"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, whether it holds, and the number of spans that were checked."""

    claim: str
    holds: bool
    counted: int


def trace_of(step: StoryStep, spans: Iterable[Span]) -> str | None:
    """Return the id of the trace in which the API server served the step, found by the audit id of the answer."""
    for span in spans:
        if span.kind == "SERVER" and span.attributes.get("audit-id") == step.audit_id:
            return span.trace_id
    return None


def examine(steps: Sequence[StoryStep], spans: Sequence[Span], webhooks: str) -> Iterator[Finding]:
    """Check the claims. `webhooks` is the service name of the webhooks."""
    forged = [part for step in steps for part in (step.forgery.trace_id, step.forgery.span_id)]
    forged += [*FORGED_STATE.split("="), *FORGED_BAGGAGE.split("=")]
    everything = "\n".join(map(repr, spans))
    yield Finding(
        "no forged id, tracestate or baggage is in any span received",
        bool(spans) and not any(part in everything for part in forged),
        len(spans),
    )

    own = [trace_of(step, spans) for step in steps]
    yield Finding("each request has a trace of its own", None not in own and len(set(own)) == len(own), len(own))

    served = [span for span in spans if span.kind == "SERVER" and span.trace_id in own and span.service == APISERVER]
    roots = [span for span in served if span.parent_id is None]
    yield Finding("its root is the API server's SERVER span", len(roots) == len(own), len(roots))

    by_id = {span.span_id: span for span in spans}
    called = [span for span in spans if span.service == webhooks and span.kind == "SERVER"]
    yield Finding("the webhooks' spans are children of its CLIENT spans", _continue(called, by_id), len(called))

    reentrant = [span for span in served if span.parent_id is not None]
    yield Finding("the server's calls to itself join the trace", _continue(reentrant, by_id), len(reentrant))

    callbacks = [
        span
        for span in spans
        if span.kind == "SERVER" and span.attributes.get(DEFAULT.server_span.user_agent_key) == webhooks
    ]
    alone = bool(callbacks) and all(span.parent_id is None for span in callbacks)
    yield Finding("a webhook that calls back starts a trace of its own", alone, len(callbacks))


def _continue(spans: Sequence[Span], by_id: dict[str, Span]) -> bool:
    parents = [by_id.get(span.parent_id or "") for span in spans]
    return bool(spans) and all(
        parent is not None
        and parent.kind == "CLIENT"
        and parent.trace_id == span.trace_id
        and parent.service == APISERVER
        for span, parent in zip(spans, parents, strict=True)
    )
