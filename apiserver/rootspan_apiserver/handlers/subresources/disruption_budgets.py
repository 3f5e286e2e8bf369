"""What the disruption budget of a pod says to its eviction, and the disruption that is taken from it.

Budgets are read and written outside of the request's trace, as kube-apiserver does.

Upstream: pkg/registry/core/pod/storage/eviction.go
"""

import asyncio
from contextvars import Context

from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, forbidden
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.options import ListOptions, UpdateOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.selectors.labels import LabelSelector

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
_UNCONFIRMED = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
_MOST_DISRUPTED = 2000
_RETRY_AFTER = 10
_BUDGET = GroupResource("policy", "poddisruptionbudget")


class DisruptionBudgets:
    """Asks the budget that selects a pod."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry = registry
        self._store = store

    async def check(self, pod: JSONObject, *, dry_run: bool) -> tuple[str, bool]:
        """Take one disruption from the budget of a pod: its name, and whether the pod may go because it is not ready.

        Raises:
            StatusError: 429, the budget allows no disruption; 403, its status is not plausible; 500, there are several budgets.
        """
        return await asyncio.create_task(self._check(pod, dry_run), context=Context())

    async def _check(self, pod: JSONObject, dry_run: bool) -> tuple[str, bool]:
        resource = self._registry.lookup("policy", "v1", "poddisruptionbudgets")
        if resource is None:
            return "", False
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
        found = await self._store.list(resource, namespace, ListOptions())
        budgets = [budget for item in found.items if _selects(budget := item.decode(), labels)]
        if len(budgets) > 1:
            raise StatusError(500, "", _SEVERAL)
        if not budgets:
            return "", False
        name = budgets[0]["metadata"]["name"]
        if not _is_ready(pod) and _lets_unhealthy_go(budgets[0]):
            return name, True
        await self._decrement(resource, namespace, name, pod["metadata"]["name"], dry_run)
        return name, False

    async def _decrement(self, resource: Resource, namespace: str, name: str, pod: str, dry_run: bool) -> None:
        async def decremented(budget: JSONObject | None) -> JSONObject:
            assert budget is not None, "a budget that does not exist is refused with 404"
            _check_allowed(budget)
            status = budget["status"]
            status["disruptionsAllowed"] -= 1
            if not status["disruptionsAllowed"]:
                _disallow(status)
            status["disruptedPods"] = (status.get("disruptedPods") or {}) | {pod: timestamp()}
            return budget

        options = UpdateOptions(subresource="status", dry_run=dry_run)
        await self._store.update(resource, namespace, name, decremented, options)


def too_many_disruptions(budget: str) -> StatusError:
    """Return the 429 of a budget whose status is not up to date."""
    return _too_many(f"The disruption budget {budget} is still being processed by the server.", _RETRY_AFTER)


def _selects(budget: JSONObject, labels: dict[str, str]) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    return selector is not None and LabelSelector.from_object(selector).matches(labels)


def _is_ready(pod: JSONObject) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in conditions)


def _lets_unhealthy_go(budget: JSONObject) -> bool:
    status = budget.get("status") or {}
    wanted = status.get("desiredHealthy", 0)
    always = (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
    return always or bool(status.get("currentHealthy", 0) >= wanted > 0)


def _check_allowed(budget: JSONObject) -> None:
    """Raises StatusError 429 or 403."""
    name, status = budget["metadata"]["name"], budget.setdefault("status", {})
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise too_many_disruptions(name)
    allowed = status.setdefault("disruptionsAllowed", 0)
    if allowed < 0:
        raise forbidden(_BUDGET, name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or {}) > _MOST_DISRUPTED:
        raise forbidden(_BUDGET, name, _UNCONFIRMED)
    if not allowed:
        raise _too_many(_reason(name, status), 0)


def _reason(name: str, status: JSONObject) -> str:
    conditions = status.get("conditions") or []
    condition: JSONObject = next((item for item in conditions if item.get("type") == "DisruptionAllowed"), {})
    message = condition.get("message", "") if condition.get("status") == "False" else ""
    healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    denied = f"The disruption budget {name} does not allow evicting pods currently"
    if message and condition.get("reason") == "SyncFailed":
        return f"{denied} because it failed sync: {message}"
    if healthy <= wanted:
        return f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently"
    return f"{denied} ({condition['reason']}): {message}" if message else denied


def _disallow(status: JSONObject) -> None:
    conditions = [*(status.get("conditions") or [])]
    present = next((item for item in conditions if item.get("type") == "DisruptionAllowed"), None)
    if present is None:
        present = {"type": "DisruptionAllowed"}
        conditions.append(present)
    if present.get("status") != "False":
        present["lastTransitionTime"] = timestamp()
    present |= {"status": "False", "reason": "InsufficientPods", "message": ""}
    present["observedGeneration"] = status.get("observedGeneration", 0)
    status["conditions"] = conditions


def _too_many(cause: str, retry_after: int) -> StatusError:
    details: JSONObject = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return StatusError(429, "TooManyRequests", _REFUSED, details)
