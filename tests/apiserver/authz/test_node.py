"""The mode Node: which objects a kubelet may reach by the pods on its node, and the reasons of a refusal."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rootspan_apiserver.authz.node_graph import edges_of_pod, edges_of_volume
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from tests.apiserver.authz.asking import Asker, asking

pytestmark = pytest.mark.anyio
TEAM = "/api/v1/namespaces/team"
UNRELATED = "no relationship found between node '{}' and this object"
CLAIM_SPEC = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1"}}}


def named(name: str, **fields: Any) -> JSONObject:
    return {"metadata": {"name": name}, **fields}


def pod(name: str, node: str, **spec: Any) -> JSONObject:
    container = {"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "env"}}]}
    given = {"automountServiceAccountToken": False, "nodeName": node, "containers": [container], **spec}
    return named(name, spec=given)


VOLUMES = [
    {"name": "a", "configMap": {"name": "conf"}},
    {"name": "b", "persistentVolumeClaim": {"claimName": "disk"}},
    {"name": "c", "ephemeral": {"volumeClaimTemplate": {"spec": CLAIM_SPEC}}},
]


@pytest.fixture
async def cluster() -> AsyncIterator[Asker]:
    """A pod on n1 and what it needs; none on n2."""
    async with asking(authorization="Node,RBAC") as asker:
        await asker.create("/api/v1/namespaces", named("team"))
        await asker.create("/api/v1/nodes", named("n1"), named("n2"))
        await asker.create(f"{TEAM}/serviceaccounts", named("worker"))
        csi = {
            "driver": "d",
            "volumeHandle": "h",
            "nodeStageSecretRef": {"name": "stage", "namespace": "team"},
            "controllerPublishSecretRef": {"name": "publish", "namespace": "team"},
        }
        claim = {"namespace": "team", "name": "disk"}
        spec = {"capacity": {"storage": "1"}, "accessModes": ["ReadWriteOnce"], "csi": csi, "claimRef": claim}
        await asker.create("/api/v1/persistentvolumes", named("volume", spec=spec))
        attached = {"attacher": "d", "nodeName": "n1", "source": {"persistentVolumeName": "volume"}}
        await asker.create("/apis/storage.k8s.io/v1/volumeattachments", named("attached", spec=attached))
        sliced = {
            "driver": "d.example",
            "nodeName": "n1",
            "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
        }
        await asker.create("/apis/resource.k8s.io/v1/resourceslices", named("devices", spec=sliced))
        claims = [{"name": "r", "resourceClaimName": "gpu"}]
        needing = pod("p", "n1", volumes=VOLUMES, resourceClaims=claims, serviceAccountName="worker")
        await asker.create(f"{TEAM}/pods", needing)
        yield asker


async def decision(asker: Asker, node: str, verb: str, resource: str, name: str = "", **asked: str) -> str:
    """`allowed`, or the reason of a refusal."""
    fields = {"namespace": "team", **asked} if asked.get("namespace") != "-" else {**asked, "namespace": ""}
    status = await asker.review(
        f"system:node:{node}", "system:nodes", verb=verb, resource=resource, name=name, **fields
    )
    return "allowed" if status["allowed"] else str(status.get("reason", ""))


NEEDED: list[tuple[str, str, dict[str, str]]] = [
    ("pods", "p", {}),
    ("secrets", "env", {}),
    ("configmaps", "conf", {}),
    ("serviceaccounts", "worker", {}),
    ("persistentvolumeclaims", "disk", {}),
    ("persistentvolumeclaims", "p-c", {}),
    ("secrets", "stage", {}),
    ("persistentvolumes", "volume", {"namespace": "-"}),
    ("resourceclaims", "gpu", {"group": "resource.k8s.io"}),
    ("volumeattachments", "attached", {"group": "storage.k8s.io", "namespace": "-"}),
    ("resourceslices", "devices", {"group": "resource.k8s.io", "namespace": "-"}),
]


async def test_node_gets_what_its_pods_need(cluster: Asker) -> None:
    """Another node does not, nor does it another object of the kind, nor another user in its name."""
    for resource, name, asked in NEEDED:
        assert await decision(cluster, "n1", "get", resource, name, **asked) == "allowed"
        assert await decision(cluster, "n2", "get", resource, name, **asked) == UNRELATED.format("n2")
        assert await decision(cluster, "n1", "get", resource, "other", **asked) == UNRELATED.format("n1")
        status = await cluster.review("system:node:n1", verb="get", resource=resource, name=name, namespace="team")
        assert status == {"allowed": False}


BY_KIND: list[tuple[str, str, dict[str, str], str]] = [
    ("get", "secrets", {"name": "publish"}, UNRELATED.format("n1")),
    ("list", "secrets", {}, "No Object name found"),
    ("delete", "secrets", {"name": "env"}, "can only read resources of this type"),
    ("get", "secrets", {"name": "env", "subresource": "x"}, "cannot read subresource"),
    ("list", "secrets", {"namespace": "-"}, "can only read namespaced object of this type"),
    ("list", "persistentvolumeclaims", {}, "can only get individual resources of this type"),
    ("get", "persistentvolumes", {"name": "volume", "subresource": "status"}, "cannot get subresource"),
    (
        "get",
        "persistentvolumeclaims",
        {"name": "disk", "subresource": "status"},
        "can only get/update/patch this type",
    ),
    ("patch", "persistentvolumeclaims", {"name": "disk", "subresource": "status"}, "allowed"),
    ("create", "serviceaccounts", {"name": "worker", "subresource": "token"}, "allowed"),
    ("create", "serviceaccounts", {"name": "default", "subresource": "token"}, UNRELATED.format("n1")),
    ("create", "serviceaccounts", {"name": "worker"}, "can only create token subresource of serviceaccount"),
    ("update", "serviceaccounts", {"name": "worker"}, "can only create tokens for individual service accounts"),
    ("list", "pods", {}, "can only list/watch pods with spec.nodeName field selector"),
    ("create", "pods", {}, "allowed"),
    ("update", "pods", {"name": "p"}, ""),
    ("create", "pods", {"name": "p", "subresource": "eviction"}, "allowed"),
    ("get", "pods", {"name": "p", "subresource": "log"}, ""),
    ("get", "nodes", {"name": "n1"}, "allowed"),
    ("get", "nodes", {"name": "n2"}, "node 'n1' cannot read 'n2', only its own Node object"),
    ("list", "nodes", {}, "node 'n1' cannot read all nodes, only its own Node object"),
    ("delete", "nodes", {"name": "n1"}, ""),
    ("list", "services", {}, "allowed"),
    ("update", "services", {"name": "x"}, ""),
    ("list", "resourcequotas", {}, ""),
]


async def test_kinds_have_rules_of_their_own(cluster: Asker) -> None:
    """What is not about single objects is allowed as by the role `system:node`; a refusal has kube-apiserver's reason, or none."""
    for verb, resource, asked, told in BY_KIND:
        assert await decision(cluster, "n1", verb, resource, **asked) == told, (verb, resource, asked)


