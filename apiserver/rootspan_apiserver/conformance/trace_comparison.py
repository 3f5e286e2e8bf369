"""Compare two recordings: the differences by path, and the share of identical spans.

A span is identical if the other recording has a span in the same place with the same name, kind, scope, attributes, events, links and
status in the normal form. Its children are compared separately.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from rootspan_apiserver.conformance.normal_form import normal_body, normal_headers, normal_trace
from rootspan_apiserver.conformance.recording import Recorded, RecordedSpan


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference at `path`, with both values as text; "" if there is none."""

    path: str
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.path}: {self.left or '(nothing)'} | {self.right or '(nothing)'}"


@dataclass(slots=True)
class TraceComparison:
    """The result. `spans` counts the spans of both recordings, two in the same place once."""

    differences: list[Difference] = field(default_factory=list)
    spans: int = 0
    identical: int = 0

    @property
    def share(self) -> float:
        """The share of identical spans, from 0 to 1."""
        return self.identical / self.spans if self.spans else 1.0


def compare(left: Iterable[Recorded], right: Iterable[Recorded], *, answers: bool = True) -> TraceComparison:
    """Compare operation by operation. An operation in one recording only is a difference, and so are its spans.

    Args:
        answers: Whether to compare the answers (status, headers, body) besides the traces.
    """
    comparison = TraceComparison()
    of_left = {item.operation: item for item in left}
    of_right = {item.operation: item for item in right}
    for name in dict.fromkeys([*of_left, *of_right]):
        one, other = of_left.get(name), of_right.get(name)
        if one is None or other is None:
            comparison.differences.append(Difference(name, _presence(one), _presence(other)))
            comparison.spans += sum(_size(item.trace) for item in (one, other) if item is not None)
            continue
        if answers:
            comparison.differences += _answers(name, one, other)
        _traces(name, one, other, comparison)
    return comparison


def _presence(item: Recorded | None) -> str:
    return "recorded" if item else ""


def _answers(name: str, one: Recorded, other: Recorded) -> Iterator[Difference]:
    if not one.status or not other.status:
        return
    if one.status != other.status:
        yield Difference(f"{name} / answer / status", str(one.status), str(other.status))
    yield from _mappings(f"{name} / answer / header", normal_headers(one.headers), normal_headers(other.headers))
    if one.body and other.body:
        yield from _values(f"{name} / answer / body", normal_body(one.body), normal_body(other.body))


def _values(path: str, one: Any, other: Any) -> Iterator[Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _values(f"{path}.{key}", one.get(key, ""), other.get(key, ""))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _values(f"{path}[{index}]", first, second)
    elif one != other:
        yield Difference(path, repr(one), repr(other))


def _traces(name: str, one: Recorded, other: Recorded, comparison: TraceComparison) -> None:
    if one.trace is None or other.trace is None:
        if one.trace is not other.trace:
            comparison.differences.append(Difference(f"{name} / trace", _size_text(one.trace), _size_text(other.trace)))
        comparison.spans += max(_size(one.trace), _size(other.trace))
        return
    _siblings(name, (normal_trace(one.trace),), (normal_trace(other.trace),), comparison)


def _size_text(trace: RecordedSpan | None) -> str:
    return f"{_size(trace)} spans" if trace else ""


def _siblings(
    path: str, left: Sequence[RecordedSpan], right: Sequence[RecordedSpan], comparison: TraceComparison
) -> None:
    for one, other in _aligned(left, right):
        only = one or other
        assert only is not None
        here = f"{path} / {only.name}"
        if one is None or other is None:
            comparison.differences.append(Difference(here, _whole(one), _whole(other)))
            comparison.spans += _size(only)
            continue
        found = list(_spans(here, one, other))
        comparison.differences += found
        comparison.spans += 1
        comparison.identical += not found
        _siblings(here, one.children, other.children, comparison)


def _aligned(
    left: Sequence[RecordedSpan], right: Sequence[RecordedSpan]
) -> Iterator[tuple[RecordedSpan | None, RecordedSpan | None]]:
    """Yield pairs of spans with the same name, in order, and the other spans alone. Roots are always paired."""
    if len(left) == len(right) == 1:
        yield left[0], right[0]
        return
    matcher = SequenceMatcher(None, [span.name for span in left], [span.name for span in right], autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        if end - start == stop - begin and [s.name for s in left[start:end]] == [s.name for s in right[begin:stop]]:
            yield from zip(left[start:end], right[begin:stop], strict=True)
        else:
            yield from ((span, None) for span in left[start:end])
            yield from ((None, span) for span in right[begin:stop])


def _spans(path: str, one: RecordedSpan, other: RecordedSpan) -> Iterator[Difference]:
    for what in ("name", "kind", "scope", "status", "status_message", "links"):
        first, second = getattr(one, what), getattr(other, what)
        if first != second:
            yield Difference(f"{path} / {what.replace('_', ' ')}", str(first), str(second))
    yield from _mappings(f"{path} / attribute", one.attributes, other.attributes)
    names, others = [name for name, _ in one.events], [name for name, _ in other.events]
    if names != others:
        yield Difference(f"{path} / events", ", ".join(names), ", ".join(others))
        return
    for index, ((name, first), (_, second)) in enumerate(zip(one.events, other.events, strict=True)):
        yield from _mappings(f"{path} / event {index} {name}", first, second)


def _mappings(path: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    for key in sorted({*one, *other}):
        first, second = (f"{value!r}" if key in side else "" for side in (one, other) for value in (side.get(key),))
        if first != second:
            yield Difference(f"{path} {key}", first, second)


def _whole(span: RecordedSpan | None) -> str:
    return f"{span.kind} and {_size(span) - 1} below" if span else ""


def _size(span: RecordedSpan | None) -> int:
    return 1 + sum(_size(child) for child in span.children) if span else 0
