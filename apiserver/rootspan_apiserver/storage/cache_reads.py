"""Reads of the watch cache by the server itself, which show what it has written, by this process or another one.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go
"""

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.processes.shared_numbers import OwnNumbers
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.cached_lists import FRESH
from rootspan_apiserver.storage.collection import Collection, Observer
from rootspan_apiserver.storage.direct_reads import DirectReads
from rootspan_apiserver.storage.errors import initializing, too_large
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.scope import KeyScope, Predicate, collection_path, object_path
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch_cache import WatchCache


class CacheReads:
    """Reads of `cache`; of resources that are not in it, `direct` reads of etcd.

    `shared` has the latest revisions of all processes of the server, by storage path; None where this is the only one.
    """

    def __init__(self, cache: WatchCache, direct: DirectReads, shared: OwnNumbers | None = None) -> None:
        self._cache = cache
        self._shared = shared
        self._direct = direct

    def _collection(self, resource: Resource) -> Collection:
        return self._cache.claim(resource.storage_path)

    async def cached(self, resource: Resource, namespace: str = "") -> list[StoredObject]:
        """Return all objects of a resource from the cache, as fresh as the last write of this server.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        if not resource.watch_cache:
            return (await self._direct.list(namespace, Predicate(resource), ListOptions())).items
        collection = await self.catch_up(resource)
        return collection.select(KeyScope(collection_path(resource, namespace)))

    async def cached_object(self, resource: Resource, namespace: str, name: str) -> StoredObject | None:
        """Return one object from the cache, None if there is none, as fresh as the last write of this server.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        if not resource.watch_cache:
            return await self._direct.get(resource, namespace, name, "")
        collection = await self.catch_up(resource)
        try:
            return collection.get(object_path(resource, namespace, name))
        except StatusError:  # no object can have such a name
            return None

    def subscribe(self, resource: Resource, observer: Observer) -> None:
        """Pass every object of a resource in the watch cache, and every change of them, to `observer`."""
        self._collection(resource).subscribe(observer)

    def is_caught_up(self, resource: Resource) -> bool:
        """Return whether the cache shows what this server wrote to a resource, so that `catch_up` returns at once."""
        return self._cache.ready and self._cache.revision >= self._written(self._collection(resource))

    def _written(self, collection: Collection) -> int:
        """Return the last revision of a collection that this server has written or shown, as far as it needs to be waited for."""
        return collection.written if self._shared is None else self._shared.largest(collection.path)

    async def catch_up(self, resource: Resource) -> Collection:
        """Return the collection of a resource, once it shows what this server wrote to it.

        Raises:
            StatusError: 429, the cache is not ready; 504, it does not keep up.
        """
        if not await self._cache.wait_ready(FRESH):
            raise initializing()
        collection = self._collection(resource)
        await self._fresh(self._written(collection))
        return collection

    async def _fresh(self, revision: int) -> None:
        if not await self._cache.wait_until(revision, FRESH):
            raise too_large(revision, self._cache.revision)
