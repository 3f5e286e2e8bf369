"""The columns of a scale's table.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor, pkg/printers/internalversion/printers.go
"""

from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class ScaleColumn:
    """A column; the cells are made by `table`."""

    name: str
    type: str = "string"
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


_NAME = ScaleColumn("Name", format="name")
_SCALE = (ScaleColumn("Desired", "integer"), ScaleColumn("Available", "integer"))


def scale_columns(resource: Resource) -> tuple[ScaleColumn, ...]:
    """Return the columns of a resource's scale."""
    if resource.custom:
        return (_NAME, *_SCALE, ScaleColumn("Age", "date"))
    return (ScaleColumn("Name"), *_SCALE, ScaleColumn("Age"))
