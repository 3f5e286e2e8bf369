"""Namespaces: the system's are there, every one has what pods need, and a deleted one ends."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio

NAMESPACES = "/api/v1/namespaces"
POD = {"containers": [{"name": "c", "image": "nginx"}]}


async def test_system_namespaces_exist_at_start() -> None:
    """With the priority classes of the system and the server's own Service."""
    async with cluster() as client:
        assert await client.names(NAMESPACES) == ["default", "kube-node-lease", "kube-public", "kube-system"]
        assert await client.names("/apis/scheduling.k8s.io/v1/priorityclasses") == [
            "system-cluster-critical",
            "system-node-critical",
        ]
        service = await client.send("GET", f"{NAMESPACES}/default/services/kubernetes")
        assert service["spec"]["clusterIP"] == "10.0.0.1"


async def test_new_namespace_gets_service_account_and_root_ca() -> None:
    """`default` and `kube-root-ca.crt` are made, and made again when they are deleted or changed."""
    async with cluster() as client:
        await client.create(NAMESPACES, "Namespace", "team")
        account = f"{NAMESPACES}/team/serviceaccounts/default"
        authority = f"{NAMESPACES}/team/configmaps/kube-root-ca.crt"
        uid = (await client.until_there(account))["metadata"]["uid"]
        data = (await client.until_there(authority))["data"]
        assert data["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
        await client.delete(account)
        await client.until(account, lambda obj: obj is not None and obj["metadata"]["uid"] != uid)
        await client.send("PATCH", authority, {"data": {"ca.crt": "x"}}, content_type="application/merge-patch+json")
        await client.until(authority, lambda obj: obj is not None and obj["data"] == data)


async def test_contents_are_deleted_with_their_namespace() -> None:
    """Objects of several groups and versions are deleted, then the namespace itself."""
    async with cluster() as client:
        await client.create(NAMESPACES, "Namespace", "team")
        await client.create(f"{NAMESPACES}/team/configmaps", "ConfigMap", "c")
        await client.create(f"{NAMESPACES}/team/secrets", "Secret", "s")
        await client.create(
            "/apis/coordination.k8s.io/v1/namespaces/team/leases", "Lease", "l", api_version="coordination.k8s.io/v1"
        )
        await client.delete(f"{NAMESPACES}/team")
        await client.until_gone(f"{NAMESPACES}/team")
        await client.create(NAMESPACES, "Namespace", "team")
        assert "c" not in await client.names(f"{NAMESPACES}/team/configmaps")
        assert await client.names(f"{NAMESPACES}/team/secrets") == []
        assert await client.names("/apis/coordination.k8s.io/v1/namespaces/team/leases") == []


async def test_finalizer_of_contents_holds_namespace_and_is_reported() -> None:
    """The namespace waits, names what it waits for, and ends as soon as that lets go."""
    async with cluster() as client:
        await client.create(NAMESPACES, "Namespace", "team")
        held = f"{NAMESPACES}/team/configmaps/held"
        await client.create(
            f"{NAMESPACES}/team/configmaps", "ConfigMap", "held", metadata={"finalizers": ["example.com/f"]}
        )
        await client.delete(f"{NAMESPACES}/team")
        waiting = await client.until(
            f"{NAMESPACES}/team",
            lambda obj: (
                obj is not None
                and any(
                    each["type"] == "NamespaceFinalizersRemaining" for each in obj["status"].get("conditions") or ()
                )
            ),
        )
        assert waiting is not None
        told = {each["type"]: (each["status"], each["message"]) for each in waiting["status"]["conditions"]}
        assert told["NamespaceFinalizersRemaining"] == (
            "True",
            "Some content in the namespace has finalizers remaining: example.com/f in 1 resource instances",
        )
        assert told["NamespaceContentRemaining"][0] == "True"
        await client.patch_metadata(held, finalizers=None)
        await client.until_gone(f"{NAMESPACES}/team")


async def test_pod_on_missing_node_does_not_hold_its_namespace() -> None:
    """After its grace period it is removed for the node, which will never say that it stopped."""
    async with cluster() as client:
        await client.create(NAMESPACES, "Namespace", "team")
        spec = {
            "nodeName": "nowhere",
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "c", "image": "nginx"}],
        }
        await client.create(f"{NAMESPACES}/team/pods", "Pod", "p", spec=spec)
        await client.delete(f"{NAMESPACES}/team")
        await client.until_gone(f"{NAMESPACES}/team")


