"""DefaultStorageClass: a claim that names no storage class gets the default one.

Upstream: plugin/pkg/admission/storage/storageclass/setdefault/admission.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.default_class import default_class
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.resources.core.access_modes import CLASS_ANNOTATION
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
IS_DEFAULT_BETA = "storageclass.beta.kubernetes.io/is-default-class"
_CLAIMS = GroupResource("", "persistentvolumeclaims")


class DefaultStorageClass:
    """Looks for the default among `classes`, the resource of storage classes."""

    def __init__(self, cache: ObjectCache, classes: Resource) -> None:
        self._cache = cache
        self._classes = classes

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the class of a new claim that has none; an empty name asks for no class and is kept."""
        claim = attributes.object
        if claim is None or attributes.operation != "CREATE" or not attributes.is_of(_CLAIMS):
            return claim
        spec = claim.get("spec") or {}
        annotated = CLASS_ANNOTATION in (claim["metadata"].get("annotations") or {})
        if spec.get("storageClassName") is not None or annotated:
            return claim
        if name := await default_class(self._cache, self._classes, IS_DEFAULT, IS_DEFAULT_BETA):
            claim["spec"] = {**spec, "storageClassName": name}
        return claim
