"""A `Table` of meta.k8s.io: column definitions, and a row of cells for each object.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/response.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import Column
from rootspan_apiserver.resources.conversion import convert
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.tables.columns import ScaleColumn, scale_columns
from rootspan_apiserver.tables.partial import partial_object_metadata


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
    shown = columns_of(resource, scale=scale)
    order = resource.definition.row_order
    now = datetime.now(UTC)
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in shown] if columns else None,
        "rows": [
            _row(
                resource,
                _scale_cells(item, now)[: len(shown)] if scale else cells(resource, item, now),
                item,
                version,
                include,
            )
            for item in (sorted(items, key=order) if order is not None else items)
        ],
    }


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
