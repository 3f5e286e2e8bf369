"""Objects that are not deleted while they are in use: a finalizer protects them, and a controller removes it.

Upstream: pkg/controller/volume/pvcprotection/pvc_protection_controller.go, pkg/controller/volume/pvprotection/pv_protection_controller.go,
pkg/controller/volume/vacprotection/vac_protection_controller.go
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rootspan_apiserver.admission.plugins.storage_object_in_use_protection import PROTECTION_FINALIZERS
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor, without
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_key


@dataclass(frozen=True, slots=True)
class Users:
    """The objects of `resource` that may use a protected object, those of its namespace if both are in one.

    `uses` is called with such an object and the protected one.
    """

    resource: Resource
    uses: Callable[[JSONObject, JSONObject], bool]


class ProtectionController:
    """Keeps its finalizer on the objects of `resource`, and removes it once an object that is being deleted is not in use.

    An object is in use while `is_used` says so, or one of `users` uses it.
    """

    def __init__(
        self,
        name: str,
        resource: Resource,
        *,
        storage: Storage,
        loopback: LoopbackClient,
        is_used: Callable[[JSONObject], bool] = lambda obj: False,
        users: Sequence[Users] = (),
    ) -> None:
        self.name = name
        self._storage = storage
        self._resource = resource
        self._finalizer = PROTECTION_FINALIZERS[resource.group_resource]
        self._is_used = is_used
        self._users = users
        self._actor = Actor(loopback, name)
        self.queue: WorkQueue[ObjectKey] = WorkQueue(name)
        self._kept_by: dict[str, set[ObjectKey]] = {}
        """For the key in the store of a user: the objects that wait until it changes."""

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._protect))
            for each in self._users:
                group.create_task(self._observe_users(each.resource))
            async for observed in observe(self._storage, self._resource):
                if not observed.deleted and self._is_unsettled(observed.object.metadata()):
                    self.queue.add(object_key(self._resource, observed.object.key))

    async def _observe_users(self, resource: Resource) -> None:
        async for observed in observe(self._storage, resource):
            for key in self._kept_by.pop(observed.object.key, ()):
                self.queue.add(key)

    def _is_unsettled(self, metadata: JSONObject) -> bool:
        """Return whether the finalizer is on an object that is being deleted, or missing from one that is not."""
        return (self._finalizer in metadata.get("finalizers", ())) == ("deletionTimestamp" in metadata)

    async def _protect(self, key: ObjectKey) -> None:
        stored = await self._storage.cached_object(self._resource, key.namespace, key.name)
        if stored is None:
            return
        obj = stored.decode()
        metadata, finalizers = obj["metadata"], obj["metadata"].get("finalizers", ())
        if not self._is_unsettled(metadata):
            return
        if "deletionTimestamp" not in metadata:
            metadata["finalizers"] = [*finalizers, self._finalizer]
        elif self._is_used(obj) or await self._is_kept(key, obj):
            return
        else:
            metadata["finalizers"] = without(finalizers, self._finalizer)
        await self._actor.replace(APIPath.of_object(self._resource, key.namespace, key.name), obj)

    async def _is_kept(self, key: ObjectKey, obj: JSONObject) -> bool:
        """Return whether a user uses the object, which is examined again when that user changes."""
        for users in self._users:
            for stored in await self._storage.cached(users.resource, key.namespace):
                if users.uses(stored.decode(), obj):
                    self._kept_by.setdefault(stored.key, set()).add(key)
                    return True
        return False
