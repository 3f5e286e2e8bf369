"""A recording: for each operation its request, its response, and its trace as nested spans.

It is stored as JSON, so that recordings of different servers and versions can be compared. Kinds and statuses are OTLP's numbers, times are
in microseconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import orjson

from rootspan.spans import AttributeValue, Span
from rootspan_apiserver.kube.meta import JSONObject

KINDS: Mapping[str, int] = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
STATUSES: Mapping[str, int] = {"UNSET": 0, "OK": 1, "ERROR": 2}
_KIND_NAMES = {number: name for name, number in KINDS.items()}
_STATUS_NAMES = {number: name for name, number in STATUSES.items()}
Attributes = Mapping[str, AttributeValue]


class RecordingError(ValueError):
    """The file is not a recording."""


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """A span with its children in the order of their start.

    `start` and `end` are in microseconds since the start of the root; they are recorded, and not compared.
    """

    name: str
    kind: str = "INTERNAL"
    scope: tuple[str, str] = ("", "")
    attributes: Attributes = field(default_factory=dict)
    events: tuple[tuple[str, Attributes], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    status: str = "UNSET"
    status_message: str = ""
    children: tuple["RecordedSpan", ...] = ()
    start: float = field(default=0.0, compare=False)
    end: float = field(default=0.0, compare=False)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "RecordedSpan | None":
        """Return the root of a trace; None if there is none. Spans without a parent in the trace are omitted."""
        children: dict[str | None, list[Span]] = defaultdict(list)
        for span in sorted(spans, key=lambda span: (span.start, span.span_id)):
            children[span.parent_id].append(span)

        began = children[None][0].start if children[None] else 0

        def node(span: Span) -> "RecordedSpan":
            return cls(
                name=span.name,
                kind=span.kind,
                scope=(span.scope.name, span.scope.version),
                attributes=span.attributes,
                events=tuple((event.name, event.attributes) for event in span.events),
                links=tuple((link.trace_id, link.span_id) for link in span.links),
                status=span.status,
                status_message=span.status_message,
                children=tuple(node(child) for child in children[span.span_id]),
                start=(span.start - began) / 1000,
                end=(span.end - began) / 1000,
            )

        return node(children[None][0]) if children[None] else None

    @classmethod
    def read(cls, written: JSONObject) -> Self:
        """Return the span of its JSON form."""
        return cls(
            name=written["name"],
            kind=_KIND_NAMES[written["kind"]],
            scope=(written["scope"][0], written["scope"][1]),
            attributes=written["attrs"],
            events=tuple((event["name"], event["attrs"]) for event in written["events"]),
            links=tuple((link["t"], link["s"]) for link in written["links"]),
            status=_STATUS_NAMES[written["status"][0]],
            status_message=written["status"][1],
            children=tuple(cls.read(child) for child in written["children"]),
            start=written.get("t_us", 0.0),
            end=written.get("t_us", 0.0) + written.get("dur_us", 0.0),
        )

    def written(self) -> JSONObject:
        """Return the JSON form."""
        return {
            "name": self.name,
            "kind": KINDS[self.kind],
            "scope": list(self.scope),
            "t_us": self.start,
            "dur_us": self.end - self.start,
            "attrs": dict(self.attributes),
            "events": [{"name": name, "attrs": dict(attributes)} for name, attributes in self.events],
            "status": [STATUSES[self.status], self.status_message],
            "links": [{"t": trace_id, "s": span_id} for trace_id, span_id in self.links],
            "children": [child.written() for child in self.children],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The response to one operation, and its trace. `status` is 0 if the response was not recorded."""

    operation: str
    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    trace: RecordedSpan | None = None

    @classmethod
    def read(cls, written: JSONObject) -> Self:
        """Return the operation of its JSON form."""
        request, response = written["request"], written["response"]
        return cls(
            operation=written["op"],
            method=request["method"] or "",
            path=request["path"] or "",
            status=response["status"] or 0,
            headers=response["headers"] or {},
            body=response.get("body") or "",
            trace=RecordedSpan.read(written["spans"]) if written["spans"] else None,
        )

    def written(self) -> JSONObject:
        """Return the JSON form."""
        return {
            "op": self.operation,
            "request": {"method": self.method, "path": self.path},
            "response": {"status": self.status, "headers": dict(self.headers), "body": self.body},
            "spans": self.trace.written() if self.trace else None,
        }


def read_recording(path: Path) -> list[Recorded]:
    """Read a recording. Raises OSError or RecordingError."""
    try:
        return [Recorded.read(item) for item in orjson.loads(path.read_bytes())]
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise RecordingError(f"{path} is not a recording: {exc!r}") from exc


def write_recording(path: Path, recording: Iterable[Recorded]) -> None:
    """Write a recording. Raises OSError."""
    path.write_bytes(orjson.dumps([item.written() for item in recording], option=orjson.OPT_INDENT_2))
