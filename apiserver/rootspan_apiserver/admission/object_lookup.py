"""Objects of one kind for admission: from the watch cache, or from the server itself if the cache does not have one.

Upstream: staging/src/k8s.io/client-go/listers
"""

from typing import Protocol

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache


class ObjectReader(Protocol):
    """A client that reads objects through the server's own API: the loopback client."""

    async def get(self, path: APIPath) -> JSONObject:
        """Return the object at `path`.

        Raises:
            StatusError: the error that the server answers.
        """
        ...


class ObjectLookup:
    """Reads the objects of `resource`."""

    def __init__(self, cache: ObjectCache, resource: Resource, loopback: ObjectReader) -> None:
        self._cache = cache
        self._loopback = loopback
        self.resource = resource

    async def cached(self, namespace: str, name: str) -> JSONObject | None:
        """Return an object of the cache, None if it has none; `namespace` is "" for a kind without namespaces."""
        stored = await self._cache.cached_object(self.resource, namespace, name)
        return None if stored is None else stored.decode()

    def not_found(self, name: str) -> StatusError:
        """Return the 404 of an object that is not in the cache, which names one object rather than the resource."""
        return not_found(GroupResource(self.resource.kind.group, self.resource.singular), name)

    async def get(self, namespace: str, name: str) -> JSONObject:
        """Return an object of the cache, or of the server.

        Raises:
            StatusError: 404, it does not exist; another error that the server answers.
        """
        found = await self.cached(namespace, name)
        if found is not None:
            return found
        return await self.live(namespace, name)

    async def live(self, namespace: str, name: str) -> JSONObject:
        """Return an object of the server. Raises StatusError: 404, it does not exist; another error that the server answers."""
        return await self._loopback.get(APIPath.of_object(self.resource, namespace, name))
