"""Rows of what a cluster is made of: nodes, namespaces, configuration, volumes, events."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import created, joined, name, spec, status

OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: list[str] | None) -> str:
    return joined(short for mode, short in MODES.items() if mode in (modes or []))


def _class(item: JSONObject) -> str:
    annotated = ((item.get("metadata") or {}).get("annotations") or {}).get(OLD_CLASS)
    return str(annotated or spec(item).get("storageClassName") or "")


def volume(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    claim = wanted.get("claimRef") or {}
    phase = status(item).get("phase") or ""
    return [
        name(item),
        str((wanted.get("capacity") or {}).get("storage", "")),
        _modes(wanted.get("accessModes")),
        wanted.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if (item.get("metadata") or {}).get("deletionTimestamp") else phase,
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _class(item),
        wanted.get("volumeAttributesClassName") or "<unset>",
        status(item).get("reason") or "",
        created(item, now),
        wanted.get("volumeMode") or "<unset>",
    ]


def claim(item: JSONObject, now: datetime) -> list[Any]:
    wanted, state = spec(item), status(item)
    bound = bool(wanted.get("volumeName"))
    phase = "Terminating" if (item.get("metadata") or {}).get("deletionTimestamp") else state.get("phase") or ""
    return [
        name(item),
        phase,
        wanted.get("volumeName") or "",
        str((state.get("capacity") or {}).get("storage", "")) if bound else "",
        _modes(state.get("accessModes")) if bound else "",
        _class(item),
        wanted.get("volumeAttributesClassName") or "<unset>",
        created(item, now),
        wanted.get("volumeMode") or "<unset>",
    ]


def storage_class(item: JSONObject, now: datetime) -> list[Any]:
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        name(item) + (" (default)" if default else ""),
        item.get("provisioner", ""),
        item.get("reclaimPolicy", "Delete"),
        item.get("volumeBindingMode", "Immediate"),
        bool(item.get("allowVolumeExpansion")),
        created(item, now),
    ]


def csi_driver(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    tokens = joined(each.get("audience", "") for each in wanted.get("tokenRequests") or [])
    return [
        name(item),
        wanted.get("attachRequired", True),
        wanted.get("podInfoOnMount", False),
        wanted.get("storageCapacity", False),
        tokens or "<unset>",
        wanted.get("requiresRepublish", False),
        joined(wanted.get("volumeLifecycleModes") or []),
        created(item, now),
    ]


def csi_node(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), len(spec(item).get("drivers") or []), created(item, now)]


def volume_attachment(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    source = (wanted.get("source") or {}).get("persistentVolumeName") or ""
    attached = bool(status(item).get("attached"))
    return [name(item), wanted.get("attacher", ""), source, wanted.get("nodeName", ""), attached, created(item, now)]


def volume_attributes_class(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), item.get("driverName", ""), created(item, now)]


ROWS = {
    ("", "PersistentVolume"): volume,
    ("", "PersistentVolumeClaim"): claim,
    ("storage.k8s.io", "CSIDriver"): csi_driver,
    ("storage.k8s.io", "CSINode"): csi_node,
    ("storage.k8s.io", "StorageClass"): storage_class,
    ("storage.k8s.io", "VolumeAttachment"): volume_attachment,
    ("storage.k8s.io", "VolumeAttributesClass"): volume_attributes_class,
}
