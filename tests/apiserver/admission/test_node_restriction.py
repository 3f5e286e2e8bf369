"""NodeRestriction: what a node may write, in the words of kube-apiserver."""

from typing import Any

import pytest

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.authz.privileged_groups import PrivilegedGroups
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import User
from tests.apiserver.admission.objects_of_nodes import account, node, pod, refusal
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio
N1 = User("system:node:n1", groups=("system:nodes",))
ENABLED = ["NodeRestriction"]
MIRROR = {"kubernetes.io/config.mirror": "x"}
OWNER = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u1", "controller": True}


async def denied(parts: Parts, obj: JSONObject | None, path: str, **fields: Any) -> str:
    return await refusal(parts, obj, path, **({"user": N1} | fields))


def owned(*owners: JSONObject, **spec: Any) -> JSONObject:
    made = pod(annotations=MIRROR, nodeName="n1", **({"serviceAccountName": ""} | spec))
    made["metadata"]["ownerReferences"] = list(owners)
    return made


async def test_other_users_are_not_restricted() -> None:
    """A name alone makes no node, nor a group; a node without a name may write nothing."""
    async with admission(enable=ENABLED) as parts:
        account(parts)
        for user in (User("system:node:n1"), User("bob", groups=("system:nodes",))):
            assert await denied(parts, pod(), "pods", user=user) == ""
        nameless = User("system:node:", groups=("system:nodes",))
        words = 'could not determine node from user "system:node:"'
        assert await denied(parts, pod(), "pods", user=nameless) == words


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (pod(), 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods'),
        (
            pod(annotations=MIRROR, serviceAccountName="", nodeName="n2"),
            'node "n1" can only create pods with spec.nodeName set to itself',
        ),
        (owned(), 'node "n1" can only create pods with an owner reference set to itself'),
        (owned(OWNER, OWNER), 'node "n1" can only create pods with a single owner reference set to itself'),
        (owned({**OWNER, "name": "n2"}), 'node "n1" can only create pods with an owner reference set to itself'),
        (
            owned({**OWNER, "controller": False}),
            'node "n1" can only create pods with a controller owner reference set to itself',
        ),
        (
            owned({**OWNER, "blockOwnerDeletion": True}),
            'node "n1" must not set blockOwnerDeletion on an owner reference',
        ),
        (owned({**OWNER, "uid": "u2"}), "node n1 UID mismatch: expected u2 got u1"),
        (
            owned(OWNER, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]),
            'node "n1" can not create pods that reference persistentvolumeclaims',
        ),
        (owned(OWNER, resourceClaims=[{"name": "r"}]), 'node "n1" can not create pods that reference resourceclaims'),
        (
            owned(OWNER, volumes=[{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {}}]}}]),
            'node "n1" can not create pods that reference clustertrustbundles',
        ),
        (
            owned(OWNER, containers=[{"name": "c", "envFrom": [{"configMapRef": {"name": "m"}}]}]),
            'node "n1" can not create pods that reference configmaps',
        ),
        (owned(OWNER, volumes=[{"name": "v", "hostPath": {"path": "/"}}]), ""),
    ],
)
async def test_node_creates_mirror_pods_of_its_own_alone(made: JSONObject, words: str) -> None:
    """They run on the node, it owns them, and they refer to no other objects."""
    async with admission(enable=ENABLED) as parts:
        parts.put("nodes", node())
        account(parts)
        assert await denied(parts, made, "pods") == words


