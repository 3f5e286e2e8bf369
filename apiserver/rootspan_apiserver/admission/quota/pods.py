"""What a pod counts for: itself until it has ended, what its containers request and are limited to.

Upstream: pkg/quota/v1/evaluator/core/pods.go, pkg/quota/v1/install/update_filter.go
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.quota.evaluator import Evaluator, is_selected
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import ONE, Amounts
from rootspan_apiserver.kube.times import now, read_time
from rootspan_apiserver.resources.core.pod.quality import quality_of_service
from rootspan_apiserver.resources.core.pod.totals import effective, is_pod_level

PODS = GroupResource("", "pods")
COMPUTE = ("cpu", "memory", "ephemeral-storage")
REQUESTS, LIMITS = "requests.", "limits."
HUGE_PAGES = ("hugepages-", "requests.hugepages-")
DEVICE_CLASS = "deviceclass.resource.kubernetes.io/"
_MUST_BE_SPECIFIED = frozenset(f"{side}{name}" for side in ("", REQUESTS, LIMITS) for name in ("cpu", "memory"))


def is_extended_in_quota(name: str) -> bool:
    """Return whether a resource of a quota counts requests of a resource of nodes that Kubernetes does not know."""
    is_native = "/" not in name or "kubernetes.io/" in name
    return name.startswith(REQUESTS) and (not is_native or name.startswith(REQUESTS + DEVICE_CLASS))


class PodEvaluator(Evaluator):
    """Counts pods and what they request."""

    def __init__(self) -> None:
        super().__init__(PODS, ("pods", *(f"{side}{name}" for side in ("", REQUESTS, LIMITS) for name in COMPUTE)))

    def handles(self, attributes: AdmissionAttributes) -> bool:
        if attributes.subresource:
            return attributes.subresource == "resize" and attributes.operation == "UPDATE"
        if attributes.operation == "UPDATE":
            return _has_deadline(attributes.object or {}) != _has_deadline(attributes.old_object or {})
        return attributes.operation == "CREATE"

    def counts(self, name: str) -> bool:
        return super().counts(name) or name.startswith(HUGE_PAGES) or is_extended_in_quota(name)

    def missing(self, required: Iterable[str], obj: JSONObject) -> str:
        spec = obj["spec"]
        whole = spec.get("resources") or {}
        if any(is_pod_level(name) for side in ("requests", "limits") for name in whole.get(side) or ()):
            return ""
        needed = _MUST_BE_SPECIFIED.intersection(required)
        lacking: dict[str, set[str]] = {}
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
            resources = container.get("resources") or {}
            present = _compute(_quantities(resources.get("requests")), _quantities(resources.get("limits")))
            for name in needed - present.keys():
                lacking.setdefault(name, set()).add(container.get("name", ""))
        listed = (f"{name} for: {','.join(sorted(lacking[name]))}" for name in sorted(lacking))
        return f"must specify {'; '.join(listed)}" if lacking else ""

    def is_in_scope(self, selector: JSONObject, obj: JSONObject) -> bool:
        scope: str = selector.get("scopeName", "")
        if scope in ("Terminating", "NotTerminating"):
            return _has_deadline(obj) == (scope == "Terminating")
        if scope in ("BestEffort", "NotBestEffort"):
            return (_quality(obj) == "BestEffort") == (scope == "BestEffort")
        if scope == "PriorityClass":
            return is_selected(selector, obj["spec"].get("priorityClassName") or "")
        return scope == "CrossNamespacePodAffinity" and any(map(_is_cross_namespace, _affinity_terms(obj["spec"])))

    def usage(self, obj: JSONObject) -> Amounts:
        if not _is_alive(obj):
            return {self.count: ONE}
        return {self.count: ONE, "pods": ONE, **_compute(effective(obj, "requests"), effective(obj, "limits"))}

    def is_replenished(self, old: JSONObject, new: JSONObject) -> bool:
        return (
            _has_other_resources(old, new)
            or _has_deadline(old) != _has_deadline(new)
            or (_is_alive(old) and not _is_alive(new))
        )


def _quantities(written: JSONObject | None) -> Amounts:
    return {name: Quantity.of(text) for name, text in (written or {}).items()}


def _compute(requests: Amounts, limits: Amounts) -> dict[str, Quantity]:
    """Return requests and limits by their names in quotas."""
    used = {}
    for name, amount in requests.items():
        if name in COMPUTE or name.startswith(HUGE_PAGES[0]):
            used[name] = amount
        if name in COMPUTE or name.startswith((HUGE_PAGES[0], DEVICE_CLASS)) or _is_extended(name):
            used[REQUESTS + name] = amount
    return used | {LIMITS + name: limits[name] for name in COMPUTE if name in limits}


def _is_extended(name: str) -> bool:
    is_native = "/" not in name or "kubernetes.io/" in name
    return not is_native and not name.startswith(REQUESTS) and not qualified_name(REQUESTS + name)


def _is_alive(pod: JSONObject) -> bool:
    """Return whether a pod counts for more than an object: it has not ended, and its deletion is not overdue."""
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return False
    deleted, grace = pod["metadata"].get("deletionTimestamp"), pod["metadata"].get("deletionGracePeriodSeconds")
    return not deleted or grace is None or now() <= read_time(deleted) + timedelta(seconds=grace)


def _has_deadline(pod: JSONObject) -> bool:
    seconds: int | None = (pod.get("spec") or {}).get("activeDeadlineSeconds")
    return seconds is not None and seconds >= 0


def _quality(pod: JSONObject) -> str:
    reported: str | None = (pod.get("status") or {}).get("qosClass")
    return reported or quality_of_service(pod["spec"])


def _affinity_terms(spec: JSONObject) -> Iterator[JSONObject]:
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(kind) or {}
        yield from affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}


def _is_cross_namespace(term: JSONObject) -> bool:
    return bool(term.get("namespaces")) or term.get("namespaceSelector") is not None


def _has_other_resources(old: JSONObject, new: JSONObject) -> bool:
    """Return whether a node reports other resources of a container than before."""
    for key in ("containerStatuses", "initContainerStatuses"):
        after = {each.get("name"): each for each in (new.get("status") or {}).get(key) or ()}
        for each in (old.get("status") or {}).get(key) or ():
            found = after.get(each.get("name"))
            if found is not None and found.get("resources") != each.get("resources"):
                return True
    return False
