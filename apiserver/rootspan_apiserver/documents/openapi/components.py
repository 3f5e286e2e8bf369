"""The schemas of a document: the types that its paths name, and the types that those refer to.

Upstream: k8s.io/kube-openapi/pkg/builder3/openapi.go
"""

from collections.abc import Iterable

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types import openapi
from rootspan_apiserver.types.descriptions import kind_field, list_description, list_field
from rootspan_apiserver.types.openapi import described, published_kind, reference
from rootspan_apiserver.types.tables import go_types

META = "io.k8s.apimachinery.pkg.apis.meta.v1."


def custom_name(kind: GroupVersionKind) -> str:
    """Return the published name of a custom kind, e.g. `com.example.v1.Widget`."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def published_name(kind: GroupVersionKind, resource: Resource) -> str:
    """Return the name of a resource's own type, or of one of its subresources'."""
    if resource.custom and kind.group == resource.kind.group:
        return custom_name(kind)
    struct = go_types().struct_of(kind)
    return custom_name(kind) if struct is None else openapi.published_name(struct.name)


def components(resources: Iterable[Resource], names: Iterable[str]) -> JSONObject:
    """Return the schemas of custom `resources`, and of the published `names` with all that they refer to."""
    schemas = openapi.components([*names, f"{META}ObjectMeta", f"{META}ListMeta"])
    for resource in resources:
        if resource.custom:
            schemas |= _custom(resource)
    return dict(sorted(schemas.items()))


def _custom(resource: Resource) -> JSONObject:
    kind = resource.kind
    item = dict(resource.published or {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    item["properties"] = {
        **(item.get("properties") or {}),
        "apiVersion": described({"type": "string"}, kind_field("apiVersion")),
        "kind": described({"type": "string"}, kind_field("kind")),
        "metadata": described({"allOf": [reference(f"{META}ObjectMeta")]}, kind_field("metadata")),
    }
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
    return {custom_name(kind): item, custom_name(of_list): items}
