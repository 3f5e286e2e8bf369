"""The columns of a custom resource's table, which its definition names by JSON paths.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.go_values import go_format, go_json
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.resources.columns import NAME, Column, at
from rootspan_apiserver.resources.custom.result import shown
from rootspan_apiserver.resources.json_path_parser import parse
from rootspan_apiserver.resources.json_paths import Steps, follow

AGE = Column("Age", lambda obj, now: age(at(obj, "metadata", "creationTimestamp"), now), "date")


def columns_of(given: Iterable[JSONObject]) -> tuple[Column, ...]:
    """Return the columns of a version: the name, then those that it names, or the age."""
    named = list(given)
    return (NAME, *_columns(named)) if named else (NAME, AGE)


def _columns(given: Iterable[JSONObject]) -> Iterator[Column]:
    for column in given:
        path, kind = column.get("jsonPath") or "", column.get("type") or "string"
        try:
            steps = parse(path)
        except ValueError:
            # The real server shows the columns before one whose path it cannot read, and not those after it.
            return
        yield Column(
            column.get("name") or "",
            partial(_cell, steps=steps, kind=kind),
            kind,
            format=column.get("format") or "",
            priority=column.get("priority") or 0,
            description=column.get("description") or f"Custom resource definition column (in JSONPath format): {path}",
        )


def _cell(obj: JSONObject, now: datetime, *, steps: Steps, kind: str) -> Any:
    """Return the cell of the first value that a path leads to."""
    try:
        found = follow([obj], steps)
    except ValueError:
        return None
    if not found:
        return None
    return _text(found[0]) if kind == "string" else _of_type(found[0], kind, now)


def _text(value: Any) -> str:
    if value is None:
        return "<no value>"
    return go_json(shown(value)) if isinstance(value, dict | list) else go_format(value)


def _of_type(value: Any, kind: str, now: datetime) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "integer":
            return int(value) if is_number else None
        case "number":
            return value if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _date(value, now) if isinstance(value, str) else None
    return None


def _date(value: str, now: datetime) -> str:
    if value in ("", "null"):
        return "<unknown>"
    try:
        read_time(value)
    except ValueError:
        return "<invalid>"
    return age(value, now)
