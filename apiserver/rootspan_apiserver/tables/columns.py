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
class Column:
    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""
    json_path: str = ""

    def definition(self) -> JSONObject:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = Column("Name", format="name")
CREATED_AT = Column("Created At", type="date")
AGE = Column("Age", type="date", json_path=".metadata.creationTimestamp")


SCALE = (Column("Desired", "integer"), Column("Available", "integer"))


def columns_of(resource: Resource, *, scale: bool = False) -> tuple[Column, ...]:
    """The columns of a resource: the built-in ones, those its definition names, or name and age; or those of its scale."""
    if scale:
        return (NAME, *SCALE) if resource.custom else (Column("Name"), *SCALE, Column("Age"))
    if resource.custom:
        return (NAME, *map(_custom, resource.columns)) if resource.columns else (NAME, AGE)
    root = f"/apis/{resource.kind.group}" if resource.kind.group else "/api"
    return _builtin().get(f"{root}/{resource.kind.version}/{resource.plural}", (NAME, CREATED_AT))


def _custom(column: JSONObject) -> Column:
    return Column(
        name=column.get("name", ""),
        type=column.get("type", "string"),
        format=column.get("format") or "",
        priority=column.get("priority") or 0,
        description=column.get("description") or "",
        json_path=column.get("jsonPath", ""),
    )


@cache
def _builtin() -> dict[str, tuple[Column, ...]]:
    found: dict[str, list[Column]] = {}
    columns: list[Column] = []
    text = files("rootspan_apiserver.tables").joinpath("columns.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line[0] != " ":
            columns = found[line] = []
        else:
            name, kind, form, priority = line[1:].split("\t")
            columns.append(Column(name, kind, form, int(priority)))
    return {path: tuple(columns) for path, columns in found.items()}
