"""Group spans into traces, and render a trace as a tree for a terminal."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from rootspan.spans import Span
from rootspan.testing import tree


def traces(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Return the spans by trace id, traces and spans in the order of their start."""
    by_id: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start):
        by_id[span.trace_id].append(span)
    return dict(by_id)


def is_whole(trace: Collection[Span]) -> bool:
    """Return whether a trace has a root and the parent of every span."""
    known = {span.span_id for span in trace} | {None}
    return any(span.parent_id is None for span in trace) and all(span.parent_id in known for span in trace)


def render_trace(trace: Iterable[Span]) -> str:
    """Render one trace as a tree with durations. Control characters in names are escaped."""
    return tree(map(_printable, trace), durations=True)


def _printable(span: Span) -> Span:
    return replace(
        span,
        name=_escaped(span.name),
        service=_escaped(span.service),
        status_message=_escaped(span.status_message),
    )


def _escaped(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
