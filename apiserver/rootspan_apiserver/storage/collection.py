"""One resource in the watch cache: its present state, and a bounded history.

The state is a dictionary and a sorted list of keys. The history is the latest changes, each with the object that it replaced. So the
state at an earlier revision is the present one with the later changes undone, and a watch can begin after any revision in the history.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import KeyScope
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch import CacheWatch

HISTORY = 2048


class Observer(Protocol):
    """Receives every change of a collection as it happens. It must neither fail nor take long."""

    def reset(self, objects: Iterable[StoredObject]) -> None:
        """The collection begins again, with these objects."""
        ...

    def observe(self, change: Change) -> None:
        """An object of the collection was created, changed or deleted."""
        ...


class Collection:
    """The objects below one storage path.

    `written` is the last revision at which this process wrote there, `clients` the number of clients that watch.
    """

    def __init__(
        self, path: str, revision: int, objects: Iterable[StoredObject] = (), *, history: int = HISTORY
    ) -> None:
        self.path = path
        self.written = 0
        self.clients = 0
        self.watches: set[CacheWatch] = set()
        self._observers: list[Observer] = []
        self._history = history
        self.reset(revision, objects)

    def subscribe(self, observer: Observer) -> None:
        """Pass the present objects, and every change from now on, to `observer`."""
        self._observers.append(observer)
        observer.reset(self._objects.values())

    def reset(self, revision: int, objects: Iterable[StoredObject]) -> None:
        """Begin again from a state at `revision`; the history before it is dropped and every watch ends."""
        self._objects = {stored.key: stored for stored in objects}
        self._keys = sorted(self._objects)
        self._changes = deque[Change]()
        self.oldest = revision + 1
        for watch in tuple(self.watches):
            watch.end()
        for observer in self._observers:
            observer.reset(self._objects.values())

    def get(self, key: str) -> StoredObject | None:
        return self._objects.get(key)

    def put(self, stored: StoredObject) -> None:
        previous = self._objects.get(stored.key)
        if previous is None:
            insort(self._keys, stored.key)
        self._objects[stored.key] = stored
        self._record(Change(stored, previous, deleted=False))

    def delete(self, key: str, revision: int) -> None:
        previous = self._objects.pop(key, None)
        if previous is not None:
            del self._keys[bisect_left(self._keys, key)]
            self._record(Change(previous.at(revision), previous, deleted=True))

    def _record(self, change: Change) -> None:
        if len(self._changes) == self._history:
            self.oldest = self._changes.popleft().object.revision + 1
        self._changes.append(change)
        for observer in self._observers:
            observer.observe(change)
        for watch in tuple(self.watches):
            watch.offer(change)

    def knows(self, revision: int) -> bool:
        """Return whether the state at `revision`, and all changes since, are in the history."""
        return revision >= self.oldest - 1

    def changes_after(self, revision: int) -> list[Change]:
        later = []
        for change in reversed(self._changes):
            if change.object.revision <= revision:
                break
            later.append(change)
        later.reverse()
        return later

    def select(self, scope: KeyScope, start: str = "") -> list[StoredObject]:
        """Return the objects in `scope` in the order of their keys, from the key `start` on."""
        if not scope.recursive:
            found = self._objects.get(scope.path)
            return [found] if found is not None else []
        first, last = self._bounds(self._keys, scope, start)
        objects = self._objects
        return [objects[key] for key in self._keys[first:last]]

    def select_at(self, revision: int, scope: KeyScope, start: str = "") -> list[StoredObject]:
        """Return the same at an earlier `revision` that is in the history."""
        undone: dict[str, StoredObject | None] = {}
        for change in reversed(self._changes):
            if change.object.revision <= revision:
                break
            undone[change.object.key] = change.previous
        if not undone:
            return self.select(scope, start)
        then = {stored.key: stored for stored in self.select(scope, start)}
        for key, previous in undone.items():
            if key in scope and key >= start:
                if previous is not None:
                    then[key] = previous
                else:
                    then.pop(key, None)
        return [then[key] for key in sorted(then)]

    @staticmethod
    def _bounds(keys: list[str], scope: KeyScope, start: str) -> tuple[int, int]:
        behind = scope.path + "0"
        return bisect_left(keys, max(scope.prefix, start)), bisect_left(keys, behind)
