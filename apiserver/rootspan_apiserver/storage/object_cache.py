"""The read interface of the watch cache, for packages that need objects without asking etcd."""

from collections.abc import Sequence
from typing import Protocol

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource


class CachedObject(Protocol):
    """An object in the cache. `key` and `revision` together identify one state of one object."""

    @property
    def key(self) -> str:
        """The object's key in the store."""
        ...

    @property
    def revision(self) -> int:
        """The etcd revision of the object's last write."""
        ...

    def decode(self) -> JSONObject:
        """Return the object as JSON, a new value on each call."""
        ...


class ObjectCache(Protocol):
    """The watch cache. Before it answers it has caught up with every write of this process.

    Raises:
        StatusError: 429, the cache is not filled yet; 504, it does not keep up with etcd.
    """

    async def cached(self, resource: Resource, namespace: str = "") -> Sequence[CachedObject]:
        """Return all objects of a resource, those of one namespace if it is given."""
        ...

    async def cached_object(self, resource: Resource, namespace: str, name: str) -> CachedObject | None:
        """Return one object, or None if it does not exist."""
        ...
