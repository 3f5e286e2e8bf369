"""garbage-collector-controller: objects are deleted with their owners, as the deletion of the owner requests.

* Background: the owner does not exist any more; dependents without another owner are deleted.
* Foreground: the owner has the finalizer `foregroundDeletion`; its dependents are deleted first, and it waits for those that block it.
* Orphan: the owner has the finalizer `orphan`; it is removed from the owner references of its dependents, which stay.

An owner is identified by its uid. A reference to one that does not exist, or whose name now belongs to another object, is dangling.

Upstream: pkg/controller/garbagecollector/garbagecollector.go, graph_builder.go
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Literal

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor, without
from rootspan_apiserver.controllers.kinds import deletable
from rootspan_apiserver.controllers.observing import Observation, observe
from rootspan_apiserver.controllers.owners import Owners, Place
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.deletion import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage

WORKERS = 4
OwnerState = Literal["solid", "dangling", "waiting"]


class GarbageCollector:
    """Deletes the dependents of deleted owners, of every resource in `registry`."""

    name = "garbage-collector-controller"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient) -> None:
        self._storage = storage
        self._registry = registry
        self._actor = Actor(loopback, "generic-garbage-collector")
        self.queue: WorkQueue[Place] = WorkQueue(self.name)
        self._owners = Owners()
        self._watched: dict[str, tuple[Resource, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        changed = asyncio.Event()
        unsubscribe = self._registry.subscribe(changed.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.queue.run(self._examine, WORKERS))
                while True:
                    self._follow(group)
                    await changed.wait()
                    changed.clear()
        finally:
            unsubscribe()

    def _follow(self, group: asyncio.TaskGroup) -> None:
        """Watch the resources that are served now, and those alone."""
        served = {resource.storage_path: resource for resource in deletable(self._registry)}
        served.pop("/events", None)
        for path, (resource, task) in list(self._watched.items()):
            if served.get(path) is not resource:
                task.cancel()
                del self._watched[path]
        for path, resource in served.items():
            if path not in self._watched:
                self._watched[path] = resource, group.create_task(self._watch(resource))

    async def _watch(self, resource: Resource) -> None:
        async for observed in observe(self._storage, resource):
            self._observe(resource, observed)

    def _observe(self, resource: Resource, observed: Observation) -> None:
        stored = observed.object
        place = Place.of(resource, stored)
        owners = {} if observed.deleted else stored.owners
        self._add(self._owners.unblocked(place, owners))
        changed = self._owners.put(place, owners)
        waits = (
            not observed.deleted
            and stored.is_terminating
            and FOREGROUND_FINALIZER in (stored.metadata().get("finalizers") or ())
        )
        self._owners.put_waiting(place, stored.uid if waits else "")
        if observed.deleted:
            if self._owners:
                self._add(self._owners.dependents(stored.uid))
        elif changed or stored.is_terminating:
            self.queue.add(place)

    def _add(self, places: Iterable[Place]) -> None:
        for place in places:
            self.queue.add(place)

    async def _examine(self, place: Place) -> None:
        """Do what the object requires, if it requires something according to the cache; the server itself decides what that is."""
        cached = await self._storage.get(place.resource, place.namespace, place.name, "0")
        if cached is None or not await self._needs_work(place, cached.decode()["metadata"]):
            return
        path = APIPath.of_object(place.resource, place.namespace, place.name)
        obj = await self._actor.get(path)
        if obj is None:
            return
        metadata = obj["metadata"]
        finalizers = metadata.get("finalizers") or []
        if "deletionTimestamp" in metadata:
            if ORPHAN_FINALIZER in finalizers:
                await self._orphan_dependents(path, metadata)
            elif FOREGROUND_FINALIZER in finalizers:
                await self._delete_dependents(path, metadata)
        elif references := metadata.get("ownerReferences"):
            await self._follow_owners(place, path, metadata, references)

    async def _needs_work(self, place: Place, metadata: JSONObject) -> bool:
        if "deletionTimestamp" in metadata:
            return bool({ORPHAN_FINALIZER, FOREGROUND_FINALIZER} & set(metadata.get("finalizers") or ()))
        states = [await self._state(place, reference) for reference in metadata.get("ownerReferences") or ()]
        return any(state != "solid" for state in states)

    async def _follow_owners(
        self, place: Place, path: APIPath, metadata: JSONObject, references: list[JSONObject]
    ) -> None:
        states = [await self._state(place, reference) for reference in references]
        if "solid" in states:
            solid = [each for each, state in zip(references, states, strict=True) if state == "solid"]
            if len(solid) < len(references):
                version = metadata["resourceVersion"]
                await self._actor.patch_metadata(path, {"resourceVersion": version, "ownerReferences": solid})
            return
        policy = "Background"
        if "waiting" in states and self._owners.dependents(metadata["uid"]):
            policy = "Foreground"
        elif ORPHAN_FINALIZER in (metadata.get("finalizers") or ()):
            policy = "Orphan"
        elif FOREGROUND_FINALIZER in (metadata.get("finalizers") or ()):
            policy = "Foreground"
        await self._actor.delete(path, preconditions={"uid": metadata["uid"]}, propagationPolicy=policy)

    async def _state(self, place: Place, reference: JSONObject) -> OwnerState:
        resource = self._resource_of(reference)
        if resource is None or (resource.namespaced and not place.resource.namespaced):
            return "solid"
        namespace = place.namespace if resource.namespaced else ""
        owner = await self._owner(resource, namespace, reference["name"])
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return "dangling"
        leaving = "deletionTimestamp" in owner["metadata"]
        return "waiting" if leaving and FOREGROUND_FINALIZER in (owner["metadata"].get("finalizers") or ()) else "solid"

    async def _owner(self, resource: Resource, namespace: str, name: str) -> JSONObject | None:
        """Return the owner from the cache; whether there is none, the server itself decides."""
        found = await self._storage.get(resource, namespace, name, "0")
        if found is not None:
            return found.decode()
        return await self._actor.get(APIPath.of_object(resource, namespace, name))

    def _resource_of(self, reference: JSONObject) -> Resource | None:
        group, _, version = reference["apiVersion"].rpartition("/")
        return self._registry.by_kind(GroupVersionKind(group, version, reference["kind"]))

    async def _orphan_dependents(self, path: APIPath, metadata: JSONObject) -> None:
        for dependent in await self._all_dependents(metadata["uid"]):
            await self._forget_owner(dependent, metadata["uid"])
        await self._remove_finalizer(path, metadata, ORPHAN_FINALIZER)

    async def _forget_owner(self, place: Place, uid: str) -> None:
        path = APIPath.of_object(place.resource, place.namespace, place.name)
        obj = await self._actor.get(path)
        if obj is None:
            return
        references = obj["metadata"].get("ownerReferences") or []
        others = [each for each in references if each["uid"] != uid]
        if len(others) < len(references):
            version = obj["metadata"]["resourceVersion"]
            await self._actor.patch_metadata(path, {"resourceVersion": version, "ownerReferences": others or None})

    async def _all_dependents(self, uid: str) -> Sequence[Place]:
        """Return the dependents from the cache, which may have one that has not been observed yet."""
        return [
            Place.of(resource, stored)
            for resource in deletable(self._registry)
            for stored in await self._storage.cached(resource)
            if uid in stored.owners
        ]

    async def _delete_dependents(self, path: APIPath, metadata: JSONObject) -> None:
        """Delete the dependents, and remove the finalizer when none blocks; each adds its owner to the queue when it ceases to block it.

        Objects that wait for each other in a ring would wait without end: one of them ceases to block its own owners. Upstream does this to
        the object whose deletion would close the ring, and so never ends a ring of one, or one whose objects were all deleted by a client.
        """
        uid = metadata["uid"]
        self._add(each for each in self._owners.dependents(uid) if not self._owners.is_waiting(each))
        if not self._owners.blocking(uid):
            await self._remove_finalizer(path, metadata, FOREGROUND_FINALIZER)
        elif self._owners.waits_for_itself(uid):
            references = metadata.get("ownerReferences") or ()
            unblocking = [
                each | {"blockOwnerDeletion": False} if each.get("blockOwnerDeletion") else each for each in references
            ]
            version = metadata["resourceVersion"]
            await self._actor.patch_metadata(path, {"resourceVersion": version, "ownerReferences": unblocking})

    async def _remove_finalizer(self, path: APIPath, metadata: JSONObject, finalizer: str) -> None:
        others = without(metadata.get("finalizers") or (), finalizer)
        version = metadata["resourceVersion"]
        await self._actor.patch_metadata(path, {"resourceVersion": version, "finalizers": others or None})
