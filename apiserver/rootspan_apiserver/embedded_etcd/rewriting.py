"""A journal without what compaction has removed: the frames that are still needed, in another file.

It is written while the journal goes on, and takes its place with what has been added meanwhile. It reads the file, not the store, so
that it need not know what of the store is durable.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from mmap import ACCESS_READ, mmap
from typing import TypeVar

from rootspan_apiserver.embedded_etcd.frames import Frame, frame_at
from rootspan_apiserver.embedded_etcd.journal import DRAFT, Journal
from rootspan_apiserver.embedded_etcd.journal_entries import EntryKind, read_number
from rootspan_apiserver.embedded_etcd.journal_file import (
    FIRST_FRAME,
    MARK_AT,
    JournalError,
    Mark,
    read_mark,
    read_preamble,
    write_journal,
)
from rootspan_apiserver.embedded_etcd.needed_frames import NeededFrames

SMALLEST = 8 << 20
Item = TypeVar("Item")
FRAMES_AT_ONCE = 200
PAUSE = 0.001


class Rewriting:
    """One replacement of a journal's file; `begin`, `write` and `finish` are called in this order and block.

    `begin` and `finish` must not be called during a commit, `write` may be.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._draft = journal.path.with_name(DRAFT)
        self._abandoned = False

    @staticmethod
    def pays(journal: Journal) -> bool:
        """Return whether the file has doubled since it was last replaced."""
        return journal.end > 2 * journal.base + SMALLEST

    def begin(self) -> None:
        """Remember what is in the journal now."""
        self._end = self._journal.end

    def write(self) -> None:
        """Write the draft. Raises OSError, JournalError: The journal cannot be read back."""
        data = mmap(self._journal.descriptor, self._end, access=ACCESS_READ)
        compacted = read_preamble(data).compacted
        for frame in self._gently(_frames(data)):
            if frame.kind is EntryKind.COMPACTED:
                compacted = read_number(frame.payload)
        needed = NeededFrames(compacted)
        for frame in self._gently(_frames(data)):
            needed.add(frame)
        frames = self._gently(needed.frames(_frames(data)))
        self._preamble = replace(read_preamble(data), compacted=compacted)
        write_journal(self._draft, self._preamble, frames, commit=0, revision=0)

    def finish(self) -> None:
        """Copy what has been added since `begin`, and put the draft in the place of the journal. Raises OSError."""
        journal = self._journal
        added = os.pread(journal.descriptor, journal.end - self._end, self._end)
        mark = read_mark(os.pread(journal.descriptor, FIRST_FRAME, 0))
        with open(self._draft, "r+b", buffering=0) as stream:
            base = stream.seek(0, os.SEEK_END)
            stream.write(added)
            stream.seek(MARK_AT)
            stream.write(Mark(base + len(added), mark.commit, mark.revision).packed())
            os.fsync(stream.fileno())
        journal.replace(self._draft, base, base + len(added))

    def abandon(self) -> None:
        """Let `write` end soon, with an OSError."""
        self._abandoned = True

    def discard(self) -> None:
        """Remove the draft."""
        self._draft.unlink(missing_ok=True)

    def _gently(self, items: Iterator[Item]) -> Iterator[Item]:
        """Leave the interpreter to the other threads every now and then."""
        for number, item in enumerate(items):
            if number % FRAMES_AT_ONCE == 0:
                time.sleep(PAUSE)
                if self._abandoned:
                    raise InterruptedError("the etcd is closed")
            yield item


def _frames(data: mmap) -> Iterator[Frame]:
    """Yield all frames of a part of a journal. Raises JournalError."""
    view, start = memoryview(data), FIRST_FRAME
    while start < len(view):
        frame = frame_at(view, start)
        if frame is None:
            raise JournalError(f"is damaged at byte {start}")
        yield frame
        start = frame.end
