"""ExtendedResourceToleration: pods that request a special resource tolerate the taint of the nodes that are kept for it.

Upstream: plugin/pkg/admission/extendedresourcetoleration/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.resource_lists import is_extended


class ExtendedResourceToleration:
    """Adds a toleration for each extended resource in the requests."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Add the tolerations to a pod that is created or updated."""
        pod = attributes.object
        if pod is None or attributes.operation not in ("CREATE", "UPDATE") or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        for resource in sorted(_extended_resources(spec)):
            toleration = {"key": resource, "operator": "Exists", "effect": "NoSchedule"}
            tolerations = spec.get("tolerations") or []
            if toleration not in tolerations:
                spec["tolerations"] = [*tolerations, toleration]
        return pod


def _extended_resources(spec: JSONObject) -> set[str]:
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    requested = {name for each in containers for name in (each.get("resources") or {}).get("requests") or ()}
    return {name for name in requested if is_extended(name)}
