"""The schemas of a document: the types that its paths name, and all that those name in turn."""

from collections.abc import Iterable

import orjson

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.schema_table import builtin_types, type_name

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
WITHOUT_METADATA = {"meta.v1.APIGroup", "meta.v1.APIGroupList", "meta.v1.APIResourceList", "meta.v1.DeleteOptions"}
PREFIXES = {
    "meta.": "io.k8s.apimachinery.pkg.apis.meta.",
    "api.resource.": "io.k8s.apimachinery.pkg.api.resource.",
    "runtime.": "io.k8s.apimachinery.pkg.runtime.",
    "util.": "io.k8s.apimachinery.pkg.util.",
    "version.": "io.k8s.apimachinery.pkg.version.",
    "apiextensions.": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.",
    "apiregistration.": "io.k8s.kube-aggregator.pkg.apis.apiregistration.",
}
GROUPS = {
    "core": "",
    "events": "events.k8s.io",
    "discovery": "discovery.k8s.io",
    "node": "node.k8s.io",
    "storage": "storage.k8s.io",
    "networking": "networking.k8s.io",
    "coordination": "coordination.k8s.io",
    "scheduling": "scheduling.k8s.io",
    "resource": "resource.k8s.io",
    "certificates": "certificates.k8s.io",
    "authentication": "authentication.k8s.io",
    "authorization": "authorization.k8s.io",
    "rbac": "rbac.authorization.k8s.io",
    "admissionregistration": "admissionregistration.k8s.io",
    "apiextensions": "apiextensions.k8s.io",
    "apiregistration": "apiregistration.k8s.io",
    "flowcontrol": "flowcontrol.apiserver.k8s.io",
}
LABELS = {
    "list": "x-kubernetes-list-type",
    "map": "x-kubernetes-map-type",
    "patch": "x-kubernetes-patch-strategy",
    "merge-key": "x-kubernetes-patch-merge-key",
}


def full_name(short: str) -> str:
    """The published name of a type of the table."""
    for prefix, full in PREFIXES.items():
        if short.startswith(prefix):
            return full + short.removeprefix(prefix)
    return f"io.k8s.api.{short}"


def reference(name: str) -> JSONObject:
    """Return a reference to a schema by its published name."""
    return {"$ref": f"#/components/schemas/{name}"}


def custom_name(kind: GroupVersionKind) -> str:
    """The published name of a custom kind, e.g. `com.example.v1.Widget`."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def published_name(kind: GroupVersionKind, resource: Resource) -> str:
    """The name of a resource's own type, or of one of its subresources'."""
    if resource.custom and kind.group == resource.kind.group:
        return custom_name(kind)
    return full_name(type_name(kind))


def components(resources: Iterable[Resource], names: Iterable[str]) -> JSONObject:
    """The schemas of custom `resources`, and of the published `names` with all that they refer to."""
    schemas: JSONObject = {}
    todo = ["meta.v1.ObjectMeta", "meta.v1.ListMeta"]
    for resource in resources:
        if resource.custom:
            schemas |= _custom(resource)
    table = builtin_types()
    known = {full_name(short): short for short in table.names()}
    todo += [known[name] for name in names if name in known]
    seen: set[str] = set()
    while todo:
        short = todo.pop()
        if short not in seen:
            seen.add(short)
            schemas[full_name(short)] = _builtin(short)
            todo.extend(table.references(short))
    return dict(sorted(schemas.items()))


def _custom(resource: Resource) -> JSONObject:
    kind = resource.kind
    item = dict(resource.published or {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    item["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        **(item.get("properties") or {}),
        "metadata": {"allOf": [reference(f"{META}ObjectMeta")]},
    }
    item["x-kubernetes-group-version-kind"] = [_kind(kind)]
    items: JSONObject = {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [reference(f"{META}ListMeta")]},
            "items": {"type": "array", "items": reference(custom_name(kind))},
        },
    }
    of_list = GroupVersionKind(kind.group, kind.version, resource.list_kind)
    items["x-kubernetes-group-version-kind"] = [_kind(of_list)]
    return {custom_name(kind): item, custom_name(of_list): items}


def _kind(kind: GroupVersionKind) -> JSONObject:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _builtin(short: str) -> JSONObject:
    notes, lines = builtin_types().text(short)
    schema = _field(notes)
    properties: JSONObject = {}
    required = []
    for line in lines:
        key, _, rest = line[1:].partition(" ")
        if key[-1] == "*":
            key = key[:-1]
            required.append(key)
        properties[key] = _field(rest)
    if properties:
        schema["properties"] = dict(sorted(properties.items()))
    if required:
        schema["required"] = sorted(required)
    named = {"apiVersion", "kind"} <= properties.keys()
    if named and ("metadata" in properties or short in WITHOUT_METADATA) and (kind := _kind_of(short)) is not None:
        schema["x-kubernetes-group-version-kind"] = [_kind(kind)]
    return schema


def _kind_of(short: str) -> GroupVersionKind | None:
    """The kind that a type of the table is, if objects of it are named by kind."""
    package, version, kind = short.split(".")
    if package == "meta":
        return GroupVersionKind("", version, kind)
    group = GROUPS.get(package, package)
    known = GroupVersionKind(group, version, kind)
    return known if type_name(known) == short else None


def _field(text: str) -> JSONObject:
    word, *notes = text.split(" ")
    schema = _typed(word)
    for note in notes:
        key, _, value = note.partition("=")
        if key == "default":
            schema["default"] = orjson.loads(value)
        elif key == "keys":
            schema["x-kubernetes-list-map-keys"] = value.split(",")
        elif key in LABELS:
            schema[LABELS[key]] = value
    if "$ref" in schema:
        target = {"$ref": schema.pop("$ref")}
        return {"allOf": [target], **schema}
    return schema


def _typed(word: str) -> JSONObject:
    if word.startswith("[]"):
        return {"type": "array", "items": _typed(word[2:])}
    if word.startswith("{}"):
        return {"type": "object", "additionalProperties": _typed(word[2:])}
    if "." in word:
        return reference(full_name(word))
    if word == "int-or-string":
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    if word == "any":
        return {}
    kind, _, form = word.rstrip(")").partition("(")
    return {"type": kind, "format": form} if form else {"type": kind}
