"""resourcequota-controller: the status of every quota says what it allows and what the objects of its namespace use.

A quota is calculated a second after it is created or allows something else, when an object that it counts is deleted or counts for less,
and every five minutes. What is created is counted by admission.

Upstream: pkg/controller/resourcequota/resource_quota_controller.go, resource_quota_monitor.go,
staging/src/k8s.io/apiserver/pkg/quota/v1/resources.go (CalculateUsage)
"""

import asyncio
from collections.abc import Iterable

from rootspan_apiserver.admission.quota.evaluator import Evaluator, scope_selectors
from rootspan_apiserver.admission.quota.evaluators import IGNORED, Evaluators
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.kinds import deletable
from rootspan_apiserver.controllers.quota_monitor import KnownQuotas, QuotaMonitor
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import ZERO, Amounts, added, amounts_of, masked, same_amounts, written
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage

RESYNC_SECONDS = 300.0
SETTLING_SECONDS = 1.0
"""How long a new quota is left alone: its creator can change it next, with the resourceVersion of the answer."""
WORKERS = 5
AT_ONCE = 64
"""How many objects are counted before other tasks run."""


class ResourceQuotaController:
    """Keeps the status of quotas, which count the objects of every resource in `registry`."""

    name = "resourcequota-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient) -> None:
        self._storage = storage
        self._registry = registry
        self._quotas = registry.builtin("resourcequotas")
        self._evaluators = Evaluators(storage, registry)
        self._actor = Actor(loopback, self.name)
        self.queue: WorkQueue[ObjectKey] = WorkQueue(self.name)
        self._known = KnownQuotas(
            self._quotas, settle=lambda key: self.queue.add_after(key, SETTLING_SECONDS), calculate=self.queue.add
        )
        self._monitored: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        changed = asyncio.Event()
        unsubscribe = self._registry.subscribe(changed.set)
        self._storage.subscribe(self._quotas, self._known)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.queue.run(self._sync, WORKERS))
                group.create_task(self._resync())
                while True:
                    await self._monitor()
                    await changed.wait()
                    changed.clear()
        finally:
            unsubscribe()

    async def _monitor(self) -> None:
        """Observe the resources that are served now and were not before, which every quota may count."""
        is_new = False
        for resource in self._counted():
            if resource.storage_path not in self._monitored:
                self._monitored.add(resource.storage_path)
                evaluator = await self._evaluators.of(resource.group_resource, "")
                assert evaluator is not None
                self._storage.subscribe(resource, QuotaMonitor(resource, evaluator, self._known))
                is_new = True
        if is_new:
            self._calculate_all()

    def _calculate_all(self) -> None:
        for key in self._known.all():
            self.queue.add(key)

    def _counted(self) -> Iterable[Resource]:
        return [
            resource
            for resource in deletable(self._registry)
            if resource.namespaced and "create" in resource.verbs and resource.group_resource not in IGNORED
        ]

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            self._calculate_all()

    async def _sync(self, key: ObjectKey) -> None:
        stored = await self._storage.cached_object(self._quotas, key.namespace, key.name)
        if stored is None:
            return
        quota = stored.decode()
        status = quota.get("status") or {}
        hard, before = amounts_of((quota.get("spec") or {}).get("hard")), amounts_of(status.get("used"))
        used = masked(before | await self._usage(quota, hard), hard)
        is_known = "hard" in status and "used" in status and same_amounts(hard, amounts_of(status["hard"]))
        if not is_known or not same_amounts(used, before):
            path = APIPath.of_object(self._quotas, key.namespace, key.name).subresource("status")
            await self._actor.replace(path, {**quota, "status": {"hard": written(hard), "used": written(used)}})

    async def _usage(self, quota: JSONObject, hard: Amounts) -> dict[str, Quantity]:
        """Return how much of what a quota allows the objects in its namespace and scopes use."""
        namespace, total = quota["metadata"]["namespace"], dict[str, Quantity]()
        for resource in self._counted():
            evaluator = await self._evaluators.of(resource.group_resource, namespace)
            if evaluator is not None and (names := evaluator.matching(hard)):
                total = added(total, await self._usage_of(resource, evaluator, quota))
                total = added(total, dict.fromkeys(names, ZERO))
        return masked(total, hard)

    async def _usage_of(self, resource: Resource, evaluator: Evaluator, quota: JSONObject) -> dict[str, Quantity]:
        selectors, total = scope_selectors(quota), dict[str, Quantity]()
        for index, stored in enumerate(await self._storage.cached(resource, quota["metadata"]["namespace"])):
            obj = stored.decode()
            if all(evaluator.is_in_scope(selector, obj) for selector in selectors):
                total = added(total, evaluator.usage(obj))
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return total
