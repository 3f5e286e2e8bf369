"""Rows of what a cluster is made of: nodes, namespaces, configuration, volumes, events."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import created, joined, name, spec, status


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
    ("storage.k8s.io", "CSIDriver"): csi_driver,
    ("storage.k8s.io", "CSINode"): csi_node,
    ("storage.k8s.io", "StorageClass"): storage_class,
    ("storage.k8s.io", "VolumeAttachment"): volume_attachment,
    ("storage.k8s.io", "VolumeAttributesClass"): volume_attributes_class,
}
