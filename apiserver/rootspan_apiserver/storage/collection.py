"""One resource in the watch cache: its present state, and a bounded history.

The state is a dictionary and a sorted list of keys. The history is the latest changes, each with the object that it replaced. So the
state at an earlier revision is the present one with the later changes undone, and a watch can begin after any revision in the history.

The history holds `LEAST` changes; twice as many, again and again, while all of them are younger than `FRESH` seconds; and half as many
once the latest quarter spans more than that. States before a compacted revision are not shown any more, though a watch may begin there.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/watch_cache.go
"""

import time
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import KeyScope
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch import CacheWatch
from rootspan_apiserver.telemetry.cache_metrics import CacheNumbers

LEAST, MOST = 100, 100 * 1024
"""How many changes the history holds."""
FRESH = 75.0
"""Seconds that the changes of a history span at least, if it holds fewer than `MOST`."""
MOST_BYTES = 64 * 1024 * 1024
"""How large the objects that were replaced may be together; beyond this, no more than `LEAST` changes are kept."""


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

    `written` is the last revision at which this process wrote there, `clients` the number of clients that watch, `size` the bytes of all
    objects, `numbers` what the metrics show.
    """

    def __init__(
        self,
        path: str,
        revision: int,
        objects: Iterable[StoredObject] = (),
        *,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.written = 0
        self.clients = 0
        self.numbers = CacheNumbers()
        self.watches: set[CacheWatch] = set()
        self._observers: list[Observer] = []
        self._most = most
        self._clock = clock
        self.reset(revision, objects)

    def __len__(self) -> int:
        return len(self._keys)

    def subscribe(self, observer: Observer) -> None:
        """Pass the present objects, and every change from now on, to `observer`."""
        self._observers.append(observer)
        observer.reset(self._objects.values())

    def reset(self, revision: int, objects: Iterable[StoredObject]) -> None:
        """Begin again from a state at `revision`; the history before it is dropped and every watch ends."""
        self.numbers.initializations += 1
        self._objects = {stored.key: stored for stored in objects}
        self.size = sum(len(stored.raw) for stored in self._objects.values())
        self._keys = sorted(self._objects)
        self.forget(revision)
        for watch in tuple(self.watches):
            watch.end()
        for observer in self._observers:
            observer.reset(self._objects.values())

    def forget(self, revision: int) -> None:
        """Drop the history up to `revision`, the present one. Watches go on."""
        self._changes = deque[Change]()
        self._times = deque[float]()
        self._bytes = 0
        self._set_capacity(min(LEAST, self._most))
        self.oldest = revision + 1
        self._compacted = 0

    def compact(self, revision: int) -> None:
        """Do not show the states before `revision` any more."""
        self._compacted = max(self._compacted, revision)

    def get(self, key: str) -> StoredObject | None:
        return self._objects.get(key)

    def put(self, stored: StoredObject) -> None:
        previous = self._objects.get(stored.key)
        if previous is None:
            insort(self._keys, stored.key)
        else:
            self.size -= len(previous.raw)
        self.size += len(stored.raw)
        self._objects[stored.key] = stored
        self._record(Change(stored, previous, deleted=False))

    def delete(self, key: str, revision: int) -> None:
        previous = self._objects.pop(key, None)
        if previous is not None:
            self.size -= len(previous.raw)
            del self._keys[bisect_left(self._keys, key)]
            self._record(Change(previous.at(revision), previous, deleted=True))

    def _record(self, change: Change) -> None:
        now = self._clock()
        self.numbers.events += 1
        self._resize(now)
        dropped = len(self._changes) == self._capacity
        if dropped:
            self._drop()
        self._changes.append(change)
        self._times.append(now)
        self._bytes += _size(change)
        while self._bytes > MOST_BYTES and len(self._changes) > LEAST:
            self._drop()
            dropped = True
        if dropped:
            self.oldest = self._changes[0].object.revision
        for observer in self._observers:
            observer.observe(change)
        for watch in tuple(self.watches):
            if not watch.offer(change):
                self.numbers.terminated += 1

    def _resize(self, now: float) -> None:
        if len(self._changes) < self._capacity:
            return
        if now - self._times[0] < FRESH:
            self._set_capacity(min(self._capacity * 2, self._most))
        elif now - self._times[-max(self._capacity // 4, 1)] > FRESH:
            self._set_capacity(max(self._capacity // 2, min(LEAST, self._most)))
            while len(self._changes) > self._capacity:
                self._drop()

    def _set_capacity(self, capacity: int) -> None:
        self._capacity = capacity
        self.numbers.resized(capacity)

    def _drop(self) -> None:
        self._bytes -= _size(self._changes.popleft())
        self._times.popleft()

    def knows(self, revision: int) -> bool:
        """Return whether all changes since `revision` are in the history."""
        return revision >= self.oldest - 1

    def knows_state(self, revision: int) -> bool:
        """Return whether the state at `revision` is to be shown."""
        return self.knows(revision) and revision >= self._compacted

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
        return list(map(self._objects.__getitem__, self._keys[first:last]))

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


def _size(change: Change) -> int:
    """Return the bytes of the object that a change replaced, which only the history holds."""
    return 0 if change.previous is None else len(change.previous.raw)
