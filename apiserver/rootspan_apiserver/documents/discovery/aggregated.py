"""Aggregated discovery (apidiscovery.k8s.io/v2): everything below `/api` or `/apis` in one document with an entity tag.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery/aggregated/handler.go
"""

from rootspan_apiserver.documents.discovery.aggregation import DiscoveredGroup, discovered_groups
from rootspan_apiserver.documents.discovery.document import Document
from rootspan_apiserver.documents.discovery.legacy import verbs_of
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision
from rootspan_apiserver.resources.resource import Resource, Subresource


@once_per_revision
def aggregated_apis(registry: Registry) -> Document:
    """Return the answer to `/apis`."""
    return _list(discovered_groups(registry), registry)


@once_per_revision
def aggregated_core(registry: Registry) -> Document:
    """Return the answer to `/api`."""
    core = [DiscoveredGroup("", group.versions) for group in registry.groups() if not group.name]
    return _list(core, registry)


def _list(groups: list[DiscoveredGroup], registry: Registry) -> Document:
    content = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [_group(group, registry) for group in groups],
    }
    return Document.of(content)


def _group(group: DiscoveredGroup, registry: Registry) -> JSONObject:
    versions = []
    for version in group.versions:
        entry: JSONObject = {"version": version}
        other = group.aggregated.get(version)
        if other is None:
            entry["resources"] = [_resource(resource) for resource in registry.in_version(group.name, version)]
        elif other.resources:
            entry["resources"] = list(other.resources)
        versions.append(entry | {"freshness": "Current" if other is None or other.fresh else "Stale"})
    return {"metadata": {"name": group.name} if group.name else {}, "versions": versions}


def _kind(kind: GroupVersionKind, resource: Resource) -> JSONObject:
    """The group and version stand empty where they are the resource's own, except for custom resources."""
    own = (kind.group, kind.version) == (resource.kind.group, resource.kind.version)
    if own and not resource.custom:
        return {"group": "", "version": "", "kind": kind.kind}
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(resource: Resource) -> JSONObject:
    entry: JSONObject = {
        "resource": resource.plural,
        "responseKind": _kind(resource.kind, resource),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": verbs_of(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        names = sorted(resource.subresources)
        entry["subresources"] = [_subresource(resource, resource.subresources[name]) for name in names]
    return entry


def _subresource(resource: Resource, subresource: Subresource) -> JSONObject:
    return {
        "subresource": subresource.name,
        "responseKind": _kind(subresource.kind, resource),
        "verbs": sorted(subresource.verbs),
    }
