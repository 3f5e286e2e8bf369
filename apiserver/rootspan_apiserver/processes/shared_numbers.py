"""The largest number so far for each of many names, in memory that a group of forked processes shares.

Each process writes to cells of its own, so that no lock is needed; a reader takes the largest. Names share cells by their hash: what is
read may be larger than what was noted for a name, never smaller.
"""

import mmap
import zlib
from collections.abc import Iterator

CELLS = 512
"""For the names of one process."""


class SharedNumbers:
    """The numbers of a group of `processes`, which is forked after this is made."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._cells = memoryview(mmap.mmap(-1, processes * CELLS * 8)).cast("Q")

    def of(self, process: int) -> "OwnNumbers":
        """Return what the process with a number from 0 notes in and reads from."""
        return OwnNumbers(self._cells, process * CELLS, self._processes)


class OwnNumbers:
    """The numbers, as one process uses them."""

    def __init__(self, cells: memoryview, first: int, processes: int) -> None:
        self._cells = cells
        self._first = first
        self._stops = processes * CELLS
        self._places: dict[str, int] = {}

    def _place(self, name: str) -> int:
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = zlib.crc32(name.encode()) % CELLS
        return place

    def note(self, name: str, number: int) -> None:
        """Raise the number of a name to `number`."""
        at = self._first + self._place(name)
        if self._cells[at] < number:
            self._cells[at] = number

    def largest(self, name: str) -> int:
        """Return the largest number that any process has noted for a name."""
        return max(self._of_all(name))

    def _of_all(self, name: str) -> Iterator[int]:
        place = self._place(name)
        return (self._cells[at] for at in range(place, self._stops, CELLS))
