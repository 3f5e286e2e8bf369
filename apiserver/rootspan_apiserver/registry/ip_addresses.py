"""An IPAddress for each cluster IP: created before the Service that has it, and deleted after it.

Upstream: pkg/registry/core/service/ipallocator/ipallocator.go
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextvars import Context
from types import TracebackType
from typing import Any, Self

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, invalid
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.managed_fields.field_manager import FieldManager
from rootspan_apiserver.registry.create import before_create
from rootspan_apiserver.resources.core.service.addresses import cluster_ips, ip_address_object
from rootspan_apiserver.resources.hooks import NO_CONTEXT
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject

SERVICES, IP_ADDRESSES = "/services/specs", "/ipaddresses"


class IPAddresses:
    """The IPAddresses of Services, if both are among the `resources`."""

    def __init__(self, storage: Storage, resources: Iterable[Resource]) -> None:
        self._storage = storage
        self._resource = next((each for each in resources if each.storage_path == IP_ADDRESSES), None)

    def claim(self, resource: Resource, namespace: str, *, dry_run: bool) -> "AddressClaim":
        """Return what the write of an object of `resource` does to IPAddresses: nothing, unless it is a Service."""
        concerned = resource.storage_path == SERVICES and not dry_run
        return AddressClaim(self, namespace, concerned=concerned and self._resource is not None)

    async def create(self, address: str, namespace: str, name: str) -> None:
        """Create the IPAddress of the Service `namespace`/`name`. Raises StatusError: 409, there is one."""
        assert self._resource is not None
        obj = ip_address_object(address, namespace, name)
        obj = FieldManager.of(self._resource).update(None, obj, "kube-apiserver", timestamp())
        await before_create(self._resource, "", obj, NO_CONTEXT)
        await _apart(self._storage.create(self._resource, "", obj["metadata"]["name"], obj))

    async def delete(self, addresses: Iterable[str]) -> None:
        """Delete the IPAddresses that there are."""
        assert self._resource is not None
        for address in addresses:
            try:
                await _apart(self._storage.delete(self._resource, "", address, _unchecked))
            except StatusError as exc:
                if exc.code != 404:
                    raise

    async def release(self, resource: Resource, deleted: StoredObject, *, dry_run: bool) -> None:
        """Delete the IPAddresses of a `deleted` Service; of other objects there are none."""
        if resource.storage_path == SERVICES and self._resource is not None and not dry_run:
            await self.delete(cluster_ips(deleted.decode()))


async def _apart(write: Coroutine[Any, Any, StoredObject]) -> None:
    """Carry out a write that is not a part of the request's trace: kube-apiserver asks itself, in a request of its own."""
    await asyncio.create_task(write, context=Context())


async def _unchecked(_stored: StoredObject) -> None:
    """Nothing keeps an IPAddress from being deleted."""


class AddressClaim:
    """The IPAddresses of one write: `async with claim:`. If the block fails, they are as before."""

    def __init__(self, addresses: IPAddresses, namespace: str, *, concerned: bool) -> None:
        self._addresses = addresses
        self._namespace = namespace
        self._concerned = concerned
        self._created: list[str] = []
        self._released: list[str] = []

    async def set(self, obj: JSONObject, old: JSONObject | None) -> None:
        """Create the IPAddresses of a Service that is about to replace `old`; called again, it forgets what was set before.

        Raises:
            StatusError: 422, another object has one.
        """
        if not self._concerned:
            return
        await self._undo()
        wanted, before = cluster_ips(obj), cluster_ips(old)
        self._released = [each for each in before if each not in wanted]
        for address in wanted:
            if address not in before:
                await self._create(address, wanted, obj["metadata"]["name"])

    async def _create(self, address: str, wanted: list[str], name: str) -> None:
        try:
            await self._addresses.create(address, self._namespace, name)
        except StatusError as exc:
            if exc.reason != "AlreadyExists":
                raise
            why = f"failed to allocate IP {address}: provided IP is already allocated"
            raise invalid("", "Service", name, [FieldError.invalid("spec.clusterIPs", wanted, why)]) from exc
        self._created.append(address)

    async def _undo(self) -> None:
        if self._created:
            await self._addresses.delete(self._created)
            self._created = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            await self._undo()
        elif self._released:
            await self._addresses.delete(self._released)
