"""namespace-controller: the contents of a namespace that is being deleted are deleted, then the namespace.

Everything in it is deleted by the ordinary verbs, so finalizers hold; its `status.conditions` report what remains. When nothing does, the
finalizer `kubernetes` is removed from `spec.finalizers`, and the server deletes the namespace.

A pod that is bound to a node waits for that node, which may not exist: once its grace period is over, the pod is deleted.

Upstream: pkg/controller/namespace/deletion/namespaced_resources_deleter.go
"""

import asyncio
from collections.abc import Sequence

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor, without
from rootspan_apiserver.controllers.kinds import deletable
from rootspan_apiserver.controllers.namespace_conditions import conditions, differ
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import AgainError, WorkQueue
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.times import now, read_time
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Predicate, Storage, StoredObject
from rootspan_apiserver.storage.list_options import ListOptions

FINALIZER = "kubernetes"
WAIT = 15.0
"""Seconds until remaining contents are examined again if none of them is deleted."""
WORKERS = 4


class NamespaceController:
    """Empties the `namespaces` that are being deleted, of every resource in `registry`."""

    name = "namespace-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient, namespaces: Resource) -> None:
        self._storage = storage
        self._registry = registry
        self._namespaces = namespaces
        self._actor = Actor(loopback, self.name)
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._empty, WORKERS))
            async for observed in observe(self._storage, self._namespaces):
                if not observed.deleted and observed.object.is_terminating:
                    self.queue.add(observed.object.name)

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
        reported = conditions(failures, remaining)
        if differ(reported, (namespace.get("status") or {}).get("conditions") or ()):
            namespace["status"] = {**(namespace.get("status") or {}), "conditions": reported}
            await self._actor.replace(path.subresource("status"), namespace)
        if failures:
            raise AgainError
        grace = [_grace_left(stored) for resource, objects in remaining if resource.grace_period for stored in objects]
        patience = min([WAIT, *(left for left in grace if left > 0)])
        await self._until_one_is_deleted([(resource, len(objects)) for resource, objects in remaining], name, patience)
        self.queue.add(name)

    def _namespaced(self) -> Sequence[Resource]:
        return [resource for resource in deletable(self._registry) if resource.namespaced]

    async def _in(self, resource: Resource, namespace: str) -> Sequence[StoredObject]:
        return await self._storage.cached(resource, namespace)

    async def _delete(self, resource: Resource, namespace: str) -> str:
        """Delete the objects of one resource, and return why that failed, "" if it did not."""
        try:
            for stored in await self._in(resource, namespace):
                path = APIPath.of_object(resource, namespace, stored.name)
                if not stored.is_terminating:
                    await self._actor.delete(path, propagationPolicy="Background")
                elif resource.grace_period and _grace_left(stored) <= 0:
                    await self._actor.delete(path, gracePeriodSeconds=0)
        except StatusError as exc:
            return exc.message
        return ""

    async def _until_one_is_deleted(
        self, known: Sequence[tuple[Resource, int]], namespace: str, patience: float
    ) -> None:
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(self._fewer(resource, namespace, count)) for resource, count in known]
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()

    async def _fewer(self, resource: Resource, namespace: str, known: int) -> None:
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
    """Return the seconds until the pod's node must have stopped it."""
    if not pod.is_terminating:
        return WAIT
    return (read_time(pod.deletion_timestamp) - now()).total_seconds() + 1
