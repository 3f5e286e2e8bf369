"""Evicting a pod: a delete that its disruption budget may refuse.

The budgets are listed outside of the request's trace, as kube-apiserver does.

Upstream: pkg/registry/core/pod/storage/eviction.go
"""

import asyncio
from contextvars import Context
from dataclasses import replace

from rootspan_apiserver.handlers.bodies import check_named
from rootspan_apiserver.handlers.subresources.calculated import success
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.query import delete_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.selectors.labels import LabelSelector

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


class Eviction:
    """Deletes pods whose budgets allow it."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._registry = registry
        self._store = store

    async def evict(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        """Deletes the pod of the path. Raises StatusError 429 where a budget allows no disruption."""
        check_named(obj, target)
        options, _ = delete_options(obj.get("deleteOptions") or {})
        if dry_run:
            options = replace(options, dry_run=True)
        pod = (await self._store.get(target.resource, target.namespace, target.name)).decode()
        await self._check_budgets(target, pod)
        await self._store.delete(target.resource, target.namespace, target.name, options)
        return success()

    async def _check_budgets(self, target: Target, pod: JSONObject) -> None:
        budgets = self._registry.lookup("policy", "v1", "poddisruptionbudgets")
        if budgets is None or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending"):
            return
        asking = self._store.list(budgets, target.namespace, ListOptions(resource_version="0"))
        found = await asyncio.create_task(asking, context=Context())
        for item in found.items:
            budget = item.decode()
            selector = budget.get("spec", {}).get("selector")
            if selector is None or not LabelSelector.from_object(selector).matches(pod["metadata"].get("labels") or {}):
                continue
            status = budget.get("status") or {}
            if status.get("disruptionsAllowed", 0) > 0:
                continue
            name = budget["metadata"]["name"]
            healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
            message = f"The disruption budget {name} needs {wanted} healthy pods and has {healthy} currently"
            raise StatusError(
                429, "TooManyRequests", _REFUSED, {"causes": [{"reason": "DisruptionBudget", "message": message}]}
            )
