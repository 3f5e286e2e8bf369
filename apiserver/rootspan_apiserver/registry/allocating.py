"""Resources of which an object may ask for something that no other has: their strategies see all objects before each write."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.storage import Storage


@runtime_checkable
class Allocating(Protocol):
    """A strategy that gives things out, or refuses what another object has."""

    def look(self, objects: Iterable[JSONObject]) -> None: ...


async def look_around(storage: Storage, resource: Resource) -> None:
    """Show the allocator of a kind, if it has one, what is allocated.

    Raises:
        StatusError: 429 or 504, the cache is not there yet.
    """
    strategy: object = resource.strategy
    allocating = strategy.allocator if isinstance(strategy, Strategy) else strategy
    if isinstance(allocating, Allocating):
        allocating.look([stored.decode() for stored in await storage.cached(resource)])
