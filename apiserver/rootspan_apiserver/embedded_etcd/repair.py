"""Repair: what is sound in a damaged journal, as a new one.

Each frame has its own checksum, so all others survive a damaged one. The newest record of each key is kept. The history is compacted at the
last revision that was acknowledged, so that no revision is used twice and watches have to list again.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from rootspan_apiserver.embedded_etcd.errors import DataDirectoryUnreadable, EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.frames import Frame, encode_frame, sound_frames
from rootspan_apiserver.embedded_etcd.journal import DRAFT, DirectoryLock, read_all
from rootspan_apiserver.embedded_etcd.journal_entries import EntryKind, lease_granted, read_keys, read_records
from rootspan_apiserver.embedded_etcd.journal_file import (
    FIRST_FRAME,
    NAME,
    JournalError,
    JournalReader,
    Mark,
    Preamble,
    copied_preamble,
    read_mark,
    read_preamble,
    write_journal,
)
from rootspan_apiserver.embedded_etcd.needed_frames import NeededFrames
from rootspan_apiserver.processes.private_files import sync_folder

LEASE_SECONDS = 3600
"""The time to live of a lease that is lost, whose keys would stay for ever without it: that of events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What was done.

    Attributes:
        fault: What was wrong with the file.
        keys: How many keys are kept.
        revision: The revision at which the store goes on.
        lost: The revisions of which nothing is left.
        unknown: The damaged bytes of which no revision is known: they held leases, or records from before the last compaction.
        end_known: Whether it is known up to where the journal had been written.
        original: Where the damaged file is now.
    """

    fault: str
    keys: int
    revision: int
    lost: Sequence[int]
    unknown: int
    end_known: bool
    original: Path


def repair_journal(directory: Path) -> RepairReport | None:
    """Replace a damaged journal by one of what is sound in it; return None if it is not damaged.

    Raises:
        DataDirectoryInUse: A process uses the directory.
        DataDirectoryUnreadable: There is no journal, or nothing of it is left.
        EmbeddedEtcdError: A file cannot be read or written.
    """
    try:
        lock = DirectoryLock(directory)
        try:
            return _repair(directory / NAME)
        finally:
            lock.release()
    except FileNotFoundError as exc:
        raise DataDirectoryUnreadable(f"{exc.filename}: there is no such file") from exc
    except OSError as exc:
        raise EmbeddedEtcdError(f"{exc.filename or directory}: {exc.strerror}") from exc


def _repair(path: Path) -> RepairReport | None:
    data = path.read_bytes()
    try:
        read_all(JournalReader(data))
    except (ValueError, struct.error) as exc:
        fault = str(exc) if isinstance(exc, JournalError) else f"is damaged: {exc}"
    else:
        return None
    salvage = Salvage(data)
    if not salvage.anything:
        raise DataDirectoryUnreadable(f"{path} {fault}, and nothing of it is sound")
    draft = path.with_name(DRAFT)
    write_journal(
        draft, salvage.preamble, salvage.needed(), commit=salvage.mark.commit, revision=salvage.preamble.compacted
    )
    original = next(name for number in count(1) if not (name := path.with_name(f"{NAME}.damaged-{number}")).exists())
    os.link(path, original)
    draft.replace(path)
    sync_folder(path.parent)
    return RepairReport(
        fault=fault,
        keys=salvage.keys,
        revision=salvage.preamble.compacted,
        lost=salvage.lost,
        unknown=salvage.unknown,
        end_known=salvage.end_known,
        original=original,
    )


class Salvage:
    """All sound frames of a damaged journal, and what is known about the others."""

    def __init__(self, data: bytes) -> None:
        self.frames = list(sound_frames(data, memoryview(data), FIRST_FRAME))
        before, known = _preamble(data)
        mark = _mark(data)
        self.end_known = mark.end > 0
        self.anything = known or bool(self.frames)
        written = [record for frame in self._of(EntryKind.RECORDS) for record in read_keys(frame.payload)]
        revisions = {revision for _, revision, _ in written}
        compacted = before.compacted if known else min(revisions, default=1) - 1
        newest = max([mark.revision, compacted, 1, *revisions])
        self.lost = [revision for revision in range(max(compacted, 1) + 1, newest + 1) if revision not in revisions]
        self.unknown = sum(stop - start for start, stop in self._gaps(mark.end) if stop <= before.base or not self.lost)
        self.preamble = Preamble(cluster_id=before.cluster_id, member_id=before.member_id, compacted=newest)
        self.mark = Mark(0, max([mark.commit, *(frame.commit for frame in self.frames)]), newest)
        self.keys = sum({key: live for key, _, live in written}.values())

    def needed(self) -> Iterator[bytes]:
        """Yield the frames of the new journal."""
        needed = NeededFrames(self.preamble.compacted)
        for frame in self.frames:
            needed.add(frame)
        kept = list(needed.frames(self.frames))
        for lease in sorted(self._leases_of(kept) - needed.leases):
            yield encode_frame(lease_granted(lease, LEASE_SECONDS), 0)
        yield from kept

    def _leases_of(self, kept: Sequence[bytes]) -> set[int]:
        whole = b"".join(kept)
        records = (
            record
            for frame in sound_frames(whole, memoryview(whole), 0)
            if frame.kind is EntryKind.RECORDS
            for record in read_records(frame.payload)
        )
        return {record.lease for record in records if record.lease}

    def _of(self, kind: EntryKind) -> Iterator[Frame]:
        return (frame for frame in self.frames if frame.kind is kind)

    def _gaps(self, stop: int) -> Iterator[tuple[int, int]]:
        """Yield from where to where no frame is sound."""
        end = FIRST_FRAME
        for frame in self.frames:
            if frame.start > end:
                yield end, frame.start
            end = frame.end
        if stop > end:
            yield end, stop


def _preamble(data: bytes) -> tuple[Preamble, bool]:
    """Return the preamble, a new one if there is none that is sound, and which it is."""
    for read in (read_preamble, copied_preamble):
        try:
            return read(data), True
        except JournalError:
            continue
    return Preamble.new(), False


def _mark(data: bytes) -> Mark:
    try:
        return read_mark(data)
    except JournalError:
        return Mark(0)
