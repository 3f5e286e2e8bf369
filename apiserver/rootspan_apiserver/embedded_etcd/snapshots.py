"""Snapshots: all that a store holds, in one file, with a hash over all of it.

The file is a journal, followed by the SHA-256 of its bytes, as etcd appends one to the database that is its snapshot.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from rootspan_apiserver.embedded_etcd.errors import DataDirectoryUnreadable, EmbeddedEtcdError, SnapshotUnreadable
from rootspan_apiserver.embedded_etcd.journal import DRAFT, DirectoryLock, Stored, damaged, read_all
from rootspan_apiserver.embedded_etcd.journal_file import (
    FIRST_FRAME,
    NAME,
    OLD_NAME,
    JournalError,
    JournalReader,
    Mark,
    header,
    read_mark,
    read_preamble,
    write_journal,
)
from rootspan_apiserver.processes.private_files import make_folder, replace_file, sync_folder

_HASH_SIZE = hashlib.sha256().digest_size
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class SnapshotStatus:
    """What a snapshot holds: its hash (hexadecimal), revision, number of keys, and size in bytes."""

    hash: str
    revision: int
    keys: int
    size: int


def save_snapshot(directory: Path, target: Path) -> SnapshotStatus:
    """Write a snapshot of the store in `directory`, which may be in use, to a file, which may exist.

    Raises:
        DataDirectoryUnreadable: The store is damaged, or there is none.
        EmbeddedEtcdError: A file cannot be read or written.
    """
    path = directory / NAME
    try:
        data = _acknowledged(path)
        reader = JournalReader(data)
        stored = read_all(reader)
        content = data + hashlib.sha256(data).digest()
        replace_file(target, content)
    except FileNotFoundError as exc:
        raise DataDirectoryUnreadable(f"{exc.filename}: there is no such file") from exc
    except OSError as exc:
        raise EmbeddedEtcdError(f"{exc.filename or target}: {exc.strerror}") from exc
    except (ValueError, struct.error) as exc:
        raise damaged(path, exc) from exc
    return _status(content, stored)


def snapshot_status(source: Path) -> SnapshotStatus:
    """Check a snapshot, and return what it holds. Raises SnapshotUnreadable."""
    return _checked(source)[2]


def restore_snapshot(source: Path, directory: Path) -> SnapshotStatus:
    """Make a store of a snapshot, in a directory that has none.

    Raises:
        SnapshotUnreadable: The file is damaged, or is no snapshot.
        EmbeddedEtcdError: The directory has a store already, is in use, or cannot be written.
    """
    content, reader, status = _checked(source)
    draft, path = directory / DRAFT, directory / NAME
    try:
        make_folder(directory)
        lock = DirectoryLock(directory)
        try:
            if found := [name for name in (NAME, OLD_NAME) if (directory / name).exists()]:
                raise EmbeddedEtcdError(
                    f"data-dir {directory} is in use by an etcd already: it has the file {found[0]}"
                )
            frames = content[FIRST_FRAME:-_HASH_SIZE]
            write_journal(draft, reader.preamble, [frames], commit=reader.mark.commit, revision=reader.mark.revision)
            draft.replace(path)
            sync_folder(directory)
        finally:
            lock.release()
    except OSError as exc:
        raise EmbeddedEtcdError(f"{exc.filename or directory}: {exc.strerror}") from exc
    return status


def _acknowledged(path: Path) -> bytes:
    """Return the journal as far as it has been acknowledged, while others may write to it. Raises OSError, JournalError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        preamble = read_preamble(os.pread(descriptor, FIRST_FRAME + 1, 0))
        mark = _mark(descriptor)
        frames = b""
        while len(frames) < mark.end - FIRST_FRAME:
            more = os.pread(descriptor, mark.end - FIRST_FRAME - len(frames), FIRST_FRAME + len(frames))
            if not more:
                break
            frames += more
        return header(preamble, mark) + frames
    finally:
        os.close(descriptor)


def _mark(descriptor: int) -> Mark:
    """Read the mark, again if it is being written. Raises OSError, JournalError."""
    for _ in range(_ATTEMPTS):
        try:
            return read_mark(os.pread(descriptor, FIRST_FRAME, 0))
        except JournalError as exc:
            fault = exc
    raise fault


def _checked(source: Path) -> tuple[bytes, JournalReader, SnapshotStatus]:
    """Raises SnapshotUnreadable."""
    try:
        content = source.read_bytes()
        data = content[:-_HASH_SIZE]
        reader = JournalReader(data)
        if hashlib.sha256(data).digest() != content[-_HASH_SIZE:]:
            raise JournalError("is damaged: its hash is not the one at its end")
        return content, reader, _status(content, read_all(reader))
    except OSError as exc:
        raise SnapshotUnreadable(f"{source}: {exc.strerror}") from exc
    except (ValueError, struct.error) as exc:
        raise SnapshotUnreadable(f"{source} is no sound snapshot: it {exc}") from exc


def _status(content: bytes, stored: Stored) -> SnapshotStatus:
    keys = stored.store.range(b"\0", b"\0", 0, 1)[1]
    return SnapshotStatus(content[-_HASH_SIZE:].hex(), stored.store.revision, keys, len(content))
