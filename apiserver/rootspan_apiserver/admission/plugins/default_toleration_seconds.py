"""DefaultTolerationSeconds: pods tolerate nodes that are not ready or unreachable for some time, unless they say otherwise.

Upstream: plugin/pkg/admission/defaulttolerationseconds/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.kube.meta import JSONObject

TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class DefaultTolerationSeconds:
    """Adds the missing NoExecute tolerations of `TAINTS`, each with its number of `seconds`."""

    def __init__(self, seconds: tuple[int, int]) -> None:
        self._seconds = dict(zip(TAINTS, seconds, strict=True))

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Add the tolerations to a pod that is created or updated."""
        pod = attributes.object
        if pod is None or attributes.operation not in ("CREATE", "UPDATE") or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        given = spec.get("tolerations") or []
        missing = [taint for taint in TAINTS if not any(_tolerates(each, taint) for each in given)]
        if missing:
            added = (
                {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": self._seconds[taint]}
                for taint in missing
            )
            spec["tolerations"] = [*given, *added]
        return pod


def _tolerates(toleration: JSONObject, taint: str) -> bool:
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")
