"""A `Table` of meta.k8s.io: column definitions, and a row of cells for each object.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import Column
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.tables.columns import ScaleColumn, scale_columns
from rootspan_apiserver.tables.partial import partial_object_metadata

Item = TypeVar("Item")


def table(
    resource: Resource,
    items: Sequence[JSONObject],
    metadata: JSONObject,
    *,
    version: str = "v1",
    include: str = "Metadata",
    columns: bool = True,
    scale: bool = False,
) -> JSONObject:
    """Return the table of `items`, objects in the version of `resource`, or their scales.

    Args:
        metadata: of the list, e.g. resourceVersion and continue.
        version: of meta.k8s.io.
        include: what each row carries of its object: Metadata, Object or None.
        columns: whether the column definitions are there; a watch leaves them out after its first event.
    """
    rows = TableRows(resource, version=version, include=include, scale=scale)
    ordered = rows.ordered(items, _itself)
    return {**rows.head(metadata, columns=columns), "rows": list(map(rows.row, ordered))}


class TableRows:
    """Makes the rows of a table; the arguments are those of `table`."""

    def __init__(
        self, resource: Resource, *, version: str = "v1", include: str = "Metadata", scale: bool = False
    ) -> None:
        self._resource = resource
        self._version = version
        self._include = include
        self._scale = scale
        self._shown = columns_of(resource, scale=scale)
        self._now = datetime.now(UTC)

    def head(self, metadata: JSONObject, *, columns: bool = True) -> JSONObject:
        """Return the table without its rows."""
        return {
            "kind": "Table",
            "apiVersion": f"meta.k8s.io/{self._version}",
            "metadata": metadata,
            "columnDefinitions": [column.definition() for column in self._shown] if columns else None,
        }

    def ordered(self, items: Sequence[Item], decoded: Callable[[Item], JSONObject]) -> Sequence[Item]:
        """Return the items in the order of their rows; `decoded` returns the object of one."""
        order = self._resource.definition.row_order
        return items if order is None else sorted(items, key=lambda item: order(decoded(item)))

    def row(self, item: JSONObject) -> JSONObject:
        """Return the row of an object."""
        make = partial(_scale_cells, item) if self._scale else partial(cells, self._resource, item)
        return _row(self._resource, make(self._now)[: len(self._shown)], item, self._version, self._include)


def _itself(item: JSONObject) -> JSONObject:
    return item


def columns_of(resource: Resource, *, scale: bool = False) -> Sequence[Column | ScaleColumn]:
    """Return the columns of a resource, or of its scale."""
    return scale_columns(resource) if scale else resource.definition.columns


def _row(resource: Resource, shown: list[Any], item: JSONObject, version: str, include: str) -> JSONObject:
    row: JSONObject = {"cells": shown}
    row_conditions = resource.definition.row_conditions
    if row_conditions is not None and (conditions := row_conditions(item)):
        row["conditions"] = conditions
    if include == "Object":
        row["object"] = item
    elif include == "Metadata":
        row["object"] = partial_object_metadata(item, version=version)
    else:
        row["object"] = None
    return row


def cells(resource: Resource, item: JSONObject, now: datetime) -> list[Any]:
    """Return the cells of one object, one for each column."""
    stored = item if resource.custom else convert(item, resource.storage_kind)
    return [column.cell(stored, now) for column in resource.definition.columns]


def _scale_cells(item: JSONObject, now: datetime) -> list[Any]:
    metadata = item["metadata"]
    numbers = [item["spec"].get("replicas", 0), item["status"].get("replicas", 0)]
    return [metadata["name"], *numbers, age(metadata.get("creationTimestamp"), now)]