OWN: list[tuple[str, str, dict[str, str], str]] = [
    ("coordination.k8s.io", "leases", {"verb": "update", "name": "n1", "namespace": "kube-node-lease"}, "allowed"),
    ("coordination.k8s.io", "leases", {"verb": "create", "namespace": "kube-node-lease"}, "allowed"),
    (
        "coordination.k8s.io",
        "leases",
        {"verb": "get", "name": "n2", "namespace": "kube-node-lease"},
        "can only access node lease with the same name as the requesting node",
    ),
    (
        "coordination.k8s.io",
        "leases",
        {"verb": "get", "name": "n1"},
        'can only access leases in the "kube-node-lease" system namespace',
    ),
    (
        "coordination.k8s.io",
        "leases",
        {"verb": "list", "namespace": "kube-node-lease"},
        "can only get, create, update, patch, or delete a node lease",
    ),
    ("storage.k8s.io", "csinodes", {"verb": "patch", "name": "n1"}, "allowed"),
    (
        "storage.k8s.io",
        "csinodes",
        {"verb": "get", "name": "n2"},
        "can only access CSINode with the same name as the requesting node",
    ),
    ("storage.k8s.io", "csinodes", {"verb": "list"}, "can only get, create, update, patch, or delete a CSINode"),
    (
        "storage.k8s.io",
        "csinodes",
        {"verb": "get", "name": "n1", "subresource": "status"},
        "cannot authorize CSINode subresources",
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        {"verb": "list"},
        "can only list/watch/deletecollection resourceslices with nodeName field selector",
    ),
    ("resource.k8s.io", "resourceslices", {"verb": "create"}, "allowed"),
    ("certificates.k8s.io", "podcertificaterequests", {"verb": "create"}, ""),
]


async def test_own_objects_of_a_node(cluster: Asker) -> None:
    """Leases and CSINodes are its own by their names; slices by a selector or by their node."""
    for group, resource, asked, told in OWN:
        assert await decision(cluster, "n1", resource=resource, group=group, **asked) == told, (resource, asked)


