"""Who owns whom: the index of owner references the garbage collector works from.

Only objects that have owners are kept, so a cluster without any costs nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from rootspan_apiserver.registry.resource import Resource
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
    def __init__(self) -> None:
        self._owners: dict[Place, frozenset[str]] = {}
        self._dependents: dict[str, set[Place]] = {}

    def put(self, place: Place, uids: Iterable[str]) -> bool:
        """What is now at `place` has the owners with these `uids`. Returns whether they are others than before."""
        owners = frozenset(uids)
        before = self._owners.pop(place, frozenset())
        if owners:
            self._owners[place] = owners
        for uid in before - owners:
            dependents = self._dependents[uid]
            dependents.discard(place)
            if not dependents:
                del self._dependents[uid]
        for uid in owners - before:
            self._dependents.setdefault(uid, set()).add(place)
        return owners != before

    def dependents(self, uid: str) -> list[Place]:
        """What the object with `uid` owns, as far as it has been seen."""
        return list(self._dependents.get(uid, ()))

    def __bool__(self) -> bool:
        return bool(self._owners)
