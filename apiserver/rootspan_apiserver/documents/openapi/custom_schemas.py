"""The published schemas of a custom resource and of its lists.

What a schema leaves unsaid is added: the fields of every resource, also of those inside it, and that an integer or a string is one of both.
For OpenAPI v2, which kubectl validates by, what that version cannot express is left out.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go,
staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go, pkg/apiserver/schema/unfold.go beside it
"""

from typing import Any

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.descriptions import kind_field, list_description, list_field
from rootspan_apiserver.types.openapi import described, published_kind, reference

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_EITHER = [{"type": "integer"}, {"type": "string"}]


def custom_name(kind: GroupVersionKind) -> str:
    """Return the published name of a custom kind, e.g. `com.example.v1.Widget`."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def custom_schemas(resource: Resource, *, v2: bool) -> JSONObject:
    """Return the schemas of a custom resource and of its lists by their names; `v2` for OpenAPI v2."""
    kind = resource.kind
    published = resource.published or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if v2 and published.get("x-kubernetes-preserve-unknown-fields"):
        # With a single property, kubectl would refuse all others.
        item: JSONObject = {"type": "object"}
    else:
        item = _without_what_v2_lacks(published) if v2 else _unfolded(published)
        item["properties"] = {**(item.get("properties") or {}), **_of_resource()}
    item["x-kubernetes-group-version-kind"] = [published_kind(kind)]
    fields: JSONObject = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [reference(f"{META}ListMeta")]},
        "items": {"type": "array", "items": reference(custom_name(kind))},
    }
    items: JSONObject = {
        "description": list_description(kind.kind),
        "type": "object",
        "required": ["items"],
        "properties": {name: described(schema, list_field(name)) for name, schema in fields.items()},
    }
    of_list = GroupVersionKind(kind.group, kind.version, resource.list_kind)
    items["x-kubernetes-group-version-kind"] = [published_kind(of_list)]
    if resource.definition.selectable:
        fields_selected = [{"fieldPath": name} for name in resource.definition.selectable]
        item["x-kubernetes-selectable-fields"] = items["x-kubernetes-selectable-fields"] = fields_selected
    return {custom_name(kind): item, custom_name(of_list): items}


def _of_resource() -> JSONObject:
    return {
        "apiVersion": described({"type": "string"}, kind_field("apiVersion")),
        "kind": described({"type": "string"}, kind_field("kind")),
        "metadata": described({"allOf": [reference(f"{META}ObjectMeta")]}, kind_field("metadata")),
    }


def _embedded(schema: JSONObject) -> JSONObject:
    """Return a schema with the fields of a resource, if it is that of a resource inside another."""
    if not schema.get("x-kubernetes-embedded-resource"):
        return schema
    required = list(schema.get("required") or ())
    required += [name for name in ("kind", "apiVersion") if name not in required]
    return {**schema, "properties": {**(schema.get("properties") or {}), **_of_resource()}, "required": required}


def _unfolded(schema: JSONObject) -> JSONObject:
    found = _with_children(schema, _unfolded)
    if schema.get("x-kubernetes-int-or-string"):
        first: JSONObject = next(iter(schema.get("allOf") or ()), {})
        if not schema.get("anyOf"):
            if first.get("anyOf") != _EITHER:
                found["anyOf"] = _EITHER
        elif schema["anyOf"] != _EITHER and first.get("anyOf") != _EITHER:
            found["allOf"] = [{"anyOf": _EITHER}, *(schema.get("allOf") or ())]
    return _embedded(found)


def _without_what_v2_lacks(schema: JSONObject) -> JSONObject:
    found = _with_children(schema, _without_what_v2_lacks)
    for name in ("allOf", "oneOf", "anyOf", "not", "nullable", "default"):
        found.pop(name, None)
    keeps_unknown = schema.get("x-kubernetes-preserve-unknown-fields")
    if schema.get("nullable") or keeps_unknown:
        # kubectl refuses unknown fields, and null, where it knows what should be there.
        for name in ("items", "properties"):
            found.pop(name, None)
    is_list_of_what = schema.get("type") == "array" and "items" not in found
    if schema.get("nullable") or is_list_of_what or (keeps_unknown and schema.get("type") == "object"):
        found.pop("type", None)
    required = [name for name in schema.get("required") or () if not _is_nullable(schema, name)]
    if required:
        found["required"] = required
    else:
        found.pop("required", None)
    return found if keeps_unknown else _embedded(found)


def _is_nullable(schema: JSONObject, name: str) -> bool:
    additional = schema.get("additionalProperties")
    child = (schema.get("properties") or {}).get(name) or {}
    return bool(child.get("nullable") or (isinstance(additional, dict) and additional.get("nullable")))


def _with_children(schema: JSONObject, change: Any) -> JSONObject:
    found = dict(schema)
    if schema.get("properties"):
        found["properties"] = {name: change(child) for name, child in schema["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            found[name] = change(schema[name])
    return found
