"""The built-in types as the OpenAPI documents publish them.

Upstream: k8s.io/kube-openapi/pkg/generators/openapi.go
"""

from collections.abc import Iterable, Iterator
from functools import cache

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.types import descriptions
from rootspan_apiserver.types.containers import ListType, MapType
from rootspan_apiserver.types.model import Field, Published, Type
from rootspan_apiserver.types.schema import published_default
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types


def reference(name: str) -> JSONObject:
    """Return a reference to a published schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def published_name(name: str) -> str:
    """Return the published name of a go_type of the table: `core/v1.Pod` → `io.k8s.api.core.v1.Pod`."""
    package, _, own = name.rpartition(".")
    domain, _, path = go_types().import_path(package).partition("/")
    return ".".join([*reversed(domain.split(".")), *path.split("/"), own])


def components(names: Iterable[str]) -> JSONObject:
    """Return the schemas with these published names, as far as they are built in, and all that they refer to."""
    known = _structs_by_published_name()
    schemas: JSONObject = {}
    todo: list[Type] = [go_types().struct(known[name]) for name in names if name in known]
    while todo:
        go_type = todo.pop()
        name = published_name(go_type.name)
        if name not in schemas:
            schemas[name] = described(
                _struct(go_type) if isinstance(go_type, StructType) else _opaque(go_type),
                descriptions.type_description(go_type.name),
            )
            todo.extend(_references(go_type))
    return schemas


@cache
def _structs_by_published_name() -> dict[str, str]:
    return {published_name(name): name for name in go_types().structs()}


def _references(go_type: Type) -> Iterator[Type]:
    if isinstance(go_type, StructType):
        for field in go_type.fields.values():
            inner = field.type
            while isinstance(inner, ListType | MapType):
                inner = inner.element
            if inner.name:
                yield inner


def described(schema: JSONObject, description: str) -> JSONObject:
    """Return the schema with a description, if there is one."""
    return {"description": description, **schema} if description else schema


def _struct(struct: StructType) -> JSONObject:
    schema: JSONObject = {"type": "object"}
    if struct.map_type:
        schema["x-kubernetes-map-type"] = struct.map_type
    fields = struct.fields
    if fields:
        schema["properties"] = {
            name: described(_field(fields[name]), descriptions.field_description(struct, name))
            for name in sorted(fields)
        }
    if required := sorted(name for name, field in fields.items() if field.published.required):
        schema["required"] = required
    if (kind := go_types().kind_of(struct)) is not None:
        schema["x-kubernetes-group-version-kind"] = [published_kind(kind)]
    return schema


def published_kind(kind: GroupVersionKind) -> JSONObject:
    """Return a kind as the extension `x-kubernetes-group-version-kind` names it."""
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _field(field: Field) -> JSONObject:
    schema = _schema(field.type)
    if "$ref" in schema:
        schema = {"allOf": [schema]}
    schema |= _extensions(field.published)
    default = published_default(field)
    return schema if default is None else {**schema, "default": default}


def _extensions(published: Published) -> JSONObject:
    found = {
        "x-kubernetes-list-type": published.list_type,
        "x-kubernetes-list-map-keys": list(published.list_map_keys),
        "x-kubernetes-map-type": published.map_type,
        "x-kubernetes-patch-strategy": published.patch_strategy,
        "x-kubernetes-patch-merge-key": published.patch_merge_key,
    }
    return {key: value for key, value in found.items() if value}


def _schema(go_type: Type) -> JSONObject:
    if isinstance(go_type, ListType):
        return {"type": "array", "items": _schema(go_type.element)}
    if isinstance(go_type, MapType):
        return {"type": "object", "additionalProperties": _schema(go_type.element)}
    return reference(published_name(go_type.name)) if go_type.name else _opaque(go_type)


def _opaque(go_type: Type) -> JSONObject:
    if go_type.int_or_string:
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    facts = {"type": go_type.openapi_type, "format": go_type.openapi_format}
    return {key: value for key, value in facts.items() if value}
