"""The paths of a document: what each verb accepts and returns follows from the verb and the kind.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go, k8s.io/kube-openapi/pkg/builder3/openapi.go
"""

from rootspan_apiserver.documents.openapi.components import published_name
from rootspan_apiserver.documents.openapi.custom_schemas import META
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource, Subresource
from rootspan_apiserver.types.openapi import reference

QUERY = {
    "dryRun": "string",
    "fieldManager": "string",
    "fieldValidation": "string",
    "force": "boolean",
    "gracePeriodSeconds": "integer",
    "ignoreStoreReadErrorWithClusterBreakingPotential": "boolean",
    "orphanDependents": "boolean",
    "propagationPolicy": "string",
    "allowWatchBookmarks": "boolean",
    "continue": "string",
    "fieldSelector": "string",
    "labelSelector": "string",
    "limit": "integer",
    "pretty": "string",
    "resourceVersion": "string",
    "resourceVersionMatch": "string",
    "sendInitialEvents": "boolean",
    "shardSelector": "string",
    "timeoutSeconds": "integer",
    "watch": "boolean",
}
LIST = (
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "shardSelector",
    "timeoutSeconds",
    "watch",
)
WRITE = ("dryRun", "fieldManager", "fieldValidation")
DELETE = (
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
)
DELETE_COLLECTION = tuple(sorted({*DELETE, *LIST} - {"allowWatchBookmarks", "watch"}))
PATCHES = (
    "application/apply-patch+cbor",
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
CUSTOM_PATCHES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
ANSWERS = ("application/cbor", "application/json", "application/vnd.kubernetes.protobuf", "application/yaml")
CUSTOM_ANSWERS = ("application/json", "application/yaml")
STREAMS = (
    "application/cbor",
    "application/cbor-seq",
    "application/json",
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf;stream=watch",
    "application/yaml",
)
OPERATIONS = {
    "list": ("get", "list"),
    "create": ("post", "post"),
    "deletecollection": ("delete", "deletecollection"),
    "get": ("get", "get"),
    "update": ("put", "put"),
    "patch": ("patch", "patch"),
    "delete": ("delete", "delete"),
}
WORDS = {"get": "read", "update": "replace", "deletecollection": "delete"}
CONNECTED = {"attach", "exec", "portforward", "proxy"}


def group_words(group: str) -> str:
    """`rbac.authorization.k8s.io` → `rbacAuthorization`, the core group → `core`."""
    parts = [part for part in (group.removesuffix(".k8s.io") or "core").split(".") if part]
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


def paths_of(resource: Resource) -> JSONObject:
    """Return the paths of a resource and of its subresources."""
    group, version = resource.kind.group, resource.kind.version
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{root}{scope}/{resource.plural}"
    found: JSONObject = {}
    verbs = resource.verbs & {"list", "create", "deletecollection"}
    if verbs:
        found[collection] = _item(resource, verbs, [])
    if resource.namespaced and "list" in resource.verbs:
        listed = _operation("list", resource, resource.kind, suffix="ForAllNamespaces")
        found[f"{root}/{resource.plural}"] = {
            "get": {key: value for key, value in listed.items() if key != "parameters"},
            "parameters": [_query(name) for name in sorted({*LIST, "pretty"})],
        }
    verbs = resource.verbs & {"get", "update", "patch", "delete"}
    if verbs:
        found[collection + "/{name}"] = _item(resource, verbs, ["name"])
    for name, subresource in sorted(resource.subresources.items()):
        found[f"{collection}/{{name}}/{name}"] = _item(resource, subresource.verbs, ["name"], subresource)
    return found


def _query(name: str) -> JSONObject:
    return {"in": "query", "name": name, "schema": {"type": QUERY[name], "uniqueItems": True}}


def _item(
    resource: Resource, verbs: frozenset[str], names: list[str], subresource: Subresource | None = None
) -> JSONObject:
    shared = [*names, "namespace"] if resource.namespaced else names
    parameters = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string", "uniqueItems": True}}
        for name in shared
    ]
    item: JSONObject = {"parameters": [*parameters, _query("pretty")]}
    kind = subresource.kind if subresource else resource.kind
    for verb in sorted(verbs):
        item[OPERATIONS[verb][0]] = _operation(verb, resource, kind, subresource)
    return dict(sorted(item.items()))


def _operation(
    verb: str, resource: Resource, kind: GroupVersionKind, subresource: Subresource | None = None, suffix: str = ""
) -> JSONObject:
    group, version = resource.kind.group, resource.kind.version
    words = group_words(group)
    scope = "Namespaced" if resource.namespaced and not suffix else ""
    collection = "Collection" if verb == "deletecollection" else ""
    part = subresource.name.capitalize() if subresource else ""
    called = WORDS.get(verb, verb) + words[0].upper() + words[1:] + version[0].upper() + version[1:]
    operation: JSONObject = {
        "operationId": f"{called}{collection}{scope}{resource.kind.kind}{part}{suffix}",
        "tags": [f"{words}_{version}"],
        "x-kubernetes-action": OPERATIONS[verb][1],
        "x-kubernetes-group-version-kind": {"group": kind.group, "kind": kind.kind, "version": kind.version},
    }
    if subresource is not None and subresource.name in CONNECTED:
        text = {"*/*": {"schema": {"type": "string"}}}
        return operation | {"x-kubernetes-action": "connect", "responses": {"200": {"content": text}, "401": {}}}
    return operation | _exchange(verb, resource, kind)


def _exchange(verb: str, resource: Resource, kind: GroupVersionKind) -> JSONObject:
    """Return what a verb takes and answers."""
    custom = resource.custom
    answers = CUSTOM_ANSWERS if custom else ANSWERS
    own = reference(published_name(kind, resource))
    status = reference(f"{META}Status")
    of_list = GroupVersionKind(kind.group, kind.version, resource.list_kind)

    def content(schema: JSONObject, types: tuple[str, ...] = answers) -> JSONObject:
        return {"content": {media_type: {"schema": schema} for media_type in types}}

    def responses(schema: JSONObject, *codes: str) -> JSONObject:
        return {**{code: content(schema) for code in codes}, "401": {}}

    body = {"requestBody": {**content(own, ("*/*",)), "required": True}}
    options = {"requestBody": content(reference(f"{META}DeleteOptions"), ("*/*",))}
    match verb:
        case "list":
            answer = content(reference(published_name(of_list, resource)), CUSTOM_ANSWERS if custom else STREAMS)
            return {"parameters": [_query(name) for name in LIST], "responses": {"200": answer, "401": {}}}
        case "get":
            return {"responses": responses(own, "200")}
        case "create":
            parameters = [_query(name) for name in WRITE]
            return {"parameters": parameters, **body, "responses": responses(own, "200", "201", "202")}
        case "update":
            return {"parameters": [_query(name) for name in WRITE], **body, "responses": responses(own, "200", "201")}
        case "patch":
            patch = content(reference(f"{META}Patch"), CUSTOM_PATCHES if custom else PATCHES)
            return {
                "parameters": [_query(name) for name in (*WRITE, "force")],
                "requestBody": {**patch, "required": True},
                "responses": responses(own, "200", "201"),
            }
        case "delete":
            deleted = own if resource.delete_returns_object else status
            parameters = [_query(name) for name in DELETE]
            return {"parameters": parameters, **options, "responses": responses(deleted, "200", "202")}
        case _:
            parameters = [_query(name) for name in DELETE_COLLECTION]
            return {"parameters": parameters, **options, "responses": responses(status, "200")}