def established(definition: JSONObject | None) -> bool:
    conditions = (definition or {}).get("status", {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com"
WIDGETS = "/apis/example.com/v1/namespaces/team/widgets"
MISLEADING = {"deletionTimestamp": "2026-01-02T03:04:05Z"}


async def define_widgets(client: Client, **metadata: Any) -> None:
    definition = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    }
    collection, _, name = DEFINITION.rpartition("/")
    api_version = "apiextensions.k8s.io/v1"
    await client.create(
        collection, "CustomResourceDefinition", name, api_version=api_version, metadata=metadata, spec=definition
    )
    await client.until(DEFINITION, established)


async def test_namespace_with_misleading_contents_is_deleted() -> None:
    """`deletionTimestamp` as a key of data, a label, an annotation or a field of a custom resource is no deletion."""
    async with cluster() as client:
        await define_widgets(client)
        await client.create(NAMESPACES, "Namespace", "team")
        config_maps = f"{NAMESPACES}/team/configmaps"
        await client.create(config_maps, "ConfigMap", "data", data=MISLEADING)
        await client.create(config_maps, "ConfigMap", "annotated", metadata={"annotations": MISLEADING})
        await client.create(
            f"{NAMESPACES}/team/pods", "Pod", "pod", metadata={"labels": {"deletionTimestamp": "x"}}, spec=POD
        )
        await client.create(WIDGETS, "Widget", "w", api_version="example.com/v1", spec=MISLEADING)
        await client.delete(f"{NAMESPACES}/team")
        await client.until_gone(f"{NAMESPACES}/team")
        assert "data" not in await client.names("/api/v1/configmaps")
        assert await client.names("/apis/example.com/v1/widgets") == []


async def test_namespace_with_misleading_labels_gets_its_objects() -> None:
    """A label `deletionTimestamp` does not make it one that is being deleted."""
    async with cluster() as client:
        labels = {"deletionTimestamp": "x"}
        await client.create(NAMESPACES, "Namespace", "team", metadata={"labels": labels, "annotations": MISLEADING})
        await client.until_there(f"{NAMESPACES}/team/serviceaccounts/default")
        await client.until_there(f"{NAMESPACES}/team/configmaps/kube-root-ca.crt")


async def test_definition_with_misleading_objects_is_deleted() -> None:
    """Custom resources that have a field or an annotation `deletionTimestamp` are deleted with their definition."""
    async with cluster() as client:
        await define_widgets(client, annotations=MISLEADING)
        await client.create(NAMESPACES, "Namespace", "team")
        await client.create(WIDGETS, "Widget", "w", api_version="example.com/v1", spec=MISLEADING)
        annotated = {"annotations": MISLEADING}
        await client.create(WIDGETS, "Widget", "annotated", api_version="example.com/v1", metadata=annotated)
        await client.delete(DEFINITION)
        await client.until_gone(DEFINITION)
        await define_widgets(client)
        assert await client.names(WIDGETS) == []


async def test_custom_resources_are_deleted_with_their_namespace() -> None:
    """What a CustomResourceDefinition added is deleted like everything else."""
    async with cluster() as client:
        await define_widgets(client)
        await client.create(NAMESPACES, "Namespace", "team")
        await client.create(WIDGETS, "Widget", "w", api_version="example.com/v1")
        await client.delete(f"{NAMESPACES}/team")
        await client.until_gone(f"{NAMESPACES}/team")
        assert await client.names("/apis/example.com/v1/widgets") == []


async def test_controllers_are_disabled_by_name() -> None:
    """Without namespace-controller a namespace stays Terminating; without serviceaccount-controller nobody makes accounts."""
    async with cluster("--controllers=*,-namespace-controller,-serviceaccount-controller") as client:
        await client.create(NAMESPACES, "Namespace", "team")
        await client.until_there(f"{NAMESPACES}/team/configmaps/kube-root-ca.crt")
        assert await client.names(f"{NAMESPACES}/team/serviceaccounts") == []
        going = await client.delete(f"{NAMESPACES}/team")
        assert (going["status"]["phase"], going["spec"]["finalizers"]) == ("Terminating", ["kubernetes"])
        assert (await client.send("GET", f"{NAMESPACES}/team"))["metadata"]["uid"] == going["metadata"]["uid"]
