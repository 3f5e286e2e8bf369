"""LimitPodHardAntiAffinityTopology: a pod can insist on being away from others on another node, not in another zone.

Upstream: plugin/pkg/admission/antiaffinity/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.kube.status import forbidden

_HOST = "kubernetes.io/hostname"


class LimitPodHardAntiAffinityTopology:
    """Checks the topology keys of required anti-affinity."""

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check a pod that is created or updated.

        Raises:
            StatusError: 403, a required term has another key than the host name.
        """
        if not attributes.is_pod or attributes.operation not in ("CREATE", "UPDATE"):
            return
        pod = attributes.object or {}
        affinity = ((pod.get("spec") or {}).get("affinity") or {}).get("podAntiAffinity") or {}
        for term in affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
            if (key := term.get("topologyKey", "")) != _HOST:
                why = f"affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {_HOST} is allowed"
                raise forbidden(attributes.resource.group_resource, pod["metadata"].get("name", ""), why)
