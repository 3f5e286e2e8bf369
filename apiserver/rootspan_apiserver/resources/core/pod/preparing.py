"""What the server sets in a pod that is made: its first status, and what older clients say in another way.

Upstream: pkg/registry/core/pod/strategy.go
"""

import time
from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import from_seconds
from rootspan_apiserver.resources.core.pod.affinity import PREFERRED, REQUIRED
from rootspan_apiserver.resources.core.pod.annotations import APP_ARMOR
from rootspan_apiserver.resources.core.pod.disabled_fields import drop_disabled
from rootspan_apiserver.resources.core.pod.quality import quality_of_service
from rootspan_apiserver.resources.hooks import WriteContext

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_PROFILES = {"runtime/default": "RuntimeDefault", "unconfined": "Unconfined"}


def prepare_create(obj: JSONObject, context: WriteContext) -> None:
    """Set the status, and merge into selectors and profiles what other fields say."""
    spec = obj["spec"]
    drop_disabled(spec, {})
    obj["status"] = {"phase": "Pending", "qosClass": quality_of_service(spec)}
    if spec.get("schedulingGates"):
        obj["status"]["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": from_seconds(int(time.time())),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]
    labels = obj["metadata"].get("labels") or {}
    for term in _terms(spec):
        _select(term, "matchLabelKeys", "In", labels)
        _select(term, "mismatchLabelKeys", "NotIn", labels)
    _profiles(obj)


def _terms(spec: JSONObject) -> Iterator[JSONObject]:
    """Yield what has a label selector with keys whose values are the pod's."""
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        found = affinity.get(kind) or {}
        yield from ((each.get("podAffinityTerm") or {}) for each in found.get(PREFERRED) or [])
        yield from found.get(REQUIRED) or []
    yield from spec.get("topologySpreadConstraints") or []


def _select(term: JSONObject, keys: str, operator: str, labels: JSONObject) -> None:
    if (selector := term.get("labelSelector")) is None:
        return
    for key in term.get(keys) or []:
        if key in labels:
            expression = {"key": key, "operator": operator, "values": [labels[key]]}
            selector.setdefault("matchExpressions", []).append(expression)


def _profiles(obj: JSONObject) -> None:
    """Set the AppArmor profiles of containers that only an annotation gives."""
    spec, annotations = obj["spec"], obj["metadata"].get("annotations") or {}
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container in (each for kind in CONTAINERS for each in spec.get(kind) or []):
        said = annotations.get(f"{APP_ARMOR}{container.get('name', '')}")
        if said is None or (container.get("securityContext") or {}).get("appArmorProfile") is not None:
            continue
        profile = _profile(said)
        if profile is not None and profile != of_pod:
            container.setdefault("securityContext", {})["appArmorProfile"] = profile


def _profile(annotation: str) -> JSONObject | None:
    if annotation in _PROFILES:
        return {"type": _PROFILES[annotation]}
    name = annotation.removeprefix("localhost/")
    return {"type": "Localhost", "localhostProfile": name} if name.strip() and name != annotation else None
