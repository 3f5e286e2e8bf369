"""Evicting a pod: a delete that its disruption budget may refuse, announced by a condition of the pod.

Upstream: pkg/registry/core/pod/storage/eviction.go
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from rootspan_apiserver.handlers.bodies import check_named
from rootspan_apiserver.handlers.subresources.calculated import success
from rootspan_apiserver.handlers.subresources.disruption_budgets import DisruptionBudgets, too_many_disruptions
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.query import delete_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, conflict
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.options import DeleteOptions, UpdateOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry

_ATTEMPTS, _PAUSE, _JITTER = 20, 0.5, 0.1
"""How often, and after how many seconds, an eviction is tried again whose pod has changed."""
_TERMINAL = ("Succeeded", "Failed")
_POD = GroupResource("", "Pod")


class Eviction:
    """Deletes pods whose budgets allow it."""

    def __init__(self, registry: Registry, store: Store) -> None:
        self._store = store
        self._budgets = DisruptionBudgets(registry, store)

    async def evict(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        """Delete the pod of the path.

        Raises:
            StatusError: 429, a budget allows no disruption; 400, 404, 409 or 500, as kube-apiserver does.
        """
        check_named(obj, target)
        options = _delete_options(obj.get("deleteOptions") or {}, dry_run)
        pod = await _retried(lambda: self._without_budget(target, options), bool(options.precondition_resource_version))
        if pod is None:
            return success()
        try:
            name, unhealthy = await self._budgets.check(pod, dry_run=options.dry_run)
        except StatusError as error:
            if error.code == HTTPStatus.INTERNAL_SERVER_ERROR:
                return error.body()
            raise
        wanted = _of_version(options, pod) if unhealthy else options
        try:
            await self._delete(target, wanted)
        except StatusError as error:
            if error.reason == "Conflict" and unhealthy and not options.precondition_resource_version:
                raise too_many_disruptions(name) from error
            raise
        return success()

    async def _without_budget(self, target: Target, options: DeleteOptions) -> JSONObject | None:
        """Delete a pod that no budget protects; return another one, whose budget is to be asked."""
        pod = (await self._store.get(target.resource, target.namespace, target.name)).decode()
        phase, deleting = (pod.get("status") or {}).get("phase"), bool(pod["metadata"].get("deletionTimestamp"))
        if not deleting and phase not in (*_TERMINAL, "Pending"):
            return pod
        races = not deleting and phase not in _TERMINAL and not options.precondition_resource_version
        await self._delete(target, _of_version(options, pod) if races else options)
        return None

    async def _delete(self, target: Target, options: DeleteOptions) -> None:
        resource, namespace, name = target.resource, target.namespace, target.name

        async def announced(pod: JSONObject | None) -> JSONObject:
            assert pod is not None, "a pod that does not exist is refused with 404"
            _check_preconditions(pod, options)
            _add_condition(pod)
            return pod

        if not options.dry_run:
            stored, _ = await self._store.update(
                resource, namespace, name, announced, UpdateOptions(subresource="status")
            )
            if options.precondition_resource_version:
                options = replace(options, precondition_resource_version=str(stored.revision))
        await self._store.delete(resource, namespace, name, options)


async def _retried(work: Callable[[], Awaitable[JSONObject | None]], once: bool) -> JSONObject | None:
    for _ in range(0 if once else _ATTEMPTS - 1):
        try:
            return await work()
        except StatusError as error:
            if error.reason != "Conflict":
                raise
        await asyncio.sleep(_PAUSE * (1 + _JITTER * random.random()))
    return await work()


def _delete_options(wanted: JSONObject, dry_run: bool) -> DeleteOptions:
    """Return the options of the eviction, which the query may ask to be dry as well. Raises StatusError 422 or 500."""
    options, _ = delete_options(wanted)
    return replace(options, dry_run=options.dry_run or dry_run)


def _of_version(options: DeleteOptions, pod: JSONObject) -> DeleteOptions:
    return replace(options, precondition_resource_version=pod["metadata"]["resourceVersion"])


def _check_preconditions(pod: JSONObject, options: DeleteOptions) -> None:
    metadata = pod["metadata"]
    for wanted, key, what, why in (
        (options.precondition_uid, "uid", "UID", "deleted and then recreated"),
        (options.precondition_resource_version, "resourceVersion", "ResourceVersion", "modified"),
    ):
        if wanted and wanted != metadata[key]:
            message = (
                f"the {what} in the precondition ({wanted}) does not match the {what} in record ({metadata[key]}). "
                f"The object might have been {why}"
            )
            raise conflict(_POD, metadata["name"], message)


def _add_condition(pod: JSONObject) -> None:
    status = pod.setdefault("status", {})
    conditions = status.get("conditions") or []
    present = next((condition for condition in conditions if condition.get("type") == "DisruptionTarget"), None)
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": timestamp(),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    if present is None:
        conditions = [*conditions, condition]
    elif present.get("status") == "True":
        present |= condition | {"lastTransitionTime": present.get("lastTransitionTime")}
    else:
        present |= condition
    status["conditions"] = conditions
