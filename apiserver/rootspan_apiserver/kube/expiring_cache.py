"""A cache of limited size, whose entries also expire.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/cache/lruexpirecache.go
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ExpiringCache(Generic[Key, Value]):
    """Keeps the `size` entries that were used last, each for the seconds given when it was set.

    Args:
        size: The largest number of entries.
        clock: Returns the time in seconds.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """Return the value of a key, None if there is none any more."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expiry, value = entry
        if self._clock() >= expiry:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    def set(self, key: Key, value: Value, seconds: float) -> None:
        """Keep a value for so many seconds; the entry that was used least recently is dropped for one too many."""
        self._entries[key] = (self._clock() + seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
