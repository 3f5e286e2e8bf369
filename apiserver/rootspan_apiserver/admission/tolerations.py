"""DefaultTolerationSeconds: a pod stays five minutes on a node that is not ready or cannot be reached, unless it says otherwise."""

from rootspan_apiserver.admission.attributes import Attributes
from rootspan_apiserver.admission.chain import Reinvocation
from rootspan_apiserver.admission.names import is_pod
from rootspan_apiserver.kube.meta import JSONObject

SECONDS = 300
TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class DefaultTolerationSeconds:
    name = "DefaultTolerationSeconds"

    async def mutate(self, attributes: Attributes, reinvocation: Reinvocation) -> JSONObject | None:
        pod = attributes.object
        if pod is None or attributes.operation not in ("CREATE", "UPDATE") or not is_pod(attributes):
            return pod
        spec = pod.setdefault("spec", {})
        given = spec.get("tolerations") or []
        missing = [taint for taint in TAINTS if not any(_tolerates(each, taint) for each in given)]
        if missing:
            added = (
                {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}
                for taint in missing
            )
            spec["tolerations"] = [*given, *added]
        return pod


def _tolerates(toleration: JSONObject, taint: str) -> bool:
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")
