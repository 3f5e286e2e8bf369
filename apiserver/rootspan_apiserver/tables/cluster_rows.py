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


ROWS = {
    ("", "PersistentVolume"): volume,
    ("", "PersistentVolumeClaim"): claim,
}
