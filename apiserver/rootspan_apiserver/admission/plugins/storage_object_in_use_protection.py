"""StorageObjectInUseProtection: a finalizer keeps new volumes, claims and volume attributes classes until they are no longer in use.

The controllers of `controllers/storage_protection.py` remove it.

Upstream: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go
"""

from collections.abc import Mapping
from types import MappingProxyType

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.kube.meta import GroupResource, JSONObject

VOLUMES = GroupResource("", "persistentvolumes")
CLAIMS = GroupResource("", "persistentvolumeclaims")
VOLUME_ATTRIBUTES_CLASSES = GroupResource("storage.k8s.io", "volumeattributesclasses")
PROTECTION_FINALIZERS: Mapping[GroupResource, str] = MappingProxyType(
    {
        VOLUMES: "kubernetes.io/pv-protection",
        CLAIMS: "kubernetes.io/pvc-protection",
        VOLUME_ATTRIBUTES_CLASSES: "kubernetes.io/vac-protection",
    }
)


class StorageObjectInUseProtection:
    """Adds the finalizer of `PROTECTION_FINALIZERS`."""

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Add the finalizer to an object that is created without it."""
        obj, finalizer = attributes.object, PROTECTION_FINALIZERS.get(attributes.resource.group_resource)
        if obj is None or finalizer is None or attributes.operation != "CREATE" or attributes.subresource:
            return obj
        present = obj["metadata"].get("finalizers") or []
        if finalizer not in present:
            obj["metadata"]["finalizers"] = [*present, finalizer]
        return obj
