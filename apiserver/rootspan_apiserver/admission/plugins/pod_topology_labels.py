"""PodTopologyLabels: a pod that is bound to a node gets the labels that say where the node is.

Upstream: plugin/pkg/admission/podtopologylabels/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.kube.meta import GroupResource, JSONObject

_PODS = GroupResource("", "pods")
_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


class PodTopologyLabels:
    """Labels new pods with a node, and bindings, whose labels are copied to the pod."""

    def __init__(self, nodes: ObjectLookup) -> None:
        self._nodes = nodes

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the labels; those of the client are overwritten."""
        obj = attributes.object
        if obj is None or attributes.operation != "CREATE" or attributes.resource.group_resource != _PODS:
            return obj
        node = _node_of(attributes.subresource, obj)
        found = await self._nodes.cached("", node) if node else None
        labels = ((found or {}).get("metadata") or {}).get("labels") or {}
        if copied := {key: labels[key] for key in _LABELS if key in labels}:
            metadata = obj["metadata"]
            metadata["labels"] = (metadata.get("labels") or {}) | copied
        return obj


def _node_of(subresource: str, obj: JSONObject) -> str:
    """Return the name of the node in a pod or a binding, "" for none."""
    if not subresource:
        return (obj.get("spec") or {}).get("nodeName") or ""
    target = obj.get("target") or {}
    return (target.get("name") or "") if subresource == "binding" and target.get("kind") == "Node" else ""
