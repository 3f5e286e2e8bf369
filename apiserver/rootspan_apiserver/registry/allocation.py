"""The allocators of a store, each kept up to date by the watch cache."""

from collections.abc import Iterable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.allocation import Allocator, ObservedObjects, Release
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import object_key


class Allocations:
    """The allocators of those `resources` that have one."""

    def __init__(self, storage: Storage, resources: Iterable[Resource]) -> None:
        self._storage = storage
        self._allocators: dict[str, Allocator] = {}
        self._observed: dict[str, list[Resource]] = {}
        by_path = {resource.storage_path: resource for resource in resources}
        for path, resource in by_path.items():
            if resource.allocator is None:
                continue
            allocator = self._allocators[path] = resource.allocator()
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
        for observed in self._observed[resource.storage_path]:
            await self._storage.catch_up(observed)
        if old is None:
            return allocator.begin_create(obj, dry_run=dry_run)
        return allocator.begin_update(obj, old, dry_run=dry_run)


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
