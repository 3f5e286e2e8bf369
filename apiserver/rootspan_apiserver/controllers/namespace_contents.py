"""namespace-controller: a namespace that is being deleted is emptied, told what it still waits for, and let go.

Everything in it is deleted by the ordinary verbs, so finalizers hold; its `status.conditions` say what remains. When nothing does, the
finalizer `kubernetes` is taken out of `spec.finalizers`, and the server removes the namespace.

A pod that was bound to a node waits for that node to say that it has stopped. There may be no such node: once its grace period is over, the
pod is removed for it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor, without
from rootspan_apiserver.controllers.kinds import deletable
from rootspan_apiserver.controllers.namespace_conditions import conditions, differ
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import AgainError, WorkQueue
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Predicate, Storage, StoredObject
from rootspan_apiserver.storage.list_options import ListOptions

FINALIZER = "kubernetes"
WAIT = 15.0
"""Seconds until contents that do not go are looked at again without anything having happened."""
WORKERS = 4


class NamespaceController:
    name = "namespace-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient, namespaces: Resource) -> None:
        self._storage = storage
        self._registry = registry
        self._namespaces = namespaces
        self._actor = Actor(loopback, self.name)
        self._queue: WorkQueue[str] = WorkQueue(self.name)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._queue.run(self._empty, WORKERS))
            async for seen in observe(self._storage, self._namespaces):
                if not seen.gone and seen.object.is_terminating:
                    self._queue.add(seen.object.key.rpartition("/")[2])

    async def _empty(self, name: str) -> None:
        path = APIPath.of_object(self._namespaces, "", name)
        namespace = await self._actor.get(path)
        if namespace is None or "deletionTimestamp" not in namespace["metadata"]:
            return
        if FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return
        failures = [failure for resource in self._namespaced() if (failure := await self._delete(resource, name))]
        remaining = [
            (resource, objects) for resource in self._namespaced() if (objects := await self._in(resource, name))
        ]
        if not remaining and not failures:
            namespace["spec"]["finalizers"] = without(namespace["spec"]["finalizers"], FINALIZER)
            await self._actor.replace(path.subresource("finalize"), namespace)
            return
        told = conditions(failures, remaining)
        if differ(told, (namespace.get("status") or {}).get("conditions") or ()):
            namespace["status"] = {**(namespace.get("status") or {}), "conditions": told}
            await self._actor.replace(path.subresource("status"), namespace)
        if failures:
            raise AgainError
        grace = [_grace_left(stored) for resource, objects in remaining if resource.grace_period for stored in objects]
        patience = min([WAIT, *(left for left in grace if left > 0)])
        await self._until_one_goes([(resource, len(objects)) for resource, objects in remaining], name, patience)
        self._queue.add(name)

    def _namespaced(self) -> Sequence[Resource]:
        return [resource for resource in deletable(self._registry) if resource.namespaced]

    async def _in(self, resource: Resource, namespace: str) -> Sequence[StoredObject]:
        return await self._storage.cached(resource, namespace)

    async def _delete(self, resource: Resource, namespace: str) -> str:
        """Delete what is there of one resource; why that failed, if it did."""
        try:
            for stored in await self._in(resource, namespace):
                path = APIPath.of_object(resource, namespace, stored.key.rpartition("/")[2])
                if not stored.is_terminating:
                    await self._actor.delete(path, propagationPolicy="Background")
                elif resource.grace_period and _grace_left(stored) <= 0:
                    await self._actor.delete(path, gracePeriodSeconds=0)
        except StatusError as exc:
            return exc.message
        return ""

    async def _until_one_goes(self, known: Sequence[tuple[Resource, int]], namespace: str, patience: float) -> None:
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(self._gone(resource, namespace, count)) for resource, count in known]
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()

    async def _gone(self, resource: Resource, namespace: str, known: int) -> None:
        """Return once there are fewer than the `known` objects; there may be already."""
        try:
            async with self._storage.watch(namespace, Predicate(resource), ListOptions(resource_version="0")) as watch:
                if len(await self._in(resource, namespace)) < known:
                    return
                async for event in watch:
                    if event.kind == "DELETED":
                        return
        except StatusError:
            await asyncio.sleep(1)


def _grace_left(pod: StoredObject) -> float:
    """Seconds until the pod's node should long have stopped it."""
    if not pod.is_terminating:
        return WAIT
    return (datetime.fromisoformat(pod.deletion_timestamp) - datetime.now(UTC)).total_seconds() + 1
