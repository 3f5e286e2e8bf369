"""NodeDeclaredFeatureValidator: a pod on a node is changed only in ways that the node says it can follow.

Upstream: plugin/pkg/admission/nodedeclaredfeatures/admission.go, staging/src/k8s.io/component-helpers/nodedeclaredfeatures/features
"""

from collections.abc import Iterator

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectLookup
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, JSONObject

_PODS = GroupResource("", "pods")


class NodeDeclaredFeatureValidator:
    """Compares what an update of a pod needs with the declared features of its node."""

    def __init__(self, nodes: ObjectLookup) -> None:
        self._nodes = nodes

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check an update of a pod, or its resize.

        Raises:
            StatusError: 403, the node does not exist or lacks a feature.
        """
        if attributes.resource.group_resource != _PODS or attributes.operation != "UPDATE":
            return
        if attributes.subresource not in ("", "resize"):
            return
        pod, old = attributes.object or {}, attributes.old_object or {}
        spec, before = pod.get("spec") or {}, old.get("spec") or {}
        name = spec.get("nodeName")
        if not name or pod["metadata"].get("generation") == old["metadata"].get("generation"):
            return
        required = list(_required(spec, before))
        if not required:
            return
        node = await self._nodes.cached("", name)
        if node is None:
            raise new_forbidden(attributes, f"node {quote(name)} not found")
        declared = (node.get("status") or {}).get("declaredFeatures") or ()
        if missing := [feature for feature in required if feature not in declared]:
            why = f"pod update requires features {', '.join(missing)} which are not available on node {quote(name)}"
            raise new_forbidden(attributes, why)


def _required(spec: JSONObject, before: JSONObject) -> Iterator[str]:
    """Yield the features that a change of a pod's spec needs."""
    if not same(spec.get("resources"), before.get("resources")):
        yield "InPlacePodLevelResourcesVerticalScaling"
    pairs = zip(before.get("initContainers") or (), spec.get("initContainers") or (), strict=False)
    ordinary = [(old, new) for old, new in pairs if old.get("restartPolicy") != "Always"]
    if any(old.get("resources") != new.get("resources") for old, new in ordinary):
        yield "InPlacePodVerticalScalingInitContainers"
