"""Who owns whom: the index of owner references the garbage collector works from.

Only objects that have owners are kept, so a cluster without any costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import StoredObject


@dataclass(frozen=True, slots=True)
class Place:
    """One object by where it is. `resource` is how it is served, which may change without the object moving."""

    storage_path: str
    namespace: str
    name: str
    resource: Resource = field(compare=False)

    @classmethod
    def of(cls, resource: Resource, stored: StoredObject) -> Self:
        rest = stored.key.removeprefix(resource.storage_path + "/")
        namespace, _, name = rest.rpartition("/") if resource.namespaced else ("", "", rest)
        return cls(resource.storage_path, namespace, name, resource)

    def __str__(self) -> str:
        return f"{self.resource.group_resource} {self.namespace}/{self.name}"


class Owners:
    """What has been seen of the graph of objects and their owners, the latter by uid."""

    def __init__(self) -> None:
        self._owners: dict[Place, Mapping[str, bool]] = {}
        self._dependents: dict[str, set[Place]] = {}
        self._waiting: dict[str, Place] = {}
        self._waiting_uids: dict[Place, str] = {}

    def put(self, place: Place, owners: Mapping[str, bool]) -> bool:
        """What is now at `place` has these owners (uid: whether it blocks that one). Returns whether they are others than before."""
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
        """What is at `place` waits for its dependents (`uid`), or does not (""): it is in foreground deletion."""
        self._waiting.pop(self._waiting_uids.pop(place, ""), None)
        if uid:
            self._waiting[uid], self._waiting_uids[place] = place, uid

    def unblocked(self, place: Place, owners: Mapping[str, bool]) -> list[Place]:
        """The owners that waited for what was at `place`, and need not wait for it once it has these `owners`."""
        before = self._owners.get(place, {})
        freed = [uid for uid, blocks in before.items() if blocks and not owners.get(uid)]
        return [self._waiting[uid] for uid in freed if uid in self._waiting]

    def dependents(self, uid: str) -> list[Place]:
        """What the object with `uid` owns, as far as it has been seen."""
        return list(self._dependents.get(uid, ()))

    def blocking(self, uid: str) -> list[Place]:
        """The dependents without whose deletion the object with `uid` cannot go."""
        return [place for place in self.dependents(uid) if self._owners[place][uid]]

    def is_waiting(self, place: Place) -> bool:
        return place in self._waiting_uids

    def waits_for_itself(self, uid: str) -> bool:
        """Whether what blocks the object with `uid` waits, over any number of others, for that very object."""
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
