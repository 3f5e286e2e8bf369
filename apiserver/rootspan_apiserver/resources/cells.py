"""Cells that the tables of several kinds share.

Upstream: pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterable
from datetime import datetime

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import JSONObject

NONE = "<none>"


def name(item: JSONObject) -> str:
    """Return the name of an object."""
    return str((item.get("metadata") or {}).get("name", ""))


def created(item: JSONObject, now: datetime) -> str:
    """Return the age of an object."""
    return age((item.get("metadata") or {}).get("creationTimestamp"), now)


def spec(item: JSONObject) -> JSONObject:
    """Return the spec of an object, empty if there is none."""
    return item.get("spec") or {}


def status(item: JSONObject) -> JSONObject:
    """Return the status of an object, empty if there is none."""
    return item.get("status") or {}


def joined(values: Iterable[object], separator: str = ",") -> str:
    """Return values as text, with a separator between them."""
    return separator.join(map(str, values))


def labels(mapping: JSONObject | None) -> str:
    """`a=1,b=2`, `<none>` for none."""
    return joined(f"{key}={value}" for key, value in sorted((mapping or {}).items())) or NONE


def first_three(values: list[str]) -> str:
    """`a,b,c + 2 more...`, `<none>` for none."""
    shown = joined(values[:3])
    more = len(values) - 3
    return f"{shown} + {more} more..." if more > 0 else shown or NONE


def containers(template: JSONObject | None) -> tuple[str, str]:
    """The names and the images of a template's containers."""
    found = ((template or {}).get("spec") or {}).get("containers") or []
    return joined(each.get("name", "") for each in found), joined(each.get("image", "") for each in found)


def count(item: JSONObject, key: str) -> int:
    """Return a number of a status, 0 where it is not there."""
    return int(status(item).get(key) or 0)


def condition(item: JSONObject, kind: str) -> JSONObject:
    """Return the condition of that type, empty if there is none."""
    return next((each for each in status(item).get("conditions") or [] if each.get("type") == kind), {})
