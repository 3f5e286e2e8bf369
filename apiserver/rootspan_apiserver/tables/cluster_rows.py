"""Rows of what a cluster is made of: nodes, namespaces, configuration, volumes, events."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.durations import UNKNOWN, age
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, condition, created, joined, name, spec, status

ROLE = "node-role.kubernetes.io/"
OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def namespace(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), status(item).get("phase") or "", created(item, now)]


def node(item: JSONObject, now: datetime) -> list[Any]:
    state = status(item)
    info = state.get("nodeInfo") or {}
    ready = condition(item, "Ready")
    shown = {"True": "Ready"}.get(ready.get("status", ""), "NotReady") if ready else "Unknown"
    if spec(item).get("unschedulable"):
        shown += ",SchedulingDisabled"
    labels = (item.get("metadata") or {}).get("labels") or {}
    roles = {key.removeprefix(ROLE) for key in labels if key.startswith(ROLE)} - {""}
    if labels.get("kubernetes.io/role"):
        roles.add(labels["kubernetes.io/role"])
    addresses = {each.get("type"): each.get("address") for each in reversed(state.get("addresses") or [])}
    return [
        name(item),
        shown,
        joined(sorted(roles)) or NONE,
        created(item, now),
        info.get("kubeletVersion") or "",
        addresses.get("InternalIP") or NONE,
        addresses.get("ExternalIP") or NONE,
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def secret(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), item.get("type", ""), len(item.get("data") or {}), created(item, now)]


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


def quota(item: JSONObject, now: datetime) -> list[Any]:
    state = status(item)
    hard, used = state.get("hard") or {}, state.get("used") or {}
    shown = {key: f"{key}: {used.get(key, 0)}/{hard[key]}" for key in sorted(hard)}
    limits = [text for key, text in shown.items() if key.startswith("limits.")]
    requests = [text for key, text in shown.items() if not key.startswith("limits.")]
    return [name(item), joined(requests, ", "), joined(limits, ", "), created(item, now)]


def event(item: JSONObject, now: datetime) -> list[Any]:
    about = item.get("involvedObject") or item.get("regarding") or {}
    source = item.get("source") or item.get("deprecatedSource") or {}
    series = item.get("series") or {}
    first = item.get("firstTimestamp") or item.get("deprecatedFirstTimestamp") or item.get("eventTime")
    last = item.get("lastTimestamp") or item.get("deprecatedLastTimestamp") or series.get("lastObservedTime") or first
    times = series.get("count") or item.get("count") or item.get("deprecatedCount") or 1
    reporter = source.get("component") or item.get("reportingComponent") or item.get("reportingController") or ""
    host = source.get("host") or item.get("reportingInstance") or ""
    kind = str(about.get("kind", "")).lower()
    return [
        age(last, now),
        item.get("type", ""),
        item.get("reason", ""),
        f"{kind}/{about.get('name', '')}" if about.get("name") else kind,
        about.get("fieldPath", ""),
        f"{reporter}, {host}" if host else reporter,
        str(item.get("message") or item.get("note") or "").strip(),
        age(first, now),
        times,
        name(item),
    ]


ROWS = {
    ("", "Event"): event,
    ("", "Namespace"): namespace,
    ("", "Node"): node,
    ("", "PersistentVolume"): volume,
    ("", "PersistentVolumeClaim"): claim,
    ("", "ResourceQuota"): quota,
    ("", "Secret"): secret,
    ("events.k8s.io", "Event"): event,
}
