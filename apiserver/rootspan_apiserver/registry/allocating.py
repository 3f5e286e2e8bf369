"""Resources of which an object may ask for something that no other has: their strategies see all objects before each write."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage


@runtime_checkable
class Allocating(Protocol):
    """A strategy that gives things out, or refuses what another object has."""

    def look(self, objects: Iterable[JSONObject]) -> None: ...


async def look_around(storage: Storage, resource: Resource) -> None:
    """Show the strategy what there is, if it wants to know.

    Raises:
        StatusError: 429 or 504, the cache is not there yet.
    """
    if isinstance(resource.strategy, Allocating):
        resource.strategy.look([stored.decode() for stored in await storage.cached(resource)])
