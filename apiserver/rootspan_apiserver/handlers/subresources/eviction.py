"""Evicting a pod: a delete that its disruption budget may refuse.

The budgets are asked for outside of the request's trace, as the real server does.
"""

import asyncio
from contextvars import Context
from dataclasses import replace

from rootspan_apiserver.handlers.bodies import check_named
from rootspan_apiserver.handlers.calculated import SUCCESS
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.query import delete_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.selectors.labels import LabelSelector

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


async def evict(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    """Deletes the pod of the path. Raises StatusError 429 where a budget allows no disruption."""
    check_named(obj, target)
    options, _ = delete_options(obj.get("deleteOptions") or {})
    if dry_run:
        options = replace(options, dry_run=True)
    pod = (await request.parts.store.get(target.resource, target.namespace, target.name)).decode()
    await _ask_budgets(request, target, pod)
    await request.parts.store.delete(target.resource, target.namespace, target.name, options)
    return SUCCESS


async def _ask_budgets(request: Request, target: Target, pod: JSONObject) -> None:
    budgets = request.parts.registry.lookup("policy", "v1", "poddisruptionbudgets")
    if budgets is None or (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed", "Pending"):
        return
    asking = request.parts.store.list(budgets, target.namespace, ListOptions(resource_version="0"))
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
