"""The catalogue of resources, read from the tables of facts."""

import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry, version_priority
from rootspan_apiserver.resources.resource import Resource


def lookup(group: str, version: str, plural: str) -> Resource:
    found = builtin_registry().lookup(group, version, plural)
    assert found is not None
    return found


def test_serves_what_a_default_server_serves() -> None:
    """68 resources in 21 groups, in the order in which a server lists its groups."""
    registry = builtin_registry()
    assert len(list(registry.resources())) == 68
    groups = [group.name for group in registry.groups()]
    assert groups[:4] == ["", "apiregistration.k8s.io", "apps", "events.k8s.io"]
    assert len(groups) == 21
    assert [group.versions for group in registry.groups() if group.name == "autoscaling"] == [("v2", "v1")]


@pytest.mark.parametrize(
    ("group", "plural", "path", "go_type"),
    [
        ("", "configmaps", "/configmaps", "*core.ConfigMap"),
        ("", "nodes", "/minions", "*core.Node"),
        ("", "services", "/services/specs", "*core.Service"),
        ("", "endpoints", "/services/endpoints", "*core.Endpoints"),
        ("", "replicationcontrollers", "/controllers", "*core.ReplicationController"),
        ("apps", "deployments", "/deployments", "*apps.Deployment"),
        ("networking.k8s.io", "ingresses", "/ingress", "*networking.Ingress"),
        ("coordination.k8s.io", "leases", "/leases", "*coordination.Lease"),
        ("rbac.authorization.k8s.io", "roles", "/roles", "*rbac.Role"),
        ("events.k8s.io", "events", "/events", "*core.Event"),
        (
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "/apiextensions.k8s.io/customresourcedefinitions",
            "*apiextensions.CustomResourceDefinition",
        ),
        ("authentication.k8s.io", "tokenreviews", "", "*authentication.TokenReview"),
    ],
)
def test_keeps_resources_where_the_real_server_does(group: str, plural: str, path: str, go_type: str) -> None:
    """A store written by kube-apiserver is found again, and spans name the same types."""
    resource = lookup(group, "v1", plural)
    assert (resource.storage_path, resource.go_type) == (path, go_type)


def test_knows_names_scope_and_subresources() -> None:
    """Short names, categories, scope, subresources and what they take."""
    deployments = lookup("apps", "v1", "deployments")
    assert deployments.short_names == ("deploy",)
    assert deployments.categories == ("all",)
    assert deployments.namespaced
    assert deployments.subresources["scale"].kind == GroupVersionKind("autoscaling", "v1", "Scale")
    assert deployments.subresources["scale"].verbs == {"get", "patch", "update"}
    assert lookup("", "v1", "pods").subresources["eviction"].kind == GroupVersionKind("policy", "v1", "Eviction")
    assert not lookup("", "v1", "namespaces").namespaced
    assert "deletecollection" not in lookup("", "v1", "namespaces").verbs


def test_keeps_two_versions_of_one_kind_in_one_place() -> None:
    """Autoscalers are kept as v2, events as those of the core group, whichever version a client speaks."""
    assert lookup("autoscaling", "v1", "horizontalpodautoscalers").storage_kind.version == "v2"
    assert lookup("events.k8s.io", "v1", "events").storage_kind == GroupVersionKind("", "v1", "Event")


def test_says_which_deletes_answer_the_object() -> None:
    """Clients read the answer of some deletes as the object, of others as a Status."""
    answering = {r.plural for r in builtin_registry().resources() if r.delete_returns_object and not r.kind.group}
    assert answering == {
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
    }


def test_reads_schemas_with_their_merge_keys() -> None:
    """Lists tell how they merge; the fields come in the order in which the server writes them."""
    spec = lookup("", "v1", "pods").schema.properties["spec"]
    containers = spec.properties["containers"]
    assert (containers.list_type, containers.list_map_keys, containers.patch_merge_key) == ("map", ("name",), "name")
    assert spec.properties["volumes"].patch_strategies == {"merge", "retainKeys"}
    assert containers.items is not None
    assert containers.items.properties["ports"].list_map_keys == ("containerPort", "protocol")
    assert list(spec.properties)[:3] == ["volumes", "initContainers", "containers"]
    assert "containers" in spec.required


def test_reads_recursive_types() -> None:
    """The schema of a schema contains itself."""
    definitions = lookup("apiextensions.k8s.io", "v1", "customresourcedefinitions").schema
    versions = definitions.properties["spec"].properties["versions"].items
    assert versions is not None
    schema = versions.properties["schema"].properties["openAPIV3Schema"]
    child = schema.properties["not"]
    assert child.properties["not"].properties is child.properties


def test_selects_events_by_either_groups_labels() -> None:
    """Both groups read the same stored event by their own labels."""
    event = {
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "uid": "u1"},
        "source": {"component": "kubelet"},
        "reason": "Started",
    }
    core = lookup("", "v1", "events").strategy.selectable_fields(event)
    new = lookup("events.k8s.io", "v1", "events").strategy.selectable_fields(event)
    assert (core["involvedObject.uid"], core["source"]) == ("u1", "kubelet")
    assert new["regarding.uid"] == "u1"
    assert "regarding.uid" not in core


def test_tells_of_changes() -> None:
    """A resource is served from the moment it is added; whoever subscribed is told, and no longer after unsubscribing."""
    registry = Registry()
    told: list[int] = []
    stop = registry.subscribe(lambda: told.append(registry.revision))
    pods = lookup("", "v1", "pods")
    registry.add(pods)
    assert registry.by_kind(pods.kind) is pods
    registry.remove(pods)
    stop()
    registry.add(pods)
    assert told == [1, 2]


def test_prefers_stable_and_newer_versions() -> None:
    """The order in which discovery names the versions of a group."""
    versions = ["v1beta1", "foo", "v1", "v2beta1", "v10", "v1alpha1", "v2"]
    assert sorted(versions, key=version_priority) == ["v10", "v2", "v1", "v2beta1", "v1beta1", "v1alpha1", "foo"]
