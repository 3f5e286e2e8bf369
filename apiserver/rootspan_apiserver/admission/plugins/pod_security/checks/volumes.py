"""Types of volumes.

Upstream: staging/src/k8s.io/pod-security-admission/policy/check_hostPathVolumes.go, check_restrictedVolumes.go
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.admission.plugins.pod_security.checks.violation import (
    Metadata,
    PodSpec,
    Violation,
    counted,
    named,
    quoted,
)

_ALLOWED = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_RESTRICTED = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def host_path_volumes(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Paths of the host must not be mounted."""
    names = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return Violation("hostPath volumes", named("volume", names)) if names else None


def restricted_volumes(metadata: Metadata, spec: PodSpec) -> Violation | None:
    """Only volumes that a pod brings along, claims and CSI volumes are allowed."""
    bad = [volume for volume in spec.get("volumes") or () if not _has(volume, _ALLOWED)]
    if not bad:
        return None
    names = [volume["name"] for volume in bad]
    types = sorted({_has(volume, _RESTRICTED) or "unknown" for volume in bad})
    uses, what = counted("uses", names, "use"), counted("restricted volume type", types)
    return Violation("restricted volume types", f"{named('volume', names)} {uses} {what} {quoted(types)}")


def _has(volume: Mapping[str, Any], types: tuple[str, ...]) -> str:
    """Return the first of the types that the volume has, "" if it has none of them."""
    return next((each for each in types if volume.get(each) is not None), "")
