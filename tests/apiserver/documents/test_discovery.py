"""Discovery documents, legacy and aggregated."""

from hashlib import sha512

import orjson
import pytest

from rootspan_apiserver.documents.discovery import (
    Document,
    aggregated_apis,
    aggregated_core,
    core_versions,
    legacy_group,
    legacy_groups,
    legacy_resources,
)
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.serving import ServedDefinitions
from tests.apiserver.resources.definitions import a_definition

ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def content(document: Document) -> JSONObject:
    found: JSONObject = orjson.loads(document.body)
    return found


def test_core_discovery_names_version_and_address() -> None:
    """`/api` says v1, and where the server is."""
    assert content(core_versions("127.0.0.1:6443")) == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}],
    }


def test_discovery_describes_resource_and_subresource() -> None:
    """A legacy entry, word for word as a server answers it, hash included."""
    resources = content(legacy_resources(builtin_registry(), "", "v1"))["resources"]
    found = {entry["name"]: entry for entry in resources}
    assert found["configmaps"] == {
        "name": "configmaps",
        "singularName": "configmap",
        "namespaced": True,
        "kind": "ConfigMap",
        "verbs": ALL,
        "shortNames": ["cm"],
        "storageVersionHash": "qFsyl6wFWjQ=",
    }
    assert found["pods/eviction"] == {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "group": "policy",
        "version": "v1",
        "kind": "Eviction",
        "verbs": ["create"],
    }


def test_storage_version_hash_is_of_stored_version() -> None:
    """A few kinds are hashed in the beta version they are kept in."""
    document = legacy_resources(builtin_registry(), "apiextensions.k8s.io", "v1")
    assert content(document)["resources"][0]["storageVersionHash"] == "jfWCUB31mvA="


def test_preferred_version_is_first_of_group() -> None:
    """v2 comes before v1 and is preferred."""
    versions = [{"groupVersion": f"autoscaling/{v}", "version": v} for v in ("v2", "v1")]
    group = {"name": "autoscaling", "versions": versions, "preferredVersion": versions[0]}
    assert content(legacy_group(builtin_registry(), "autoscaling")) == {"kind": "APIGroup", "apiVersion": "v1", **group}
    assert group in content(legacy_groups(builtin_registry()))["groups"]


def test_unknown_group_has_no_document() -> None:
    """What is not served is no document."""
    with pytest.raises(KeyError):
        legacy_group(builtin_registry(), "example.com")
    with pytest.raises(KeyError):
        legacy_resources(builtin_registry(), "apps", "v1beta1")


def test_aggregated_discovery_has_resources_and_their_parts() -> None:
    """A resource stands with its names, its verbs and its subresources."""
    document = content(aggregated_apis(builtin_registry()))
    assert document["apiVersion"] == "apidiscovery.k8s.io/v2"
    apps = next(item for item in document["items"] if item["metadata"] == {"name": "apps"})
    resource = next(each for each in apps["versions"][0]["resources"] if each["resource"] == "statefulsets")
    own = {"group": "", "version": "", "kind": "StatefulSet"}
    assert resource == {
        "resource": "statefulsets",
        "responseKind": own,
        "scope": "Namespaced",
        "singularResource": "statefulset",
        "verbs": ALL,
        "shortNames": ["sts"],
        "categories": ["all"],
        "subresources": [
            {
                "subresource": "scale",
                "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                "verbs": ["get", "patch", "update"],
            },
            {"subresource": "status", "responseKind": own, "verbs": ["get", "patch", "update"]},
        ],
    }


def test_core_group_is_only_below_api() -> None:
    """The core group has no name and a document of its own."""
    (core,) = content(aggregated_core(builtin_registry()))["items"]
    assert core["metadata"] == {}
    assert core["versions"][0]["freshness"] == "Current"


def test_document_has_its_hash_as_entity_tag() -> None:
    """The entity tag is the SHA-512 of the document in capital letters; the same state makes the same document."""
    registry = builtin_registry()
    document = aggregated_apis(registry)
    assert document.etag == sha512(document.body.rstrip(b"\n")).hexdigest().upper()
    assert aggregated_apis(registry) is document


def test_custom_resources_appear_at_once() -> None:
    """The moment a definition is served every document knows it, and forgets it when it goes."""
    registry = builtin_registry()
    before = aggregated_apis(registry)
    served = ServedDefinitions(registry)
    served.put(a_definition(subresources={"status": {}}))
    after = aggregated_apis(registry)
    assert after.etag != before.etag
    last = content(after)["items"][-1]
    kind = {"group": "example.com", "version": "v1", "kind": "Widget"}
    assert last["metadata"] == {"name": "example.com"}
    assert last["versions"][0]["resources"][0]["responseKind"] == kind
    names = [entry["name"] for entry in content(legacy_resources(registry, "example.com", "v1"))["resources"]]
    assert names == ["widgets", "widgets/status"]
    served.remove("widgets.example.com")
    assert aggregated_apis(registry) == before
