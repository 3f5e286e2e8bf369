"""Resources of which an object may ask for something that no other has: their strategies see all objects before each write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rootspan_apiserver.registry.resource import Resource
    from rootspan_apiserver.storage import Storage

JSONObject = dict[str, Any]


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
