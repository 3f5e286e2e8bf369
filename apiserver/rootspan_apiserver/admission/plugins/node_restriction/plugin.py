"""NodeRestriction: a node writes its own Node, Lease, CSINode and ResourceSlices, and what belongs to the pods on it.

A node is a user named `system:node:NAME` in the group `system:nodes`. Other users are not restricted.

Upstream: plugin/pkg/admission/noderestriction/admission.go
"""

from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy

from cryptography.x509.oid import NameOID

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.plugins.node_restriction.node_labels import forbidden_labels
from rootspan_apiserver.admission.plugins.node_restriction.restricted_pods import RestrictedPods
from rootspan_apiserver.admission.plugins.node_restriction.restricted_tokens import RestrictedTokens
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.node_identity import PREFIX, node_name
from rootspan_apiserver.resources.certificates.request import parse_request

_LEASES = "kube-node-lease"
_SIGNERS = ("kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet")
_OF_NODES_IN_CLAIMS = ("capacity", "conditions", "allocatedResourceStatuses", "allocatedResources")

_Check = Callable[[str, AdmissionAttributes], Awaitable[None]]


class NodeRestriction:
    """Restricts the writes of nodes."""

    def __init__(self, pods: RestrictedPods, tokens: RestrictedTokens) -> None:
        self._checks: Mapping[GroupResource, _Check] = {
            GroupResource("", "pods"): pods.check,
            GroupResource("", "nodes"): _check_node,
            GroupResource("", "persistentvolumeclaims"): _check_claim,
            GroupResource("", "serviceaccounts"): tokens.check,
            GroupResource("certificates.k8s.io", "certificatesigningrequests"): _check_signing_request,
            GroupResource("certificates.k8s.io", "podcertificaterequests"): _check_pod_certificate_request,
            GroupResource("coordination.k8s.io", "leases"): _check_lease,
            GroupResource("resource.k8s.io", "resourceslices"): _check_resource_slice,
            GroupResource("storage.k8s.io", "csinodes"): _check_csi_node,
        }

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Return the object unchanged.

        Raises:
            StatusError: 403, the user is a node and may not write this; 404, a pod or node that it refers to does not exist.
        """
        node = node_name(attributes.user)
        if node is None or attributes.operation == "CONNECT":
            return attributes.object
        if not node:
            raise new_forbidden(attributes, f"could not determine node from user {quote(attributes.user.name)}")
        check = self._checks.get(attributes.resource.group_resource)
        if check is not None:
            await check(node, attributes)
        return attributes.object


async def _check_node(node: str, attributes: AdmissionAttributes) -> None:
    """A node changes itself only, neither its taints and owners nor its restricted labels."""
    if attributes.name != node:
        why = f"node {quote(node)} is not allowed to modify node {quote(attributes.name)}"
        raise new_forbidden(attributes, why)
    if attributes.operation not in ("CREATE", "UPDATE"):
        return
    new, old = attributes.object or {}, attributes.old_object or {"metadata": {}}
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    labels = forbidden_labels(new["metadata"].get("labels") or {}, old["metadata"].get("labels") or {})
    source, is_new = spec.get("configSource"), attributes.operation == "CREATE"
    if is_new and source is not None:
        why = f"node {quote(node)} is not allowed to create pods with a non-nil configSource"
    elif is_new:
        why = f"node {quote(node)} is not allowed to set the following labels: {', '.join(labels)}" if labels else ""
    elif source is not None and not same(source, before.get("configSource")):
        why = f"node {quote(node)} is not allowed to update configSource to a new non-nil configSource"
    elif not same(spec.get("taints"), before.get("taints")):
        why = f"node {quote(node)} is not allowed to modify taints"
    elif not same(new["metadata"].get("ownerReferences"), old["metadata"].get("ownerReferences")):
        why = f"node {quote(node)} is not allowed to modify ownerReferences"
    else:
        why = f"is not allowed to modify labels: {', '.join(labels)}" if labels else ""
    if why:
        raise new_forbidden(attributes, why)


async def _check_claim(node: str, attributes: AdmissionAttributes) -> None:
    """A node reports the size of volumes that it has resized."""
    if attributes.subresource != "status":
        raise new_forbidden(attributes, "may only update PVC status")
    if attributes.operation != "UPDATE":
        raise new_forbidden(attributes, f"unexpected operation {quote(attributes.operation)}")
    if not same(_without_own_fields(attributes.object), _without_own_fields(attributes.old_object)):
        why = f"node {quote(node)} is not allowed to update fields other than status.quantity and status.conditions"
        raise new_forbidden(attributes, why)


def _without_own_fields(claim: JSONObject | None) -> JSONObject:
    """Return a claim without what a node may change, and without what every write changes."""
    copied = deepcopy(claim or {})
    for field in _OF_NODES_IN_CLAIMS:
        copied.get("status", {}).pop(field, None)
    for field in ("resourceVersion", "managedFields"):
        copied["metadata"].pop(field, None)
    return copied


async def _check_lease(node: str, attributes: AdmissionAttributes) -> None:
    """A node renews the lease of its own name."""
    if attributes.namespace != _LEASES:
        raise new_forbidden(attributes, f"can only access leases in the {quote(_LEASES)} system namespace")
    if _name(attributes) != node:
        raise new_forbidden(attributes, "can only access node lease with the same name as the requesting node")


async def _check_csi_node(node: str, attributes: AdmissionAttributes) -> None:
    """A node says which drivers run on it."""
    if _name(attributes) != node:
        raise new_forbidden(attributes, "can only access CSINode with the same name as the requesting node")


def _name(attributes: AdmissionAttributes) -> str:
    """Return the name of the object; of a new one that which it has itself."""
    if attributes.operation != "CREATE":
        return attributes.name
    name: str = ((attributes.object or {}).get("metadata") or {}).get("name", "")
    return name


async def _check_resource_slice(node: str, attributes: AdmissionAttributes) -> None:
    """A node publishes its own devices."""
    if attributes.operation not in ("CREATE", "DELETE"):
        return
    is_new = attributes.operation == "CREATE"
    written = (attributes.object if is_new else attributes.old_object) or {}
    if (written.get("spec") or {}).get("nodeName") != node:
        verb = "create" if is_new else "delete"
        raise new_forbidden(attributes, f"can only {verb} ResourceSlice with the same NodeName as the requesting node")


async def _check_signing_request(node: str, attributes: AdmissionAttributes) -> None:
    """A node requests certificates for itself."""
    spec = (attributes.object or {}).get("spec") or {}
    if attributes.operation != "CREATE" or spec.get("signerName") not in _SIGNERS:
        return
    try:
        request = parse_request(spec.get("request") or "")
    except ValueError as error:
        raise new_forbidden(attributes, f"unable to parse csr: {error}") from error
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names or names[-1].value != PREFIX + node:
        raise new_forbidden(attributes, f"can only create a node CSR with CN={PREFIX}{node}")


async def _check_pod_certificate_request(node: str, attributes: AdmissionAttributes) -> None:
    """The feature is off."""
    raise new_forbidden(attributes, "PodCertificateRequest feature gate is disabled")
