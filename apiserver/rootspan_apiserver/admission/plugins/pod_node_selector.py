"""PodNodeSelector: the pods of a namespace run on the nodes that an annotation of the namespace, or the configuration, selects.

Upstream: plugin/pkg/admission/podnodeselector/admission.go
"""

from collections.abc import Mapping

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.namespace_getter import NamespaceGetter
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError, StatusError, forbidden

ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector"
_DEFAULT = "clusterDefaultNodeSelector"


class PodNodeSelector:
    """Merges node selectors; `selectors` are the selectors allowed by namespace, with the default of the cluster."""

    def __init__(self, namespaces: NamespaceGetter, selectors: Mapping[str, str]) -> None:
        self._namespaces = namespaces
        self._selectors = selectors

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Give a new pod the selector of its namespace.

        Raises:
            StatusError: 403, the pod selects other nodes; 500, a selector cannot be parsed.
        """
        pod = attributes.object
        if pod is None or attributes.operation != "CREATE" or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        wanted = await self._selector(attributes.namespace)
        self._check(attributes, wanted, {**wanted, **(spec.get("nodeSelector") or {})})
        if merged := {**wanted, **(spec.get("nodeSelector") or {})}:
            spec["nodeSelector"] = merged
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the selector of a new pod. Raises StatusError as `mutate`."""
        if attributes.operation == "CREATE" and attributes.is_pod:
            spec = (attributes.object or {}).get("spec") or {}
            self._check(attributes, await self._selector(attributes.namespace), spec.get("nodeSelector") or {})

    def _check(self, attributes: AdmissionAttributes, wanted: Mapping[str, str], selector: Mapping[str, str]) -> None:
        if any(selector.get(key, value) != value for key, value in wanted.items()):
            raise _refused(attributes, "pod node label selector conflicts with its namespace node label selector")
        allowed = _parsed(self._selectors.get(attributes.namespace, ""))
        if allowed and not selector.items() <= allowed.items():
            raise _refused(attributes, "pod node label selector labels conflict with its namespace whitelist")

    async def _selector(self, namespace: str) -> Mapping[str, str]:
        annotations = ((await self._namespaces.get(namespace)).get("metadata") or {}).get("annotations") or {}
        return _parsed(annotations.get(ANNOTATION, self._selectors.get(_DEFAULT, "")))


def _refused(attributes: AdmissionAttributes, why: str) -> StatusError:
    name = ((attributes.object or {}).get("metadata") or {}).get("name", "")
    return forbidden(attributes.resource.group_resource, name, why)


def _parsed(selector: str) -> dict[str, str]:
    """Return the labels of `a=b,c=d`. Raises StatusError 500."""
    found: dict[str, str] = {}
    for label in selector.split(",") if selector else ():
        parts = label.split("=")
        if len(parts) != 2:
            raise StatusError(500, "", f"invalid selector: [{' '.join(parts)}]")
        key, value = (part.strip() for part in parts)
        for text, reasons in ((key, qualified_name(key)), (value, label_value(value))):
            if reasons:
                raise StatusError(500, "", str(FieldError.invalid("<nil>", text, "; ".join(reasons))))
        found[key] = value
    return found
