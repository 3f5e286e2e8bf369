"""persistentvolume-protection-controller, persistentvolumeclaim-protection-controller and volumeattributesclass-protection-controller: what
is in use of the storage is not deleted.

A volume is used by the claim it is bound to, a claim by the pods that have a node, a class by claims and volumes.

Upstream: pkg/controller/volume/pvcprotection/pvc_protection_controller.go, pkg/controller/volume/pvprotection/pv_protection_controller.go,
pkg/controller/volume/vacprotection/vac_protection_controller.go, staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go
"""

from collections.abc import Iterator
from functools import partial

from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.protection import ProtectionController, Users
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.storage import Storage

VOLUME_PROTECTION = "persistentvolume-protection-controller"
CLAIM_PROTECTION = "persistentvolumeclaim-protection-controller"
CLASS_PROTECTION = "volumeattributesclass-protection-controller"


def storage_protection(
    storage: Storage, registry: Registry, loopback: LoopbackClient
) -> Iterator[ProtectionController]:
    """Yield the three controllers."""
    volumes, claims = registry.builtin("persistentvolumes"), registry.builtin("persistentvolumeclaims")
    classes = registry.builtin("volumeattributesclasses", "storage.k8s.io")
    protecting = partial(ProtectionController, storage=storage, loopback=loopback)
    yield protecting(
        VOLUME_PROTECTION,
        volumes,
        is_used=lambda volume: at(volume, "status", "phase") == "Bound",
    )
    yield protecting(
        CLAIM_PROTECTION,
        claims,
        users=(Users(registry.builtin("pods"), _pod_uses_claim),),
    )
    yield protecting(
        CLASS_PROTECTION,
        classes,
        users=(Users(volumes, _volume_uses_class), Users(claims, _claim_uses_class)),
    )


def _pod_uses_claim(pod: JSONObject, claim: JSONObject) -> bool:
    """Only a pod that has a node uses a claim; an ephemeral volume does until the pod's containers have ended."""
    spec, name = pod["spec"], claim["metadata"]["name"]
    if not spec.get("nodeName"):
        return False
    for volume in spec.get("volumes") or ():
        if at(volume, "persistentVolumeClaim", "claimName") == name:
            return True
        is_its_own = volume.get("ephemeral") and f"{pod['metadata']['name']}-{volume['name']}" == name
        if is_its_own and _controls(pod, claim) and not _is_shut_down(pod):
            return True
    return False


def _controls(owner: JSONObject, obj: JSONObject) -> bool:
    references = obj["metadata"].get("ownerReferences") or ()
    return any(each.get("controller") and each["uid"] == owner["metadata"]["uid"] for each in references)


def _is_shut_down(pod: JSONObject) -> bool:
    metadata = pod["metadata"]
    return "deletionTimestamp" in metadata and metadata.get("deletionGracePeriodSeconds") == 0


def _volume_uses_class(volume: JSONObject, wanted: JSONObject) -> bool:
    return bool(at(volume, "spec", "volumeAttributesClassName") == wanted["metadata"]["name"])


def _claim_uses_class(claim: JSONObject, wanted: JSONObject) -> bool:
    named = (
        at(claim, "spec", "volumeAttributesClassName"),
        at(claim, "status", "currentVolumeAttributesClassName"),
        at(claim, "status", "modifyVolumeStatus", "targetVolumeAttributesClassName"),
    )
    return wanted["metadata"]["name"] in named
