"""The quality of service of a pod: which is ended first when a node runs out of resources.

Upstream: pkg/apis/core/helper/qos/qos.go (ComputePodQOS)
"""

from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import amount

COMPUTED = ("cpu", "memory")


def quality_of_service(spec: JSONObject) -> str:
    """Return the class of a pod: Guaranteed, Burstable or BestEffort."""
    if (whole := spec.get("resources")) is not None:
        holders = [whole]
    else:
        containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
        holders = [container.get("resources") or {} for container in containers]
    requests = [_compute(holder.get("requests")) for holder in holders]
    limits = [_compute(holder.get("limits")) for holder in holders]
    if not any(requests) and not any(limits):
        return "BestEffort"
    guaranteed = all(limit.keys() == set(COMPUTED) for limit in limits) and _total(requests) == _total(limits)
    return "Guaranteed" if guaranteed else "Burstable"


def _compute(amounts: JSONObject | None) -> dict[str, Any]:
    """Return the amounts of what is computed with, those of zero excepted."""
    found = {name: amount(value) for name, value in (amounts or {}).items() if name in COMPUTED}
    return {name: value for name, value in found.items() if value}


def _total(holders: list[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for holder in holders:
        for name, value in holder.items():
            total[name] = total.get(name, 0) + value
    return total
