"""PersistentVolumeClaimResize: only a bound claim grows, and only if its storage class lets volumes expand.

Upstream: plugin/pkg/admission/storage/persistentvolume/resize/admission.go
"""

from decimal import Decimal

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.access_modes import class_of
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

_CLAIMS = GroupResource("", "persistentvolumeclaims")


class PersistentVolumeClaimResize:
    """Looks up the claim's class among `classes`, the resource of storage classes."""

    def __init__(self, cache: ObjectCache, classes: Resource) -> None:
        self._cache = cache
        self._classes = classes

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check a claim that asks for more than before.

        Raises:
            StatusError: 403, it is not bound, or its class does not allow it.
        """
        new, old = attributes.object, attributes.old_object
        if new is None or old is None or attributes.operation != "UPDATE" or not attributes.is_of(_CLAIMS):
            return
        if _size(new) <= _size(old):
            return
        if at(old, "status", "phase") != "Bound":
            raise new_forbidden(attributes, "Only bound persistent volume claims can be expanded")
        if not await self._may_expand(class_of(new), class_of(old)):
            why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
            raise new_forbidden(attributes, why)

    async def _may_expand(self, name: str, old_name: str) -> bool:
        if not name or name != old_name:
            return False
        stored = await self._cache.cached_object(self._classes, "", name)
        return stored is not None and bool(stored.decode().get("allowVolumeExpansion"))


def _size(claim: JSONObject) -> Decimal:
    return amount(at(claim, "spec", "resources", "requests", "storage") or 0) or Decimal(0)