async def test_node_changes_status_of_its_own_pods_alone() -> None:
    """Neither their labels nor what others write into the status; it deletes and evicts its own pods."""
    async with admission(enable=ENABLED) as parts:
        own, other = pod("own", nodeName="n1"), pod("other", nodeName="n2")
        for each in (own, other):
            parts.put("pods", each)
        update: dict[str, Any] = {"operation": "UPDATE", "subresource": "status"}
        assert await denied(parts, own, "pods", old=own, **update) == ""
        only = 'node "n1" can only update pod status for pods with spec.nodeName set to itself'
        assert await denied(parts, other, "pods", old=other, **update) == only
        labelled = {**own, "metadata": {**own["metadata"], "labels": {"a": "b"}}}
        assert (
            await denied(parts, labelled, "pods", old=own, **update)
            == 'node "n1" cannot update labels through pod status'
        )
        claimed = {**own, "status": {"resourceClaimStatuses": [{"name": "a"}]}}
        assert (
            await denied(parts, claimed, "pods", old=own, **update) == 'node "n1" cannot update resource claim statues'
        )
        words = 'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods'
        assert await denied(parts, own, "pods", old=own, operation="UPDATE") == words
        assert await denied(parts, None, "pods", old=own, operation="DELETE") == ""
        delete = 'node "n1" can only delete pods with spec.nodeName set to itself'
        assert await denied(parts, None, "pods", old=other, operation="DELETE") == delete
        assert await denied(parts, None, "pods", old=pod("gone"), operation="DELETE") == 'pod "gone" not found'
        evict = "node n1 can only evict pods with spec.nodeName set to itself"
        assert await denied(parts, other, "pods", subresource="eviction") == evict
        subresource = "unexpected pod subresource \"resize\", only 'status' and 'eviction' are allowed"
        assert await denied(parts, own, "pods", old=own, operation="UPDATE", subresource="resize") == subresource


async def test_node_changes_itself_within_bounds() -> None:
    """Not its taints, owners, and the labels that are kept from nodes; not other nodes."""
    async with admission(enable=ENABLED) as parts:
        kept = {"kubernetes.io/os": "linux", "kubelet.kubernetes.io/a": "1", "free": "x", "x.node.kubernetes.io/b": "2"}
        assert await denied(parts, node(labels=kept), "nodes") == ""
        assert await denied(parts, node("n2"), "nodes") == 'node "n1" is not allowed to modify node "n2"'
        taken = {"node-restriction.kubernetes.io/a": "1", "foo.k8s.io/b": "2"}
        labels = "foo.k8s.io/b, node-restriction.kubernetes.io/a"
        words = f'node "n1" is not allowed to set the following labels: {labels}'
        assert await denied(parts, node(labels=taken), "nodes") == words
        update: dict[str, Any] = {"operation": "UPDATE", "old": node()}
        assert (
            await denied(parts, node(labels=taken), "nodes", **update) == f"is not allowed to modify labels: {labels}"
        )
        tainted = node(spec={"taints": [{"key": "a", "effect": "NoSchedule"}]})
        assert await denied(parts, tainted, "nodes", **update) == 'node "n1" is not allowed to modify taints'
        had = {"operation": "UPDATE", "old": node(labels=taken)}
        assert await denied(parts, node(labels=taken), "nodes", **had) == ""


@pytest.mark.parametrize(
    ("path", "metadata", "body", "words"),
    [
        ("coordination.k8s.io/v1/leases", {"name": "n1", "namespace": "default"}, {}, 'can only access leases in the "kube-node-lease" system namespace'),
        ("coordination.k8s.io/v1/leases", {"name": "n2", "namespace": "kube-node-lease"}, {}, "can only access node lease with the same name as the requesting node"),
        ("coordination.k8s.io/v1/leases", {"name": "n1", "namespace": "kube-node-lease"}, {}, ""),
        ("storage.k8s.io/v1/csinodes", {"name": "n2"}, {}, "can only access CSINode with the same name as the requesting node"),
        ("resource.k8s.io/v1/resourceslices", {"name": "s"}, {"spec": {"nodeName": "n2"}}, "can only create ResourceSlice with the same NodeName as the requesting node"),
        ("resource.k8s.io/v1/resourceslices", {"name": "s"}, {"spec": {"nodeName": "n1"}}, ""),
        ("persistentvolumeclaims", {"name": "c", "namespace": "default"}, {}, "may only update PVC status"),
        ("certificates.k8s.io/v1/certificatesigningrequests", {"name": "c"}, {"spec": {"signerName": "kubernetes.io/kubelet-serving", "request": "eA=="}}, "unable to parse csr: PEM block type must be CERTIFICATE REQUEST"),
        ("certificates.k8s.io/v1/certificatesigningrequests", {"name": "c"}, {"spec": {"signerName": "example.com/own", "request": "eA=="}}, ""),
    ],
)  # fmt: skip
async def test_node_writes_objects_of_its_own_name(
    path: str, metadata: JSONObject, body: JSONObject, words: str
) -> None:
    """Leases, CSINodes, ResourceSlices, claims and certificate requests."""
    async with admission(enable=ENABLED) as parts:
        parts.namespace("kube-node-lease")
        assert await denied(parts, {"metadata": metadata, **body}, path) == words


