"""The allocators of a store, each kept up to date by the watch cache."""

import copy
from collections.abc import Iterable
from functools import partial

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.processes.claims import Claims
from rootspan_apiserver.resources.allocation import Allocator, ObservedObjects, Release
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key


class Allocations:
    """The allocators of those `resources` that have one. `claims` keep them apart from those of the server's other processes."""

    def __init__(self, storage: Storage, resources: Iterable[Resource], claims: Claims | None = None) -> None:
        self._storage = storage
        self._claims = claims
        self._allocators: dict[str, Allocator] = {}
        self._observed: dict[str, list[Resource]] = {}
        by_path = {resource.storage_path: resource for resource in resources}
        for path, resource in by_path.items():
            if resource.allocator is None:
                continue
            allocator = self._allocators[path] = resource.allocator()
            if claims is not None:
                allocator.share(claims)
            also = {
                by_path[other]: observer for other, observer in allocator.also_observed().items() if other in by_path
            }
            self._observed[path] = [resource, *also]
            for each, observer in ((resource, allocator), *also.items()):
                storage.subscribe(each, _Feed(each, observer))

    async def begin(self, resource: Resource, obj: JSONObject, old: JSONObject | None, *, dry_run: bool) -> Release:
        """Reserve what `obj` asks for beyond what `old` has (None for a new object); the result ends the reservations.

        After a write that stored the object they may end, because the next write waits until the watch cache shows it.

        Raises:
            StatusError: 422 or 500, it cannot have that; 429 or 504, the watch cache is not ready or does not keep up.
        """
        allocator = self._allocators.get(resource.storage_path)
        if allocator is None:
            return _nothing
        observed, given = self._observed[resource.storage_path], copy.deepcopy(obj) if self._claims is not None else {}
        while True:
            for each in observed:
                await self._storage.catch_up(each)
            begin = allocator.begin_create if old is None else partial(allocator.begin_update, old=old)
            release = begin(obj, dry_run=dry_run)
            if all(map(self._storage.is_caught_up, observed)):
                return release
            # Another process stored an object, and ended its claims, between our look at the cache and our claims.
            release()
            obj.clear()
            obj.update(copy.deepcopy(given))


def _nothing() -> None:
    """Nothing of most resources is allocated."""


class _Feed:
    """Passes the objects in the watch cache on to an observer."""

    def __init__(self, resource: Resource, observer: ObservedObjects) -> None:
        self._resource = resource
        self._observer = observer

    def reset(self, objects: Iterable[StoredObject]) -> None:
        self._observer.clear()
        for stored in objects:
            self._observer.put(object_key(self._resource, stored.key), stored.decode())

    def observe(self, change: Change) -> None:
        key = object_key(self._resource, change.object.key)
        if change.deleted:
            self._observer.remove(key)
        else:
            self._observer.put(key, change.object.decode())
