"""The defaults in a schema must fit it.

Defaults below `metadata` of an embedded resource are not checked, nor are rules in CEL.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.custom.validation import below, validate
from rootspan_apiserver.rules import Path
from rootspan_apiserver.types.schema import Schema

_OF_RESOURCES = frozenset({"apiVersion", "kind", "metadata"})


def check_defaults(schema: JSONObject, path: Path, *, is_resource: bool = True) -> Iterator[FieldError]:
    """Yield why the defaults of a schema, and of those in it, do not fit."""
    if (value := schema.get("default")) is not None:
        typed = structural_schema(schema)
        if _has_unknown(value, typed):
            yield FieldError.invalid(path / "default", value, "must not have unknown fields")
        yield from below(path / "default", validate(value, typed))
    if isinstance(items := schema.get("items"), dict):
        yield from check_defaults(items, path / "items", is_resource=False)
    is_resource = is_resource or bool(schema.get("x-kubernetes-embedded-resource"))
    for name, child in (schema.get("properties") or {}).items():
        if not (is_resource and name in _OF_RESOURCES):
            yield from check_defaults(child, (path / "properties").key(name), is_resource=False)


def _has_unknown(value: Any, schema: Schema) -> bool:
    """Return whether a default has fields that would be pruned."""
    if isinstance(value, list):
        return schema.items is not None and any(_has_unknown(item, schema.items) for item in value)
    if not isinstance(value, dict):
        return False
    for name, inner in value.items():
        child = schema.properties.get(name, schema.additional)
        if schema.embedded_resource and name in _OF_RESOURCES:
            continue
        if child is None:
            if not schema.preserve_unknown_fields:
                return True
        elif _has_unknown(inner, child):
            return True
    return False
