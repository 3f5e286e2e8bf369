"""Prune the fields that a structural schema does not declare, and the nulls that it does not allow.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/prunenulls.go
"""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.schema import Schema

OF_RESOURCES = frozenset({"apiVersion", "kind", "metadata"})
"""The fields that every resource has, and that no schema needs to declare."""
_NOTHING = Schema()


def prune(value: JSONObject, schema: Schema) -> list[str]:
    """Remove the undeclared fields of a resource, in place; return their paths, sorted."""
    pruned: list[str] = []
    _prune_object(value, schema, "", pruned, is_resource=True)
    return sorted(pruned)


def prune_value(value: Any, schema: Schema) -> bool:
    """Remove the undeclared fields of any value; return whether there were some."""
    pruned: list[str] = []
    _prune(value, schema, "", pruned)
    return bool(pruned)


def _prune(value: Any, schema: Schema, at: str, pruned: list[str]) -> None:
    if isinstance(value, dict):
        _prune_object(value, schema, at, pruned, is_resource=schema.embedded_resource)
    elif isinstance(value, list):
        items = schema.items
        if items is None and schema.preserve_unknown_fields:
            return
        for index, item in enumerate(value):
            _prune(item, items or _NOTHING, f"{at}[{index}]", pruned)


def _prune_object(value: JSONObject, schema: Schema, at: str, pruned: list[str], *, is_resource: bool) -> None:
    properties, additional = schema.properties, schema.additional
    for name in list(value):
        if is_resource and name in OF_RESOURCES:
            continue
        child = properties.get(name, additional)
        if child is not None:
            if isinstance(value[name], dict | list):
                _prune(value[name], child, f"{at}.{name}" if at else name, pruned)
        elif not schema.preserve_unknown_fields:
            del value[name]
            pruned.append(f"{at}.{name}" if at else name)


def prune_nulls(value: Any, schema: Schema) -> None:
    """Remove the nulls of objects that are neither allowed nor replaced by a default, in place."""
    if isinstance(value, dict):
        for name in list(value):
            child = schema.properties.get(name, schema.additional)
            if child is None:
                continue
            if value[name] is None:
                if not child.nullable and child.default is None:
                    del value[name]
            else:
                prune_nulls(value[name], child)
    elif isinstance(value, list) and schema.items is not None:
        for item in value:
            prune_nulls(item, schema.items)
