"""The store on disk: one file that every change is appended to.

A commit is one fsync, however many changes it holds; when it returns, they survive the process and the machine. Space is reserved
ahead by writing zeros, so that a commit need not change the size of the file as well. A lock on the directory makes sure that one
process at a time uses it, and goes with the process.
"""

import errno
import fcntl
import logging
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from rootspan_apiserver.embedded_etcd.errors import DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.frames import Bytes, encode_frame
from rootspan_apiserver.embedded_etcd.journal_entries import (
    EntryKind,
    JournalEntry,
    read_lease,
    read_number,
    read_records,
)
from rootspan_apiserver.embedded_etcd.journal_file import (
    MARK_AT,
    NAME,
    OLD_NAME,
    JournalError,
    JournalReader,
    Mark,
    Preamble,
    write_journal,
)
from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore
from rootspan_apiserver.embedded_etcd.records import Record
from rootspan_apiserver.processes.private_files import make_folder, private_opener, sync_folder

logger = logging.getLogger(__name__)

RESERVED = 1 << 20
DRAFT = f"{NAME}.new"
ADVICE = "Restore a snapshot, or keep what is sound with 'rootspan etcd-repair --data-dir={}'"
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


@dataclass(frozen=True, slots=True)
class Stored:
    """What a journal holds; a lease is an id and a time to live."""

    cluster_id: int
    member_id: int
    store: MVCCStore
    leases: dict[int, int]


class DirectoryLock:
    """The right to use a data directory.

    Raises:
        DataDirectoryInUse: Another process has it, or another holder in this one.
        OSError: There is no such directory.
    """

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            self.release()
            if exc.errno != errno.EWOULDBLOCK:
                raise
            raise DataDirectoryInUse(f"etcd data directory {directory} is in use by another process") from exc

    def release(self) -> None:
        os.close(self._descriptor)


