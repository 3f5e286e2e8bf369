"""Ranges of numbers, each of which one object at most may have.

Upstream: pkg/registry/core/service/allocator/bitmap.go
"""

import random
from collections.abc import Callable, Hashable
from typing import NamedTuple


class Span(NamedTuple):
    """The numbers from `first` to `last`, of which the first `static` are given out only if no other is free.

    Clients that choose a number themselves choose a low one; so it will hardly have been given to another object.
    """

    first: int
    last: int
    static: int


class Pool:
    """The numbers in `spans`, which may change and may overlap."""

    def __init__(self, *spans: Span) -> None:
        self.spans = spans
        self._take: Callable[[int], bool] = lambda number: True
        self._give_back: Callable[[int], None] = lambda number: None
        self._holders: dict[int, Hashable] = {}
        self._reserved: set[int] = set()
        self._blocked: set[int] = set()

    def __contains__(self, number: int) -> bool:
        return any(span.first <= number <= span.last for span in self.spans)

    def block(self, number: int) -> None:
        """Do not give out the number, whether or not an object holds it."""
        self._blocked.add(number)

    def unblock(self, number: int) -> None:
        """Undo `block`."""
        self._blocked.discard(number)

    def unblock_all(self) -> None:
        """Undo every `block`."""
        self._blocked.clear()

    def share(self, take: Callable[[int], bool], give_back: Callable[[int], None]) -> None:
        """Reserve a number only if `take` takes it from the other processes that do, too; `give_back` ends that."""
        self._take, self._give_back = take, give_back

    def clear(self) -> None:
        """Free what objects hold. Reservations stay."""
        self._holders.clear()

    def hold(self, number: int, holder: Hashable) -> Hashable:
        """Note that `holder` has a number; the one that has it afterwards, which is another one if that was first."""
        return self._holders.setdefault(number, holder)

    def free(self, number: int, holder: Hashable) -> None:
        """Note that `holder` has a number no longer."""
        if self._holders.get(number) == holder:
            del self._holders[number]

    def is_free(self, number: int) -> bool:
        """Return whether no object holds the number, no write has reserved it, and it is not blocked."""
        return number not in self._holders and number not in self._reserved and number not in self._blocked

    def reserve(self, number: int) -> bool:
        """Reserve a number: whether it was free."""
        if not self.is_free(number) or not self._take(number):
            return False
        self._reserved.add(number)
        return True

    def reserve_any(self) -> int | None:
        """Reserve a free number and return it; None if none is free."""
        for span in self.spans:
            dynamic = span.first + span.static
            for first, last in ((dynamic, span.last), (span.first, dynamic - 1)):
                number = self._any_between(first, last)
                if number is not None:
                    self._reserved.add(number)
                    return number
        return None

    def _any_between(self, first: int, last: int) -> int | None:
        if first > last:
            return None
        start = random.randint(first, last)
        for numbers in (range(start, last + 1), range(first, start)):
            for number in numbers:
                if self.is_free(number) and self._take(number):
                    return number
        return None

    def release(self, number: int) -> None:
        """End a reservation."""
        self._reserved.discard(number)
        self._give_back(number)


def static_part(size: int, *, step: int, most: int) -> int:
    """Return how many numbers of a range of `size` are kept for clients that choose: one in `step`, at least 16 and at `most` that many.

    Upstream: calculateRangeOffset of the two allocators.
    """
    return 0 if size <= 16 else min(max(16, size // step), most)
