"""What a node may do with pods: create and delete mirror pods, and set the status of and evict those that run on it.

Upstream: plugin/pkg/admission/noderestriction/admission.go (admitPod, admitPodStatus, admitPodEviction)
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.pod.references import referenced_resource

MIRROR = "kubernetes.io/config.mirror"


class RestrictedPods:
    """Checks the writes of nodes to pods."""

    def __init__(self, pods: ObjectLookup, nodes: ObjectLookup) -> None:
        self._pods = pods
        self._nodes = nodes

    async def check(self, node: str, attributes: AdmissionAttributes) -> None:
        """Check a write of `node` to a pod or to a subresource of one.

        Raises:
            StatusError: 403; 404, the pod or the node does not exist.
        """
        match attributes.subresource:
            case "":
                await self._check_pod(node, attributes)
            case "status":
                _check_status(node, attributes)
            case "eviction":
                await self._check_eviction(node, attributes)
            case other:
                why = f"unexpected pod subresource {quote(other)}, only 'status' and 'eviction' are allowed"
                raise new_forbidden(attributes, why)

    async def _check_pod(self, node: str, attributes: AdmissionAttributes) -> None:
        if attributes.operation == "CREATE":
            await self._check_mirror(node, attributes, attributes.object or {})
        elif attributes.operation == "DELETE":
            if await self._node_of(attributes) != node:
                raise new_forbidden(
                    attributes, f"node {quote(node)} can only delete pods with spec.nodeName set to itself"
                )
        else:
            why = f"unexpected operation {quote(attributes.operation)}, node {quote(node)} can only create and delete mirror pods"
            raise new_forbidden(attributes, why)

    async def _check_eviction(self, node: str, attributes: AdmissionAttributes) -> None:
        if await self._node_of(attributes) != node:
            raise new_forbidden(attributes, f"node {node} can only evict pods with spec.nodeName set to itself")

    async def _node_of(self, attributes: AdmissionAttributes) -> str:
        """Return the node of the pod that the path names. Raises StatusError 404."""
        pod = await self._pods.cached(attributes.namespace, attributes.name)
        if pod is None:
            raise self._pods.not_found(attributes.name)
        return (pod.get("spec") or {}).get("nodeName") or ""

    async def _check_mirror(self, node: str, attributes: AdmissionAttributes, pod: JSONObject) -> None:
        metadata, spec, quoted = pod["metadata"], pod.get("spec") or {}, quote(node)
        if MIRROR not in (metadata.get("annotations") or {}):
            why = f"pod does not have {quote(MIRROR)} annotation, node {quoted} can only create mirror pods"
            raise new_forbidden(attributes, why)
        if (spec.get("nodeName") or "") != node:
            raise new_forbidden(attributes, f"node {quoted} can only create pods with spec.nodeName set to itself")
        await self._check_owner(node, attributes, metadata.get("ownerReferences") or [])
        try:
            resource = referenced_resource(spec)
        except ValueError as error:
            raise new_forbidden(attributes, f"error checking mirror pod for API references: {error}") from error
        if resource:
            raise new_forbidden(attributes, f"node {quoted} can not create pods that reference {resource}")

    async def _check_owner(self, node: str, attributes: AdmissionAttributes, owners: list[JSONObject]) -> None:
        """Check that the node owns the pod. Raises StatusError 403 or 404."""
        can_only = f"node {quote(node)} can only create pods with"
        if len(owners) > 1:
            raise new_forbidden(attributes, f"{can_only} a single owner reference set to itself")
        identity = ("v1", "Node", node)
        if not owners or tuple(owners[0].get(key) for key in ("apiVersion", "kind", "name")) != identity:
            raise new_forbidden(attributes, f"{can_only} an owner reference set to itself")
        if not owners[0].get("controller"):
            raise new_forbidden(attributes, f"{can_only} a controller owner reference set to itself")
        if owners[0].get("blockOwnerDeletion"):
            raise new_forbidden(attributes, f"node {quote(node)} must not set blockOwnerDeletion on an owner reference")
        found = await self._nodes.cached("", node)
        if found is None:
            raise self._nodes.not_found(node)
        given, uid = owners[0].get("uid", ""), found["metadata"].get("uid", "")
        if given != uid:
            raise new_forbidden(attributes, f"node {node} UID mismatch: expected {given} got {uid}")


def _check_status(node: str, attributes: AdmissionAttributes) -> None:
    """Check an update of a pod's status. Raises StatusError 403."""
    if attributes.operation != "UPDATE":
        raise new_forbidden(attributes, f"unexpected operation {quote(attributes.operation)}")
    pod, old = attributes.object or {}, attributes.old_object or {}
    if ((old.get("spec") or {}).get("nodeName") or "") != node:
        why = f"node {quote(node)} can only update pod status for pods with spec.nodeName set to itself"
        raise new_forbidden(attributes, why)
    if (pod["metadata"].get("labels") or {}) != (old["metadata"].get("labels") or {}):
        raise new_forbidden(attributes, f"node {quote(node)} cannot update labels through pod status")
    status, before = pod.get("status") or {}, old.get("status") or {}
    if not same(status.get("resourceClaimStatuses"), before.get("resourceClaimStatuses")):
        raise new_forbidden(attributes, f"node {quote(node)} cannot update resource claim statues")
    if not same(status.get("extendedResourceClaimStatus"), before.get("extendedResourceClaimStatus")):
        raise new_forbidden(attributes, f"node {quote(node)} cannot update extended resource claim status")
