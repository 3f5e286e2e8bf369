"""What a pod as a whole requests and is limited to: the sum of its containers, or as much as its init containers need one after another.

LimitRanger counts the specification of the pod; quotas count what the node has allocated, too, and the overhead of the runtime.

Upstream: staging/src/k8s.io/component-helpers/resource/helpers.go (PodRequests, PodLimits), plugin/pkg/admission/limitranger/admission.go
"""

from collections.abc import Callable, Iterable
from typing import Literal

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import Amounts, added, amounts_of, greatest

COMPUTED = frozenset({"cpu", "memory"})
HUGE_PAGES = "hugepages-"
Side = Literal["requests", "limits"]
SIDES: tuple[Side, ...] = ("requests", "limits")


def is_pod_level(name: str) -> bool:
    """Return whether a pod can request the resource as a whole."""
    return name in COMPUTED or name.startswith(HUGE_PAGES)


def of_containers(spec: JSONObject, side: Side) -> Amounts:
    """Return the requests or the limits of the containers in a pod's specification, without those of the whole pod."""
    return _of_containers(spec, side, lambda container: _own(container, side))


def specified(pod: JSONObject, side: Side) -> Amounts:
    """Return the requests or the limits in the pod's specification; those of the whole pod override cpu and memory only."""
    spec = pod["spec"]
    return {
        **of_containers(spec, side),
        **{name: value for name, value in _own(spec, side).items() if name in COMPUTED},
    }


def effective(pod: JSONObject, side: Side) -> Amounts:
    """Return the requests or the limits in effect: of each container the greatest of what it has, had and was promised."""
    spec, status = pod["spec"], pod.get("status") or {}
    statuses = {
        each.get("name"): each
        for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ()))
        if each.get("resources") is not None
    }
    infeasible = _is_resize_infeasible(status.get("conditions") or ())

    def of_running(container: JSONObject) -> Amounts:
        own, found = _own(container, side), statuses.get(container.get("name"))
        if found is None:
            return own
        actuated = _own(found, side)
        allocated = amounts_of(found.get("allocatedResources")) if side == "requests" else {}
        return greatest(actuated if infeasible else greatest(own, actuated), allocated)

    total = _of_containers(spec, side, of_running)
    total |= {name: value for name, value in _own(spec, side).items() if is_pod_level(name)}
    overhead = amounts_of(spec.get("overhead"))
    if side == "limits":
        overhead = {name: value for name, value in overhead.items() if name in total and total[name].value}
    return added(total, overhead)


def _of_containers(spec: JSONObject, side: Side, of_running: Callable[[JSONObject], Amounts]) -> dict[str, Quantity]:
    """Return the sum of the containers that run at the same time; `of_running` is what one of those, or a sidecar, counts for."""
    total: Amounts = {}
    for container in spec.get("containers") or ():
        total = added(total, of_running(container))
    sidecars: Amounts = {}
    initial: Amounts = {}
    for container in spec.get("initContainers") or ():
        if container.get("restartPolicy") == "Always":
            own = of_running(container)
            total, sidecars = added(total, own), added(sidecars, own)
            initial = greatest(initial, sidecars)
        else:
            initial = greatest(initial, added(_own(container, side), sidecars))
    return greatest(total, initial)


def _own(holder: JSONObject, side: Side) -> Amounts:
    return amounts_of((holder.get("resources") or {}).get(side))


def _is_resize_infeasible(conditions: Iterable[JSONObject]) -> bool:
    pending = next((each for each in conditions if each.get("type") == "PodResizePending"), {})
    return pending.get("reason") == "Infeasible"
