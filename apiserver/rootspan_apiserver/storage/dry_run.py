"""Writes that store nothing: everything is decided on the present object, and the result is at its revision.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/dryrun.go
"""

from collections.abc import Awaitable, Callable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import already_exists, not_found
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.outcome import Decision, Outcome, Write, Written
from rootspan_apiserver.storage.scope import object_path
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject, encode

Get = Callable[[Resource, str, str], Awaitable[StoredObject | None]]


class DryRuns:
    """Dry runs of the writes of `Storage`, which raise as those do."""

    def __init__(self, get: Get, served: ServedObjects) -> None:
        self._get = get
        self._served = served

    async def create(self, resource: Resource, namespace: str, name: str, obj: JSONObject) -> StoredObject:
        """Check that there is no such object."""
        if await self._get(resource, namespace, name) is not None:
            raise already_exists(resource.group_resource, name)
        return await self._result(resource, object_path(resource, namespace, name), 0, obj)

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Callable[[StoredObject | None], Awaitable[Decision]],
        *,
        missing_ok: bool,
    ) -> Outcome:
        """Return what `change` decides on the present object."""
        current = await self._get(resource, namespace, name)
        if current is None and not missing_ok:
            raise not_found(resource.group_resource, name)
        decision = await change(current)
        if not isinstance(decision, Write):
            return decision
        path, revision = object_path(resource, namespace, name), current.revision if current else 0
        return Written(await self._result(resource, path, revision, decision.obj), created=current is None)

    async def delete(
        self, resource: Resource, namespace: str, name: str, check: Callable[[StoredObject], Awaitable[None]]
    ) -> StoredObject:
        """Return the present object, if `check` does not raise."""
        current = await self._get(resource, namespace, name)
        if current is None:
            raise not_found(resource.group_resource, name)
        await check(current)
        return current

    async def _result(self, resource: Resource, path: str, revision: int, obj: JSONObject) -> StoredObject:
        stored = StoredObject(path, revision, encode(await self._served.to_store(resource, obj)))
        return await self._served.one(resource, stored)