class Audiences:
    """Allows tokens for one audience."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        asked = (attributes.verb, attributes.resource, attributes.namespace, attributes.name)
        allowed = asked == ("request-serviceaccounts-token-audience", "vault", "default", "robot")
        return AuthorizationDecision("allow" if allowed else "no opinion")


def token_request(pod_name: str, uid: str = "", **spec: Any) -> JSONObject:
    reference = {"apiVersion": "v1", "kind": "Pod", "name": pod_name, "uid": uid}
    metadata = {"name": "robot", "namespace": "default"}
    return {"metadata": metadata, "spec": {"boundObjectRef": reference, **spec}}


async def test_node_requests_tokens_for_its_own_pods_alone() -> None:
    """For an audience that the pod mounts, that a CSI driver of the pod asks for, or that the authorizer allows."""
    async with admission(enable=ENABLED, authorizer=Audiences()) as parts:
        driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "d"}}
        parts.put("storage.k8s.io/v1/csidrivers", {**driver, "spec": {"tokenRequests": [{"audience": "of-driver"}]}})
        mounted = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "p"}}]}}
        volumes = [mounted, {"name": "v", "csi": {"driver": "d"}}]
        own = pod("own", nodeName="n1", volumes=volumes)
        own["metadata"]["uid"] = "u1"
        other = pod("other", nodeName="n2")
        other["metadata"]["uid"] = "u2"
        for each in (own, other):
            parts.put("pods", each)
        create: dict[str, Any] = {"path": "serviceaccounts", "subresource": "token"}
        for audiences in ([], ["of-driver"], ["vault"]):
            assert await denied(parts, token_request("own", "u1", audiences=audiences), **create) == ""
        who = "system:node:n1 is not authorized to request tokens for this audience"
        unknown = token_request("own", "u1", audiences=["else"])
        assert await denied(parts, unknown, **create) == f'audience "else" not found in pod spec volume, {who}'
        two = token_request("own", "u1", audiences=["a", "b"])
        assert await denied(parts, two, **create) == "node may only request 0 or 1 audiences"
        unbound = {**token_request("own"), "spec": {}}
        assert await denied(parts, unbound, **create) == "node requested token not bound to a pod"
        assert (
            await denied(parts, token_request("own"), **create)
            == "node requested token with a pod binding without a uid"
        )
        elsewhere = "node requested token bound to a pod scheduled on a different node"
        assert await denied(parts, token_request("other", "u2"), **create) == elsewhere
        assert await denied(parts, token_request("gone", "u"), **create) == 'pod "gone" not found'


async def test_claims_and_volumes_lead_to_audiences_of_their_driver() -> None:
    """A claim that does not exist is an error only if no volume has the audience."""
    async with admission(enable=ENABLED, authorizer=PrivilegedGroups()) as parts:
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "p1-e", "namespace": "default"},
        }
        parts.put("persistentvolumeclaims", {**claim, "spec": {"volumeName": "pv"}})
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}}
        parts.put("persistentvolumes", {**volume, "spec": {"csi": {"driver": "d"}}})
        driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "d"}}
        parts.put("storage.k8s.io/v1/csidrivers", {**driver, "spec": {"tokenRequests": [{"audience": "a"}]}})
        lost = {"name": "l", "persistentVolumeClaim": {"claimName": "lost"}}
        made = pod(nodeName="n1", volumes=[lost, {"name": "e", "ephemeral": {"volumeClaimTemplate": {}}}])
        made["metadata"]["uid"] = "u1"
        parts.put("pods", made)
        create: dict[str, Any] = {"path": "serviceaccounts", "subresource": "token"}
        assert await denied(parts, token_request("p1", "u1", audiences=["a"]), **create) == ""
        words = 'error validating audience "b": persistentvolumeclaim "lost" not found'
        assert await denied(parts, token_request("p1", "u1", audiences=["b"]), **create) == words
