"""What is deprecated in a persistent volume.

Upstream: pkg/api/persistentvolume/util.go
"""

from collections.abc import Mapping
from types import MappingProxyType

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.node_labels import expression_warnings

MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
_ANNOTATIONS: Mapping[str, str] = MappingProxyType(
    {
        "volume.beta.kubernetes.io/storage-class": 'deprecated since v1.8; use "storageClassName" attribute instead',
        MOUNT_OPTIONS: 'deprecated since v1.31; use "mountOptions" attribute instead',
    }
)
_SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "cephfs": "deprecated in v1.28, non-functional in v1.31+",
        "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
        "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
        "storageOS": "deprecated in v1.22, non-functional in v1.25+",
        "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
        "rbd": "deprecated in v1.28, non-functional in v1.31+",
    }
)
_RECYCLE = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."


def volume_warnings(volume: JSONObject, old: JSONObject | None) -> list[str]:
    """Return the warnings of a volume, on create and update."""
    spec, annotations = volume["spec"], volume["metadata"].get("annotations") or {}
    found = [f"metadata.annotations[{key}]: {words}" for key, words in _ANNOTATIONS.items() if key in annotations]
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        found.append(f"spec.persistentVolumeReclaimPolicy: {_RECYCLE}")
    for index, term in enumerate(at(spec, "nodeAffinity", "required", "nodeSelectorTerms") or ()):
        place = f"spec.nodeAffinity.required.nodeSelectorTerms[{index}].matchExpressions"
        found += expression_warnings(term.get("matchExpressions") or (), place)
    return found + [f"spec.{key}: {words}" for key, words in _SOURCES.items() if key in spec]
