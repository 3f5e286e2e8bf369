"""Traces as trees on a terminal: each span with its kind, its service and how long it took."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rootspan.spans import Span


def traces(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """The spans by trace id, traces and spans each in order of their start."""
    by_id: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start):
        by_id[span.trace_id].append(span)
    return dict(by_id)


def is_whole(trace: Iterable[Span]) -> bool:
    """Whether a trace has its root and the parent of every span."""
    spans = list(trace)
    known = {span.span_id for span in spans}
    return any(span.parent_id is None for span in spans) and all(
        span.parent_id is None or span.parent_id in known for span in spans
    )


def render_trace(trace: Sequence[Span]) -> str:
    """One trace as indented lines, children under their parents. A span whose parent is missing stands on its own."""
    known = {span.span_id for span in trace}
    children: dict[str | None, list[Span]] = defaultdict(list)
    for span in sorted(trace, key=lambda span: span.start):
        children[span.parent_id if span.parent_id in known else None].append(span)
    return "\n".join(line for root in children[None] for line in _render(root, "", "", children))


def _render(span: Span, bullet: str, indent: str, children: dict[str | None, list[Span]]) -> Iterator[str]:
    status = f" {_printable(f'{span.status} {span.status_message}'.rstrip())}" if span.status == "ERROR" else ""
    orphan = f" (parent {span.parent_id} not received)" if span.parent_id and not bullet else ""
    name, service = _printable(span.name), _printable(span.service)
    yield f"{indent}{bullet}{name} {span.kind} {service} {span.duration / 1_000_000:.2f}ms{status}{orphan}"
    below = children.pop(span.span_id, [])
    indent += {"": "", "├─ ": "│  ", "└─ ": "   "}[bullet]
    for child in below:
        yield from _render(child, "└─ " if child is below[-1] else "├─ ", indent, children)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
