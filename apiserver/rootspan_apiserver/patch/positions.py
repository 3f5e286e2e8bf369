"""Where values stand in a list, found without comparing each with each."""

from collections.abc import Iterable
from typing import Any


class Positions:
    """The first place of each JSON value in a list that grows; equal is what Python's `==` says."""

    __slots__ = ("_hashed", "_others", "_size")

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._hashed: dict[Any, int] = {}
        self._others: list[tuple[Any, int]] = []
        self._size = 0
        for value in values:
            self.append(value)

    def append(self, value: Any) -> None:
        """Add a value at the end."""
        try:
            self._hashed.setdefault(value, self._size)
        except TypeError:  # a list or an object
            self._others.append((value, self._size))
        self._size += 1

    def skip(self) -> None:
        """Leave a place at the end without a value."""
        self._size += 1

    def find(self, value: Any) -> int | None:
        """Return the first place of a value, None if it is not there."""
        try:
            return self._hashed.get(value)
        except TypeError:
            return next((place for other, place in self._others if other == value), None)

    def __contains__(self, value: Any) -> bool:
        return self.find(value) is not None
