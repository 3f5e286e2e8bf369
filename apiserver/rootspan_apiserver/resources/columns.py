"""The columns of a kind's table: what `kubectl get` shows.

A cell is computed from the object in its storage version, so that all served versions of a kind show the same. The object may lack
everything but its metadata: a bookmark of a watch is a row too.

Upstream: pkg/printers/internalversion/printers.go
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import created, name

Cell = Callable[[JSONObject, datetime], Any]
"""A function of an object and the present time."""
_NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time, the creation time of a bookmark."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `kubectl get` shows those of priority 0, `-o wide` all."""

    name: str
    cell: Cell
    type: str = "string"
    _: KW_ONLY
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> JSONObject:
        """Return the column as a `TableColumnDefinition`."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def value(path: str, default: Any = "") -> Cell:
    """Return a cell with the value at a dotted path, `default` where it is absent or null."""
    keys = path.split(".")

    def cell(obj: JSONObject, now: datetime) -> Any:
        found = at(obj, *keys)
        return default if found is None else found

    return cell


def at(obj: JSONObject, *keys: str) -> Any:
    """Return the value below field names, None where one of them is absent or null."""
    found: Any = obj
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def count(*paths: str) -> Cell:
    """Return a cell with the number of items in lists or maps, in all together."""
    split = [path.split(".") for path in paths]
    return lambda obj, now: sum(len(at(obj, *keys) or ()) for keys in split)


def _created_at(obj: JSONObject, now: datetime) -> str:
    return (obj.get("metadata") or {}).get("creationTimestamp") or _NEVER


NAME = Column("Name", lambda obj, now: name(obj), format="name", description="The object's name.")
AGE = Column("Age", created, description="Time since the object was created.")
CREATED_AT = Column("Created At", _created_at, "date", description="When the object was created.")
DEFAULT_COLUMNS = (NAME, CREATED_AT)
"""Those of a kind for which upstream has no printer."""
