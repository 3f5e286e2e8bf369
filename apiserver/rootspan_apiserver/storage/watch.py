"""A client's watch: the state it begins with, then every change in its scope.

A change reaches a watch through selectors: an object that begins to match is ADDED, one that ceases to match is DELETED. The watch of a
client that does not read fast enough is ended, which bounds the server's memory.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage.change import Change
from rootspan_apiserver.storage.scope import KeyScope, Predicate
from rootspan_apiserver.storage.served_objects import ServedObjects
from rootspan_apiserver.storage.stored_object import StoredObject

BACKLOG = 8192
BACKLOG_BYTES = 16 * 1024 * 1024
"""How many changes, and of which size together, wait for a client at most."""
EXAMINED = 100
"""How many objects that do not match are examined before the event loop goes on."""
BOOKMARK_INTERVAL = 60.0
BOOKMARK_BEFORE_END = 2.0


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """An event; `object` is None for a bookmark, of which `initial_events_end` marks the one that follows the state a watch begins with."""

    kind: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: StoredObject | None
    resource_version: str
    initial_events_end: bool = False


class CacheWatch:
    """An asynchronous iterator of `WatchEvent`. It ends at its deadline, when the client is too slow, and when the cache is loaded again.

    Iterating raises StatusError (410, 504) before the first item if the watch cannot begin at the requested resourceVersion. The real
    server has answered 200 by then, and sends the error as an event of type ERROR.
    """

    def __init__(
        self,
        scope: KeyScope,
        predicate: Predicate,
        current_revision: Callable[[], int],
        *,
        deadline: float | None = None,
        bookmark_interval: float | None = None,
        after: int = 0,
        backlog: int = BACKLOG,
        failure: StatusError | None = None,
        served: ServedObjects | None = None,
    ) -> None:
        self._scope = scope
        self._predicate = predicate
        self._current_revision = current_revision
        self._deadline = deadline
        self._bookmark_interval = bookmark_interval
        self._after = after
        self._backlog = backlog
        self._failure = failure
        self._conversions = served
        self._begun = False
        self._initial: Iterator[StoredObject] = iter(())
        self._replay: deque[Change] = deque()
        self._initial_end = 0
        self._initialized: Callable[[], None] | None = None
        self._changes: deque[Change] = deque()
        self._waiting = 0
        self._examined = 0
        self._ended = False
        self._wake: asyncio.Future[None] | None = None
        self._next_bookmark = self._bookmark_time()

    def begin_with(self, initial: Iterable[StoredObject], *, bookmark: int = 0) -> None:
        """Deliver the `initial` state first, then a bookmark at revision `bookmark` unless that is 0."""
        self._initial = iter(initial)
        self._initial_end = bookmark

    def on_initialized(self, call: Callable[[], None]) -> None:
        """Call this once, when all that the watch begins with has been taken."""
        self._initialized = call

    def replay(self, changes: Iterable[Change]) -> None:
        """Deliver these `changes` first."""
        self._replay.extend(changes)

    def offer(self, change: Change) -> bool:
        """Take a change of the collection watched, as it happens. Return whether the client keeps up; if not, the watch has ended."""
        if self._ended or change.object.key not in self._scope:
            return True
        size = len(change.object.raw)
        if len(self._changes) >= self._backlog or (self._changes and self._waiting + size > BACKLOG_BYTES):
            self.end()
            return False
        self._waiting += size
        self._changes.append(change)
        self._rouse()
        return True

    def fail(self, failure: StatusError) -> None:
        """Raise `failure` from the iteration, once the changes so far have been delivered."""
        self._failure = failure
        self._rouse()

    def end(self) -> None:
        """Nothing more is delivered."""
        self._ended = True
        self._changes.clear()
        self._waiting = 0
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchEvent:
        now = asyncio.get_running_loop().time
        while not self._ended and (self._deadline is None or now() < self._deadline):
            if self._conversions is not None and (self._changes or not self._begun):
                self._begun = True
                await self._convert(self._conversions)
            event = self._next()
            if event is not None:
                return event
            if self._examined >= EXAMINED:
                await asyncio.sleep(0)
                continue
            if self._failure is not None:
                raise self._failure
            if self._next_bookmark is not None and now() >= self._next_bookmark:
                self._next_bookmark = self._bookmark_time()
                return WatchEvent("BOOKMARK", None, str(max(self._current_revision(), self._after)))
            if not self._changes:
                await self._wait()
        raise StopAsyncIteration

    async def _convert(self, served: ServedObjects) -> None:
        """Bring what is to be delivered into the served version. Raises StatusError 500 if that fails, which ends the watch."""
        initial, changes = list(self._initial), [*self._replay, *self._changes]
        self._replay.clear()
        self._changes.clear()
        self._waiting = 0
        objects = [*initial, *(change.object for change in changes)]
        objects += [change.previous for change in changes if change.previous is not None]
        try:
            found = dict(zip(objects, await served.all(self._predicate.resource, objects), strict=True))
        except StatusError:
            self.end()
            raise
        self._initial = iter([found[each] for each in initial])
        for change in changes:
            previous = found[change.previous] if change.previous is not None else None
            self._replay.append(Change(found[change.object], previous, change.deleted))

    def _next(self) -> WatchEvent | None:
        """Return the next event, None if there is none or `EXAMINED` objects have not matched."""
        self._examined = 0
        for stored in self._initial:
            if self._predicate.matches(stored):
                return WatchEvent("ADDED", stored, stored.resource_version)
            self._examined += 1
            if self._examined >= EXAMINED:
                return None
        if self._initial_end:
            revision, self._initial_end = self._initial_end, 0
            return WatchEvent("BOOKMARK", None, str(revision), initial_events_end=True)
        for changes in (self._replay, self._changes) if self._conversions is None else (self._replay,):
            while changes:
                change = changes.popleft()
                if changes is self._changes:
                    self._waiting -= len(change.object.raw)
                event = self._seen(change)
                if event is not None:
                    return event
                self._examined += 1
                if self._examined >= EXAMINED:
                    return None
            if self._initialized is not None:
                self._initialized()
                self._initialized = None
        return None

    def _seen(self, change: Change) -> WatchEvent | None:
        stored, previous = change.object, change.previous
        if stored.revision <= self._after or stored.key not in self._scope:
            return None
        matches = self._predicate.matches
        now = not change.deleted and matches(stored)
        before = previous is not None and matches(previous)
        version = stored.resource_version
        if now:
            return WatchEvent("MODIFIED" if before else "ADDED", stored, version)
        if before and previous is not None:
            return WatchEvent("DELETED", stored if change.deleted else previous.at(stored.revision), version)
        return None

    async def _wait(self) -> None:
        """Return when something happened, or it is time for the next bookmark or the end."""
        times = [time for time in (self._deadline, self._next_bookmark) if time is not None]
        self._wake = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout_at(min(times, default=None)):
                await self._wake
        except TimeoutError:
            return
        finally:
            self._wake = None

    def _bookmark_time(self) -> float | None:
        if self._bookmark_interval is None:
            return None
        now = asyncio.get_running_loop().time()
        time = now + self._bookmark_interval * random.uniform(1.0, 1.25)
        if self._deadline is not None and now < self._deadline - BOOKMARK_BEFORE_END:
            time = min(time, self._deadline - BOOKMARK_BEFORE_END)
        return time
