"""The APIServices of what this server itself serves.

Those of the built-in group-versions are created when the server starts, without requests, and not again while it runs; those of
CustomResourceDefinitions are kept as they should be, and deleted with the last definition of their group-version. A label says which is
which; an APIService without it is left alone.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/controllers/autoregister/autoregister_controller.go,
pkg/controlplane/controller/crdregistration/crdregistration_controller.go
"""

import asyncio
from collections.abc import Mapping

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.api_priorities import BUILTIN, CUSTOM, APIServicePriority
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage

MANAGED = "kube-aggregator.kubernetes.io/automanaged"
ON_START, ALWAYS = "onstart", "true"


class APIServiceRegistration:
    """Creates, restores and deletes APIServices."""

    name = "autoregister"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient, store: Store) -> None:
        self._storage = storage
        self._services = registry.builtin("apiservices", "apiregistration.k8s.io")
        self._definitions = registry.builtin("customresourcedefinitions", "apiextensions.k8s.io")
        self._actor = Actor(loopback, self.name, component="kube-apiserver")
        self._own = OwnWrites(store)
        self.queue: WorkQueue[str] = WorkQueue(self.name)
        self._builtin = {_name(each): _service(each, priority, ON_START) for each, priority in BUILTIN.items()}
        self._custom: Mapping[str, JSONObject] = {}
        self._started: set[str] = set()

    async def complete(self) -> None:
        """Bring the APIServices of the start up to date. Raises StatusError."""
        await self._look_at_definitions()
        present = {stored.name for stored in await self._storage.cached(self._services)}
        await asyncio.gather(*(self._keep(name) for name in {*self._builtin, *self._custom, *present}))

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._keep))
            group.create_task(self._observe_definitions())
            async for observed in observe(self._storage, self._services):
                self.queue.add(observed.object.name)

    async def _observe_definitions(self) -> None:
        async for _ in observe(self._storage, self._definitions):
            before = self._custom
            await self._look_at_definitions()
            for name in before.keys() ^ self._custom.keys():
                self.queue.add(name)

    async def _look_at_definitions(self) -> None:
        found = {}
        for stored in await self._storage.cached(self._definitions):
            spec = stored.decode()["spec"]
            for version in spec.get("versions") or ():
                api_version = f"{spec['group']}/{version['name']}"
                if version.get("served") and api_version not in BUILTIN:
                    found[_name(api_version)] = _service(api_version, CUSTOM, ALWAYS)
        self._custom = found

    async def _keep(self, name: str) -> None:
        first = name not in self._started
        self._started.add(name)
        wanted = self._builtin.get(name) or self._custom.get(name)
        if wanted is not None and _managed(wanted) == ON_START and not first:
            return
        stored = await self._storage.cached_object(self._services, "", name)
        path = APIPath.of_object(self._services, "", name)
        if stored is None:
            if name in self._builtin:
                await self._own.create(self._services, "", self._builtin[name])
            elif wanted is not None:
                await self._actor.create(APIPath.of_collection(self._services), wanted)
            return
        present = stored.decode()
        if _managed(present) not in (ON_START, ALWAYS) or (_managed(present) == ON_START and not first):
            return
        if wanted is None:
            await self._actor.delete(path, preconditions={"uid": stored.uid})
        elif present["spec"] != wanted["spec"]:
            await self._actor.replace(path, {**present, "spec": wanted["spec"]})


def _service(api_version: str, priority: APIServicePriority, managed: str) -> JSONObject:
    group, _, version = api_version.rpartition("/")
    spec = {"version": version, "groupPriorityMinimum": priority.group, "versionPriority": priority.version}
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": _name(api_version), "labels": {MANAGED: managed}},
        "spec": {"group": group, **spec} if group else spec,
    }


def _name(api_version: str) -> str:
    group, _, version = api_version.rpartition("/")
    return f"{version}.{group}"


def _managed(service: JSONObject) -> str:
    return (service["metadata"].get("labels") or {}).get(MANAGED) or ""
