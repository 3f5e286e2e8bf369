"""PodResizeValidator: a pod is resized only on a Linux node, and not beyond what the node can give to pods.

Upstream: plugin/pkg/admission/podresize/admission.go
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.resource_amounts import ZERO, added, amounts_of
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.core.pod.totals import specified

_PODS = GroupResource("", "pods")
_SYSTEM = "kubernetes.io/os"
_EXPONENTS = (("cpu", -3), ("memory", 0))
"""In which units the amounts are shown: thousandths of a processor, bytes."""


class PodResizeValidator:
    """Compares a resized pod with its node."""

    def __init__(self, nodes: ObjectLookup) -> None:
        self._nodes = nodes

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check a resize of a pod on a node.

        Raises:
            StatusError: 403, the node does not exist, runs another system, or is too small.
        """
        if attributes.resource.group_resource != _PODS or attributes.subresource != "resize":
            return
        pod, old = attributes.object or {}, attributes.old_object or {}
        name = (pod.get("spec") or {}).get("nodeName")
        if not name or pod["metadata"].get("generation") == old["metadata"].get("generation"):
            return
        node = await self._nodes.cached("", name)
        if node is None:
            raise new_forbidden(attributes, f"node {quote(name)} not found")
        system = (node["metadata"].get("labels") or {}).get(_SYSTEM, "linux")
        if system != "linux":
            why = f"pod resize is only supported on linux nodes, node {quote(name)} is {quote(system)}"
            raise _refusal(attributes, why, "UnsupportedPlatform")
        if lacking := _lacking(pod, (node.get("status") or {}).get("allocatable") or {}):
            why = f"node didn't have enough allocatable resources: {lacking}"
            raise _refusal(attributes, why, "NodeCapacity")


def _lacking(pod: JSONObject, allocatable: Mapping[str, Any]) -> str:
    """Return which resources the pod requests too much of, "" for none."""
    requested = added(specified(pod, "requests"), amounts_of(pod["spec"].get("overhead")))
    offered = amounts_of(dict(allocatable))
    found = []
    for name, exponent in _EXPONENTS:
        wanted, there = requested.get(name, ZERO), offered.get(name, ZERO)
        if wanted.value > there.value:
            found.append(f"{name}, requested: {wanted.scaled(exponent)}, allocatable: {there.scaled(exponent)}")
    return "; ".join(found)


def _refusal(attributes: AdmissionAttributes, why: str, reason: str) -> StatusError:
    """Return a 403 with a cause, which has a reason alone."""
    error = new_forbidden(attributes, why)
    details = {**(error.details or {}), "causes": [{"reason": reason}]}
    return StatusError(error.code, error.reason, error.message, details)
