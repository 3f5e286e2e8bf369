"""DefaultIngressClass: an ingress that names no class gets the default one.

Upstream: plugin/pkg/admission/network/defaultingressclass/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.default_class import default_class
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.resources.networking.ingress import CLASS_ANNOTATION
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_INGRESSES = GroupResource("networking.k8s.io", "ingresses")


class DefaultIngressClass:
    """Looks for the default among `classes`, the resource of ingress classes."""

    def __init__(self, cache: ObjectCache, classes: Resource) -> None:
        self._cache = cache
        self._classes = classes

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the class of a new ingress that has none, neither in its spec nor in the annotation of old."""
        ingress = attributes.object
        if ingress is None or attributes.operation != "CREATE" or not attributes.is_of(_INGRESSES):
            return ingress
        spec = ingress.get("spec") or {}
        annotated = CLASS_ANNOTATION in (ingress["metadata"].get("annotations") or {})
        if spec.get("ingressClassName") is not None or annotated:
            return ingress
        if name := await default_class(self._cache, self._classes, IS_DEFAULT):
            ingress["spec"] = {**spec, "ingressClassName": name}
        return ingress