class Journal:
    """The journal of a data directory; both are made if they are missing. Its methods block.

    Raises:
        DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcdError: in that order of likelihood.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME
        try:
            make_folder(directory)
            self._lock = DirectoryLock(directory)
        except OSError as exc:
            raise EmbeddedEtcdError(f"etcd data directory {directory}: {exc}") from exc
        try:
            (directory / DRAFT).unlink(missing_ok=True)
            if not self.path.exists():
                self._create()
            if (old := directory / OLD_NAME).exists():
                old.rename(directory / f"{OLD_NAME}.migrated")
            self.descriptor = private_opener(str(self.path), os.O_RDWR)
        except BaseException as exc:
            self._lock.release()
            if isinstance(exc, OSError):
                raise EmbeddedEtcdError(f"{self.path}: {exc.strerror}") from exc
            raise
        self.end, self.commit_number, self.base = 0, 0, 0
        self._reserved = 0
        self._torn = False
        """Whether there may be bytes of a commit that failed behind `end`."""

    def _create(self) -> None:
        """Raises OSError, DataDirectoryInUse, DataDirectoryUnreadable."""
        directory = self.path.parent
        if (directory / OLD_NAME).exists():
            from rootspan_apiserver.embedded_etcd.migration import migrate  # loads SQLite

            migrate(directory, directory / DRAFT)
        else:
            write_journal(directory / DRAFT, Preamble.new(), (), commit=0, revision=0)
        (directory / DRAFT).replace(self.path)
        sync_folder(directory)

    def load(self) -> Stored:
        """Return all that was committed, and make ready for more.

        Raises:
            DataDirectoryUnreadable: The file is damaged, or is no journal.
            EmbeddedEtcdError: It cannot be read.
        """
        try:
            size = os.fstat(self.descriptor).st_size
            data: Bytes = mmap(self.descriptor, size, access=ACCESS_READ) if size else b""
            reader = JournalReader(data)
            stored = read_all(reader)
        except OSError as exc:
            raise EmbeddedEtcdError(f"{self.path}: {exc.strerror}") from exc
        except (ValueError, struct.error) as exc:
            raise damaged(self.path, exc) from exc
        self.end, self.commit_number, self.base = reader.end, reader.commit, reader.preamble.base
        self._reserved = size
        if reader.torn:
            logger.info(
                "%s: the last write, of %d bytes, was not finished and not acknowledged", self.path, reader.torn
            )
            self._torn = True
        return stored

    def commit(self, changes: Sequence[JournalEntry], revision: int) -> None:
        """Keep all of `changes`, for good, or none; the store is at `revision` with them.

        Raises:
            OSError: None was kept.
        """
        if self._torn:
            self._tear_off()
        number = self.commit_number + 1
        data = b"".join([encode_frame(change, number) for change in changes])
        try:
            self._reserve(self.end + len(data), ahead=RESERVED)
            self._write(data, self.end)
            _sync(self.descriptor)
            self._write(Mark(self.end + len(data), number, revision).packed(), MARK_AT)
        except BaseException:
            self._torn = True
            with suppress(OSError):
                self._tear_off()
            raise
        self.end += len(data)
        self.commit_number = number

    def probe(self, size: int) -> None:
        """Write `size` bytes that mean nothing, for good, where the next commit will be.

        Raises:
            OSError: They cannot be written.
        """
        if self._torn:
            self._tear_off()
        self._write(bytes(size), self.end)
        self._reserved = max(self._reserved, self.end + size)
        _sync(self.descriptor)

    def replace(self, draft: Path, base: int, end: int) -> None:
        """Go on in another file, which holds all that this one does, up to byte `end`. Raises OSError."""
        descriptor = private_opener(str(draft), os.O_RDWR)
        try:
            draft.replace(self.path)
        except OSError:
            os.close(descriptor)
            raise
        os.close(self.descriptor)
        self.descriptor, self.end, self.base, self._reserved, self._torn = descriptor, end, base, end, False
        sync_folder(self.path.parent)

    def _reserve(self, size: int, ahead: int) -> None:
        """Have the file filled with zeros beyond `size`. A failure is ignored: the space may suffice for the commit alone."""
        if size > self._reserved:
            with suppress(OSError):
                self._write(bytes(size + ahead - self._reserved), self._reserved)
            self._reserved = max(self._reserved, os.fstat(self.descriptor).st_size)

    def _write(self, data: bytes, offset: int) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self.descriptor, view, offset)
            view, offset = view[written:], offset + written

    def _tear_off(self) -> None:
        """Remove what is behind the last commit, which must not be taken for a part of the next one. Raises OSError."""
        os.ftruncate(self.descriptor, self.end)
        _sync(self.descriptor)
        self._reserved, self._torn = self.end, False

    def close(self) -> None:
        """Give the directory free. The mark becomes durable, if that is possible."""
        with suppress(OSError):
            _sync(self.descriptor)
        os.close(self.descriptor)
        self._lock.release()


def damaged(path: Path, fault: Exception) -> DataDirectoryUnreadable:
    """Return the error for a journal that `read_all` refuses: which file, what is wrong, and what can be done."""
    reason = fault if isinstance(fault, JournalError) else f"is damaged: {fault}"
    return DataDirectoryUnreadable(f"{path} {reason}. {ADVICE.format(path.parent)}")


def read_all(reader: JournalReader) -> Stored:
    """Read the whole journal.

    Raises:
        JournalError, ValueError, struct.error: It is damaged.
    """
    leases: dict[int, int] = {}
    compacted = reader.preamble.compacted

    def records() -> Iterator[Record]:
        nonlocal compacted
        for frame in reader:
            if frame.kind is EntryKind.RECORDS:
                yield from read_records(frame.payload)
            elif frame.kind is EntryKind.LEASE_GRANTED:
                leases.update([read_lease(frame.payload)])
            elif frame.kind is EntryKind.LEASE_REVOKED:
                leases.pop(read_number(frame.payload), None)
            else:
                compacted = read_number(frame.payload)

    store = MVCCStore(records(), compacted)
    if compacted > store.compacted:
        store.compact(compacted)
    if reader.mark.revision > store.revision:
        raise JournalError(f"is damaged: it ends at revision {store.revision}, and had been at {reader.mark.revision}")
    return Stored(reader.preamble.cluster_id, reader.preamble.member_id, store, leases)
