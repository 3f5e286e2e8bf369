"""The graph of owner references that the garbage collector works from.

Only objects that have owners are in it, so a cluster without any costs nothing.

Upstream: pkg/controller/garbagecollector/graph.go
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject
from rootspan_apiserver.storage.scope import object_key


@dataclass(frozen=True, slots=True)
class Place:
    """An object, identified by its place in the storage. `resource` serves it, which may change while the object stays."""

    storage_path: str
    namespace: str
    name: str
    resource: Resource = field(compare=False)

    @classmethod
    def of(cls, resource: Resource, stored: StoredObject) -> Self:
        """Return the place of a stored object."""
        key = object_key(resource, stored.key)
        return cls(resource.storage_path, key.namespace, key.name, resource)

    def __str__(self) -> str:
        return f"{self.resource.group_resource} {self.namespace}/{self.name}"


class Owners:
    """The observed objects and their owners, the latter by uid."""

    def __init__(self) -> None:
        self._owners: dict[Place, Mapping[str, bool]] = {}
        self._dependents: dict[str, set[Place]] = {}
        self._waiting: dict[str, Place] = {}
        self._waiting_uids: dict[Place, str] = {}

    def put(self, place: Place, owners: Mapping[str, bool]) -> bool:
        """Set the owners of the object at `place` (uid: whether it blocks that one): whether they are others than before."""
        before = self._owners.pop(place, {})
        if owners:
            self._owners[place] = owners
        for uid in before.keys() - owners.keys():
            dependents = self._dependents[uid]
            dependents.discard(place)
            if not dependents:
                del self._dependents[uid]
        for uid in owners.keys() - before.keys():
            self._dependents.setdefault(uid, set()).add(place)
        return owners.keys() != before.keys()

    def put_waiting(self, place: Place, uid: str) -> None:
        """Note that the object at `place` waits, in foreground deletion, for its dependents (`uid` is its own), or does not ("")."""
        self._waiting.pop(self._waiting_uids.pop(place, ""), None)
        if uid:
            self._waiting[uid], self._waiting_uids[place] = place, uid

    def unblocked(self, place: Place, owners: Mapping[str, bool]) -> list[Place]:
        """Return the owners that waited for the object at `place`, and need not once it has these `owners`."""
        before = self._owners.get(place, {})
        freed = [uid for uid, blocks in before.items() if blocks and not owners.get(uid)]
        return [self._waiting[uid] for uid in freed if uid in self._waiting]

    def dependents(self, uid: str) -> list[Place]:
        """Return the observed dependents of the object with `uid`."""
        return list(self._dependents.get(uid, ()))

    def blocking(self, uid: str) -> list[Place]:
        """Return the dependents that block the deletion of the object with `uid`."""
        return [place for place in self.dependents(uid) if self._owners[place][uid]]

    def is_waiting(self, place: Place) -> bool:
        """Return whether the object waits, in foreground deletion, for its dependents."""
        return place in self._waiting_uids

    def waits_for_itself(self, uid: str) -> bool:
        """Return whether the dependents that block the object with `uid` wait, over any number of others, for that very object."""
        known, ahead = {uid}, [uid]
        while ahead:
            for place in self.blocking(ahead.pop()):
                waiting = self._waiting_uids.get(place, "")
                if waiting == uid:
                    return True
                if waiting and waiting not in known:
                    known.add(waiting)
                    ahead.append(waiting)
        return False

    def __bool__(self) -> bool:
        return bool(self._owners)
