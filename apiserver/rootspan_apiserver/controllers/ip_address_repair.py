"""The repair of IPAddresses: each cluster IP of a Service has one, and those of Services that do not exist are deleted after a minute.

Upstream: pkg/registry/core/service/ipallocator/controller/repairip.go
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address

from rootspan_apiserver.controllers.keeper import every
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.times import now, read_time
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.core.service.addresses import cluster_ips, ip_address_object
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key

GRACE = 60.0
"""Seconds that an IPAddress may be there before its Service, and between two looks at all of them."""


class IPAddressRepair:
    """Compares the IPAddresses with the Services at the start, every minute, and when one was deleted."""

    name = "ipallocator-repair-controller"

    def __init__(self, storage: Storage, store: Store, registry: Registry) -> None:
        self._storage = storage
        self._own = OwnWrites(store)
        self._services = registry.builtin("services")
        self._addresses = registry.builtin("ipaddresses", "networking.k8s.io")
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def run(self) -> None:
        """Work until cancelled."""
        self._storage.subscribe(self._addresses, _Deletions(self.queue))
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._repair))
            group.create_task(every(GRACE, self._again))

    async def _again(self) -> None:
        self.queue.add("all")

    async def _repair(self, _all: str) -> None:
        present = {stored.name: stored.decode() for stored in await self._storage.cached(self._addresses)}
        wanted: dict[str, ObjectKey] = {}
        for stored in await self._storage.cached(self._services):
            key = object_key(self._services, stored.key)
            wanted |= {str(ip_address(address)): key for address in cluster_ips(stored.decode())}
        for address, service in wanted.items():
            if address not in present:
                obj = ip_address_object(address, service.namespace, service.name)
                await self._own.create(self._addresses, "", obj)
        for address, obj in present.items():
            if address not in wanted and _is_left_over(obj):
                await self._own.delete(self._addresses, "", address)


def _is_left_over(obj: JSONObject) -> bool:
    labels = obj["metadata"].get("labels") or {}
    if labels.get("ipaddress.kubernetes.io/managed-by") != "ipallocator.k8s.io":
        return False
    return now() - read_time(obj["metadata"]["creationTimestamp"]) > timedelta(seconds=GRACE)


class _Deletions:
    """Asks for a repair at the start and after each deletion."""

    def __init__(self, queue: WorkQueue[str]) -> None:
        self._queue = queue

    def reset(self, objects: Iterable[StoredObject]) -> None:
        self._queue.add("all")

    def observe(self, change: Change) -> None:
        if change.deleted:
            self._queue.add("all")
