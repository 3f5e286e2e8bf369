"""serviceaccount-controller and root-ca-certificate-publisher-controller: every namespace has the service account `default`, and the config
map `kube-root-ca.crt` with the authority that signed the server's certificate.

Each creates its object where it is missing, and restores the data of the config map.

Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go, pkg/controller/certificates/rootcacertpublisher/publisher.go
"""

import asyncio
import contextlib
from collections.abc import Callable

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.observing import Observation, observe
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_key

ROOT_CA = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP "
    "or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class InEveryNamespace:
    """Keeps the object `wanted` of `resource` in each namespace that is not being deleted, with its data if it has any."""

    def __init__(
        self,
        name: str,
        *,
        storage: Storage,
        loopback: LoopbackClient,
        namespaces: Resource,
        resource: Resource,
        wanted: JSONObject,
    ) -> None:
        self.name = name
        self._storage = storage
        self._namespaces = namespaces
        self._resource = resource
        self._wanted = wanted
        self._object_name = wanted["metadata"]["name"]
        self._actor = Actor(loopback, name)
        self.queue: WorkQueue[str] = WorkQueue(name)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._keep))
            group.create_task(self._observe(self._namespaces, self._of_namespace))
            group.create_task(self._observe(self._resource, self._of_object))

    async def complete(self) -> None:
        """Return once each present namespace has the object. Raises StatusError."""
        missing = {stored.name for stored in await self._storage.cached(self._namespaces) if not stored.is_terminating}
        async with contextlib.aclosing(observe(self._storage, self._resource)) as objects:
            while missing:
                observed = await anext(objects)
                if not observed.deleted:
                    missing.discard(self._of_object(observed))

    async def _observe(self, resource: Resource, namespace_of: Callable[[Observation], str]) -> None:
        async for observed in observe(self._storage, resource):
            if namespace := namespace_of(observed):
                self.queue.add(namespace)

    @staticmethod
    def _of_namespace(observed: Observation) -> str:
        return "" if observed.deleted else observed.object.name

    def _of_object(self, observed: Observation) -> str:
        key = object_key(self._resource, observed.object.key)
        return key.namespace if key.name == self._object_name else ""

    async def _keep(self, namespace: str) -> None:
        found = await self._storage.cached_object(self._namespaces, "", namespace)
        if found is None or found.is_terminating:
            return
        stored = await self._storage.cached_object(self._resource, namespace, self._object_name)
        if stored is None:
            await self._create(namespace)
            return
        present = stored.decode()
        if "data" in self._wanted and present.get("data") != self._wanted["data"]:
            path = APIPath.of_object(self._resource, namespace, self._object_name)
            await self._actor.replace(path, {**present, "data": self._wanted["data"]})

    async def _create(self, namespace: str) -> None:
        try:
            await self._actor.create(APIPath.of_collection(self._resource, namespace), self._wanted)
        except StatusError as exc:
            causes = (exc.details or {}).get("causes") or ()
            if exc.code != 404 and not any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
                raise


def default_service_account() -> JSONObject:
    """Return the service account that every namespace has."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}


def root_ca(ca_bundle: bytes) -> JSONObject:
    """Return the config map that every namespace has; `ca_bundle` is PEM."""
    annotations = {"kubernetes.io/description": DESCRIPTION}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ROOT_CA, "annotations": annotations},
        "data": {"ca.crt": ca_bundle.decode()},
    }
