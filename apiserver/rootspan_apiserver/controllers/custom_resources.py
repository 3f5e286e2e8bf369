"""CustomResourceDefinitions: their resources are served as soon as their status says that they are established.

This controller cannot be switched off: in kube-apiserver, too, it is part of the server. A definition gets its status (names accepted,
established); when it is deleted, its objects are deleted first.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{establish,finalizer,status}
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from contextvars import Context
from datetime import UTC, datetime

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.converters import Converters
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor, without
from rootspan_apiserver.controllers.work_queue import AgainError, WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.apiextensions.custom_resource_definition import CLEANUP
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.custom.acceptance import IN_DELETION, is_true, with_condition
from rootspan_apiserver.resources.custom.definitions import resources_of
from rootspan_apiserver.resources.custom.serving import ServedDefinitions
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key
from rootspan_apiserver.telemetry.queue_metrics import QueueMetrics

logger = logging.getLogger(__name__)


class CustomResourceDefinitions:
    """Serves, in `registry`, the resources of the stored definitions."""

    name = "customresourcedefinitions"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient, converters: Converters) -> None:
        self._definitions = registry.builtin("customresourcedefinitions", "apiextensions.k8s.io")
        self._storage = storage
        self._converters = converters
        self._served = ServedDefinitions(registry, converters.of)
        self._actor = Actor(loopback, self.name, component="kube-apiserver")
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def load(self) -> None:
        """Serve the resources of the definitions that are established, and follow the others. Raises StatusError."""
        await self._storage.cached(self._definitions)
        self._storage.subscribe(self._definitions, self)

    async def run(self) -> None:
        """Work until cancelled."""
        await self.queue.run(self._keep)

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """Look at these definitions, and at those that are not among them any more."""
        for name in self._served.definitions:
            self.queue.add(name)
        for stored in objects:
            self._follow(stored)

    def observe(self, change: Change) -> None:
        """Look at a definition after a change."""
        if change.deleted:
            self.queue.add(change.object.name)
        else:
            self._follow(change.object)

    def _follow(self, stored: StoredObject) -> None:
        """Serve an established definition at once: before any watch shows that it is established."""
        definition = stored.decode()
        if is_true(definition, "Established"):
            try:
                self._served.put(definition)
            except Exception:  # an observer must not fail; the queue tries again, and logs it
                logger.exception("%s cannot be served", stored.name)
        self.queue.add(stored.name)

    async def _keep(self, name: str) -> None:
        definition = await self._definition(name)
        names = self._served.names_of(name)
        if definition is None:
            group = self._served.group_of(name)
            self._served.remove(name)
            self._look_again(group, name)
            await self._converters.forget(name)
            return
        path, deleted = APIPath.of_object(self._definitions, "", name), "deletionTimestamp" in definition["metadata"]
        status = self._served.status_of(definition)
        if not deleted and status != definition.get("status"):
            # Before anything is served, so that a client who sees the resource in discovery does not race with this write.
            definition = await self._actor.replace(path.subresource("status"), {**definition, "status": status})
        self._served.put(definition)
        await self._converters.close_unused()
        if deleted:
            await self._finalize(path, definition)
        if self._served.names_of(name) != names:
            self._look_again(definition["spec"]["group"], name)

    def _look_again(self, group: str, name: str) -> None:
        """Look at the names of the other definitions of a group, as some may be free now."""
        for other in self._served.others_in_group(group, name):
            self.queue.add(other)

    async def _finalize(self, path: APIPath, definition: JSONObject) -> None:
        """Delete the objects of a definition that is deleted, then let it go. Raises AgainError while there are some left."""
        metadata = definition["metadata"]
        finalizers = metadata.get("finalizers") or []
        if CLEANUP not in finalizers:
            return
        status = with_condition(definition.get("status") or {}, IN_DELETION, datetime.now(UTC))
        if status != definition.get("status"):
            # The change of the status brings the definition here again.
            await self._actor.replace(path.subresource("status"), {**definition, "status": status})
            return
        await self._delete_objects(definition)
        left = {"finalizers": without(finalizers, CLEANUP), "resourceVersion": metadata["resourceVersion"]}
        await self._actor.patch_metadata(path, left)

    async def _definition(self, name: str) -> JSONObject | None:
        stored = await self._storage.cached_object(self._definitions, "", name)
        return None if stored is None else stored.decode()

    async def _delete_objects(self, definition: JSONObject) -> None:
        resource = next(iter(resources_of(definition)), None)
        if resource is None or not is_true(definition, "Established"):
            return
        for stored in await self._storage.cached(resource):
            if not stored.is_terminating:
                key = object_key(resource, stored.key)
                await self._actor.delete(APIPath.of_object(resource, key.namespace, key.name))
        if await self._storage.cached(resource):
            raise AgainError


@contextlib.asynccontextmanager
async def serving_custom_resources(
    storage: Storage, registry: Registry, loopback: LoopbackClient, converters: Converters, *, metrics: QueueMetrics
) -> AsyncIterator[None]:
    """Serve the resources of CustomResourceDefinitions while the block runs, those of the stored ones from the start.

    Args:
        converters: makes their converters, and is closed at the end.
        metrics: shows the queue.

    Raises:
        StatusError: the definitions cannot be read.
    """
    controller = CustomResourceDefinitions(storage, registry, loopback, converters)
    controller.queue.shown_in(metrics)
    await controller.load()
    task = asyncio.create_task(controller.run(), name=controller.name, context=Context())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await converters.aclose()
