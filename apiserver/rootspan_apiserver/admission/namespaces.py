"""Namespaces as admission sees them: from the cache, and from the server itself when the cache does not know one."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, internal_error
from rootspan_apiserver.resources.resource import Resource


class Stored(Protocol):
    """An object in the cache. `key` and `revision` together tell one state of one object from all others."""

    @property
    def key(self) -> str: ...

    @property
    def revision(self) -> int: ...

    def decode(self) -> JSONObject: ...


class Cache(Protocol):
    """The watch cache, caught up with every write of this process before it answers."""

    async def cached(self, resource: Resource, namespace: str = "") -> Sequence[Stored]: ...

    async def cached_object(self, resource: Resource, namespace: str, name: str) -> Stored | None: ...


class Loopback(Protocol):
    async def get(self, path: APIPath) -> JSONObject:
        """An object of the server itself. Raises StatusError as the server answers it."""
        ...


class Namespaces:
    """`resource` is namespaces themselves."""

    def __init__(self, cache: Cache, resource: Resource, loopback: Loopback) -> None:
        self._cache = cache
        self._resource = resource
        self._loopback = loopback
        self._read: dict[str, tuple[int, JSONObject]] = {}

    async def get(self, name: str) -> Mapping[str, Any]:
        """The namespace; not to be changed.

        Raises:
            StatusError: 404 if there is none, 500 if that cannot be found out.
        """
        stored = await self._cache.cached_object(self._resource, "", name)
        if stored is not None:
            return self._decoded(stored)
        try:
            return await self._loopback.get(APIPath.of_object(self._resource, "", name))
        except StatusError as exc:
            if exc.code == 404:
                raise
            raise internal_error(exc.message) from exc

    def _decoded(self, stored: Stored) -> JSONObject:
        known = self._read.get(stored.key)
        if known is None or known[0] != stored.revision:
            known = self._read[stored.key] = (stored.revision, stored.decode())
        return known[1]
