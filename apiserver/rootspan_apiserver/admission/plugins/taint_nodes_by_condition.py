"""TaintNodesByCondition: a new node is tainted as not ready, until a controller finds it ready.

Upstream: plugin/pkg/admission/nodetaint/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.kube.meta import GroupResource, JSONObject

_NODES = GroupResource("", "nodes")
_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition:
    """Taints new nodes."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Add the taint, unless the node has it."""
        node = attributes.object
        if attributes.operation != "CREATE" or attributes.resource.group_resource != _NODES or attributes.subresource:
            return node
        assert node is not None
        spec = node.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any(taint.get("key") == _TAINT["key"] and taint.get("effect") == _TAINT["effect"] for taint in taints):
            spec["taints"] = [*taints, dict(_TAINT)]
        return node
