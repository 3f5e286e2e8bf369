"""Namespaces for admission: from the watch cache, or from the server itself if the cache does not have one.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/namespace/matcher.go
"""

from collections.abc import Mapping
from typing import Any, Protocol

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error
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


class NamespaceGetter:
    """Reads namespaces; `resource` is that of namespaces."""

    def __init__(self, cache: ObjectCache, resource: Resource, loopback: ObjectReader) -> None:
        self._cache = cache
        self._resource = resource
        self._loopback = loopback

    async def get(self, name: str) -> Mapping[str, Any]:
        """Return a namespace.

        Raises:
            StatusError: 404, it does not exist; 500, it could not be read.
        """
        stored = await self._cache.cached_object(self._resource, "", name)
        if stored is not None:
            return stored.decode()
        try:
            return await self._loopback.get(APIPath.of_object(self._resource, "", name))
        except StatusError as exc:
            if exc.code == 404:
                raise
            raise internal_error(exc.message) from exc
