"""Legacy discovery: `/api`, `/apis`, `/apis/GROUP`, `/api/v1` and `/apis/GROUP/VERSION`.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery/legacy.go, group.go, version.go
"""

from base64 import b64encode
from hashlib import sha256

from rootspan_apiserver.documents.discovery.aggregation import DiscoveredGroup, discovered_groups
from rootspan_apiserver.documents.discovery.document import Document
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision
from rootspan_apiserver.resources.resource import Resource, Subresource

CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]


def core_versions(address: str) -> Document:
    """Return the answer to `/api`; `address` is the server's `host:port`."""
    server = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
    return Document.of({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [server]})


@once_per_revision
def legacy_groups(registry: Registry) -> Document:
    """Return the answer to `/apis`."""
    groups = [_group(group) for group in discovered_groups(registry)]
    return Document.of({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


@once_per_revision
def legacy_group(registry: Registry, group: str) -> Document:
    """Return the answer to `/apis/GROUP`.

    Raises:
        KeyError: nothing of that group is served.
    """
    found = {known.name: known for known in discovered_groups(registry)}[group]
    return Document.of({"kind": "APIGroup", "apiVersion": "v1", **_group(found)})


@once_per_revision
def legacy_resources(registry: Registry, group: str, version: str) -> Document:
    """Return the answer to `/apis/GROUP/VERSION`, and to `/api/v1` with the empty group.

    Raises:
        KeyError: nothing of that group-version is served.
    """
    resources = registry.in_version(group, version)
    if not resources:
        raise KeyError((group, version))
    head = {"kind": "APIResourceList", "apiVersion": "v1"} if group else {"kind": "APIResourceList"}
    entries = [entry for resource in resources for entry in _entries(resource)]
    return Document.of({**head, "groupVersion": f"{group}/{version}" if group else version, "resources": entries})


def _group(group: DiscoveredGroup) -> JSONObject:
    versions = [{"groupVersion": f"{group.name}/{version}", "version": version} for version in group.versions]
    return {"name": group.name, "versions": versions, "preferredVersion": versions[0]}


def _entries(resource: Resource) -> list[JSONObject]:
    entry: JSONObject = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind.kind,
        "verbs": CUSTOM_VERBS if resource.custom else sorted(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.storage_path:
        entry["storageVersionHash"] = storage_version_hash(resource)
    # Those of a custom resource stand in the order of its definition: status, then scale.
    names = list(resource.subresources) if resource.custom else sorted(resource.subresources)
    return [entry, *(_subresource_entry(resource, resource.subresources[name]) for name in names)]


def _subresource_entry(resource: Resource, subresource: Subresource) -> JSONObject:
    kind = subresource.kind
    elsewhere = (kind.group, kind.version) != (resource.kind.group, resource.kind.version)
    return {
        "name": f"{resource.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        **({"group": kind.group, "version": kind.version} if elsewhere else {}),
        "kind": kind.kind,
        "verbs": sorted(subresource.verbs),
    }


def storage_version_hash(resource: Resource) -> str:
    """Return what stands for the version a resource is kept in: the begin of the kind's SHA-256.

    kube-apiserver keeps a few kinds in a version older than the one it serves; the hash is of that one.
    """
    kind = resource.storage_kind
    version = resource.definition.hashed_version or kind.version
    return b64encode(sha256(f"{kind.group}/{version}/{kind.kind}".encode()).digest()[:8]).decode()
