"""The columns of each resource's table, read from `columns.txt`.

A line in the first column is the resource's path, one blank in a column: name, type, format and priority, parted by tabs. Columns of
priority 0 are shown always, the others with `-o wide`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class ShownColumn:
    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> JSONObject:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = ShownColumn("Name", format="name")
CREATED_AT = ShownColumn("Created At", type="date")
SCALE = (ShownColumn("Desired", "integer"), ShownColumn("Available", "integer"))


def scale_columns(resource: Resource) -> tuple[ShownColumn, ...]:
    """Return the columns of a resource's scale."""
    return (NAME, *SCALE) if resource.custom else (ShownColumn("Name"), *SCALE, ShownColumn("Age"))


def listed_columns(resource: Resource) -> tuple[ShownColumn, ...]:
    """Return the columns of a built-in resource that has no definition yet."""
    root = f"/apis/{resource.kind.group}" if resource.kind.group else "/api"
    return _builtin().get(f"{root}/{resource.kind.version}/{resource.plural}", (NAME, CREATED_AT))


@cache
def _builtin() -> dict[str, tuple[ShownColumn, ...]]:
    found: dict[str, list[ShownColumn]] = {}
    columns: list[ShownColumn] = []
    text = files("rootspan_apiserver.tables").joinpath("columns.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line[0] != " ":
            columns = found[line] = []
        else:
            name, kind, form, priority = line[1:].split("\t")
            columns.append(ShownColumn(name, kind, form, int(priority)))
    return {path: tuple(columns) for path, columns in found.items()}
