"""The config map by which the server of an aggregated API learns whom this server trusts to authenticate users.

Upstream: pkg/controlplane/controller/clusterauthenticationtrust/cluster_authentication_trust_controller.go
"""

import asyncio
from collections.abc import Mapping

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_key

NAMESPACE, NAME = "kube-system", "extension-apiserver-authentication"


class AuthenticationTrust:
    """Keeps the config map with this `data`; what else is in it stays."""

    name = "cluster-authentication-trust"

    def __init__(self, storage: Storage, registry: Registry, loopback: LoopbackClient, data: Mapping[str, str]) -> None:
        self._storage = storage
        self._config_maps = registry.builtin("configmaps")
        self._actor = Actor(loopback, self.name, component="kube-apiserver")
        self._data = dict(data)
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def _keep(self) -> None:
        """Create the config map, or bring its data up to date. Raises StatusError."""
        stored = await self._storage.cached_object(self._config_maps, NAMESPACE, NAME)
        if stored is None:
            metadata = {"name": NAME, "namespace": NAMESPACE}
            wanted: JSONObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": self._data}
            await self._actor.create(APIPath.of_collection(self._config_maps, NAMESPACE), wanted)
            return
        present = stored.decode()
        data = (present.get("data") or {}) | self._data
        if data != (present.get("data") or {}):
            path = APIPath.of_object(self._config_maps, NAMESPACE, NAME)
            await self._actor.replace(path, {**present, "data": data})

    async def run(self) -> None:
        """Work until cancelled."""
        self.queue.add(NAME)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(lambda _: self._keep()))
            async for observed in observe(self._storage, self._config_maps):
                key = object_key(self._config_maps, observed.object.key)
                if (key.namespace, key.name) == (NAMESPACE, NAME):
                    self.queue.add(NAME)
