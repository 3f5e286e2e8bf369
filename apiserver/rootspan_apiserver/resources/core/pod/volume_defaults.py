"""The defaults of volumes.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Volume and those of the sources)
"""

from collections.abc import Mapping

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.pod.images import is_latest
from rootspan_apiserver.resources.defaults import default_values

READ_ALL = 0o644
_FILES = [{"fieldRef": {"apiVersion": "v1"}}]
SOURCES: Mapping[str, JSONObject] = {
    "secret": {"defaultMode": READ_ALL},
    "configMap": {"defaultMode": READ_ALL},
    "downwardAPI": {"defaultMode": READ_ALL, "items": _FILES},
    "projected": {
        "defaultMode": READ_ALL,
        "sources": [{"downwardAPI": {"items": _FILES}, "serviceAccountToken": {"expirationSeconds": 3600}}],
    },
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
    "ephemeral": {"volumeClaimTemplate": {"spec": {"volumeMode": "Filesystem"}}},
}
"""By the name of the source. Persistent volumes have some of them too."""
_DEFAULT = default_values(dict(SOURCES))


def default_volume(volume: JSONObject) -> None:
    """Fill in what a volume lacks; one without a source is an empty directory. In place."""
    if all(value is None for key, value in volume.items() if key != "name"):
        volume["emptyDir"] = {}
    _DEFAULT(volume)
    if (image := volume.get("image")) is not None and not image.get("pullPolicy"):
        image["pullPolicy"] = "Always" if is_latest(image.get("reference") or "") else "IfNotPresent"
