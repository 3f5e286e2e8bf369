"""Which frames of a journal are still needed."""

from collections.abc import Iterable, Iterator, KeysView

from rootspan_apiserver.embedded_etcd.frames import Frame, encode_frame
from rootspan_apiserver.embedded_etcd.journal_entries import (
    EntryKind,
    JournalEntry,
    read_keys,
    read_lease,
    read_number,
    read_records,
    records_written,
)


class NeededFrames:
    """The entries that a journal needs after its compaction at a revision."""

    def __init__(self, compacted: int) -> None:
        self._compacted = compacted
        self._newest: dict[bytes, tuple[int, int]] = {}
        """Where the record is that a key has at that revision: its frame, and its place in it."""
        self._leases: dict[int, int] = {}
        self._whole: set[int] = set()

    def add(self, frame: Frame) -> None:
        """Take the next frame into account."""
        if frame.kind is EntryKind.RECORDS:
            for position, (key, revision, live) in enumerate(read_keys(frame.payload)):
                if revision >= self._compacted:
                    self._whole.add(frame.start)
                if live and revision < self._compacted:
                    self._newest[key] = frame.start, position
                elif revision <= self._compacted:
                    self._newest.pop(key, None)
        elif frame.kind is EntryKind.LEASE_GRANTED:
            self._leases[read_lease(frame.payload)[0]] = frame.start
        elif frame.kind is EntryKind.LEASE_REVOKED:
            self._leases.pop(read_number(frame.payload), None)

    @property
    def leases(self) -> KeysView[int]:
        """The ids of the leases."""
        return self._leases.keys()

    def frames(self, frames: Iterable[Frame]) -> Iterator[bytes]:
        """Yield the bytes of the frames that are needed, with the records in them that are; `frames` are those that were added."""
        whole = self._whole.union(self._leases.values())
        wanted: dict[int, set[int]] = {}
        for start, position in self._newest.values():
            wanted.setdefault(start, set()).add(position)
        for frame in frames:
            if frame.start in whole:
                change = JournalEntry(frame.kind, bytes(frame.payload))
            elif positions := wanted.get(frame.start):
                records = enumerate(read_records(frame.payload))
                change = records_written([record for position, record in records if position in positions])
            else:
                continue
            yield encode_frame(change, frame.commit)