async def test_lists_are_allowed_by_field_selectors(cluster: Asker) -> None:
    """Of a node's pods and slices, and of single objects that are related to it."""
    for path, code in (
        (f"{TEAM}/pods?fieldSelector=spec.nodeName%3Dn1", 200),
        (f"{TEAM}/pods?fieldSelector=spec.nodeName%3Dn2", 403),
        (f"{TEAM}/pods?fieldSelector=spec.nodeName!%3Dn1", 403),
        (f"{TEAM}/pods?fieldSelector=metadata.name%3Dp", 200),
        (f"{TEAM}/secrets?fieldSelector=metadata.name%3Denv", 200),
        (f"{TEAM}/secrets?fieldSelector=metadata.name%3Dother", 403),
        ("/apis/resource.k8s.io/v1/resourceslices?fieldSelector=spec.nodeName%3Dn1", 200),
        ("/api/v1/nodes?fieldSelector=metadata.name%3Dn1", 200),
    ):
        assert (
            await cluster.request("GET", path, as_user="system:node:n1", groups="system:nodes")
        ).status_code == code, path


async def test_relations_end_with_the_pod(cluster: Asker) -> None:
    """The next request knows that the pod is gone, or that another needs the same."""
    await cluster.create(f"{TEAM}/pods", pod("q", "n2"))
    assert await decision(cluster, "n2", "get", "secrets", "env") == "allowed"
    assert (await cluster.request("DELETE", f"{TEAM}/pods/p?gracePeriodSeconds=0")).status_code == 200
    assert await decision(cluster, "n1", "get", "secrets", "env") == UNRELATED.format("n1")
    assert await decision(cluster, "n1", "get", "configmaps", "conf") == UNRELATED.format("n1")
    assert await decision(cluster, "n2", "get", "secrets", "env") == "allowed"


async def test_nodes_without_names_and_their_rules(cluster: Asker) -> None:
    """A kubelet that is not named is refused, and the rules of one are not listed."""
    status = await cluster.review(
        "system:node:", "system:nodes", verb="get", resource="pods", name="p", namespace="team"
    )
    assert status == {"allowed": False, "reason": 'unknown node for user "system:node:"'}
    rules = await cluster.rules("team", "system:node:n1", "system:nodes system:authenticated")
    assert (rules["incomplete"], rules["evaluationError"]) == (
        True,
        "node authorizer does not support user rule resolution",
    )


def test_mirror_pods_give_nodes_nothing_but_themselves() -> None:
    """Kubelets create them."""
    mirror = pod("m", "n1", volumes=VOLUMES)
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    [(start, end)] = edges_of_pod(ObjectKey("team", "m"), mirror)
    assert (start.resource, end.resource, end.name) == ("pods", "nodes", "n1")
    assert not list(edges_of_pod(ObjectKey("team", "m"), pod("m", "")))


def test_claims_that_were_made_for_a_pod_are_in_its_status() -> None:
    """Those from templates, and those for extended resources."""
    claiming = pod("m", "n1", resourceClaims=[{"name": "a", "resourceClaimTemplateName": "t"}, {"name": "b"}])
    claiming["status"] = {
        "resourceClaimStatuses": [{"name": "a", "resourceClaimName": "m-a-x"}, {"name": "b"}],
        "extendedResourceClaimStatus": {"resourceClaimName": "m-ext"},
    }
    starts = [start for start, _ in edges_of_pod(ObjectKey("team", "m"), claiming)]
    assert [start.name for start in starts if start.resource == "resourceclaims"] == ["m-a-x", "m-ext"]


@pytest.mark.parametrize(
    ("source", "secrets"),
    [
        ({"azureFile": {"secretName": "s"}}, [("team", "s")]),
        ({"azureFile": {"secretName": "s", "secretNamespace": "x"}}, [("x", "s")]),
        ({"cephfs": {"secretRef": {"name": "s"}}}, [("team", "s")]),
        ({"iscsi": {"secretRef": {"name": "s", "namespace": "x"}}}, [("x", "s")]),
        ({"csi": {"nodeExpandSecretRef": {"name": "s", "namespace": "x"}}}, [("x", "s")]),
        ({"csi": {"controllerExpandSecretRef": {"name": "s", "namespace": "x"}}}, []),
    ],
)
def test_secrets_of_volumes(source: JSONObject, secrets: list[tuple[str, str]]) -> None:
    """In the namespace of the claim, if the volume names none; those for controllers are not for kubelets."""
    volume = named("v", spec={"claimRef": {"namespace": "team", "name": "c"}, **source})
    starts = [start for start, _ in edges_of_volume(ObjectKey("", "v"), volume)]
    assert [(start.namespace, start.name) for start in starts if start.resource == "secrets"] == secrets
    assert not list(edges_of_volume(ObjectKey("", "v"), named("v", spec=source)))
