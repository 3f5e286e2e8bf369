"""The format of the data directory before the journal: a SQLite file."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

from rootspan_apiserver.embedded_etcd.errors import DataDirectoryInUse, DataDirectoryUnreadable
from rootspan_apiserver.embedded_etcd.frames import encode_frame
from rootspan_apiserver.embedded_etcd.journal_entries import JournalEntry, lease_granted, records_written
from rootspan_apiserver.embedded_etcd.journal_file import OLD_NAME, Preamble, identity, write_journal
from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore
from rootspan_apiserver.embedded_etcd.records import Record, deleted, written

logger = logging.getLogger(__name__)

_FORMAT = (0x65746364, 1)
_MOST_RECORDS = 1 << 20


def migrate(directory: Path, target: Path) -> None:
    """Write what the old file of `directory` holds to `target`, a journal. The old one stays.

    Raises:
        DataDirectoryInUse: A process uses the old file.
        DataDirectoryUnreadable: It is damaged, or is somebody else's.
        OSError: The journal cannot be written.
    """
    path = directory / OLD_NAME
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            _check(connection, path)
            properties = dict(connection.execute("SELECT name, value FROM property"))
            leases = connection.execute("SELECT id, ttl FROM lease").fetchall()
            records = list(_records(connection))
    except sqlite3.Error as exc:
        if exc.sqlite_errorname == "SQLITE_BUSY":
            raise DataDirectoryInUse(f"etcd data directory {directory} is in use by another process") from exc
        raise DataDirectoryUnreadable(f"{path} is damaged: {exc}") from exc
    compacted = properties.get("compacted", 0)
    try:
        revision = MVCCStore(records, compacted).revision
    except ValueError as exc:
        raise DataDirectoryUnreadable(f"{path} is damaged: {exc}") from exc
    changes: list[JournalEntry] = [lease_granted(*lease) for lease in leases]
    changes += [records_written(list(each)) for _, each in groupby(records, lambda record: record.mod_revision)]
    ids = {name: properties.get(name) or identity() for name in ("cluster_id", "member_id")}
    preamble = Preamble(**ids, compacted=compacted)
    write_journal(target, preamble, (encode_frame(change, 0) for change in changes), commit=0, revision=revision)
    logger.warning("%s has been read into the journal that takes its place, and is kept as %s.migrated", path, OLD_NAME)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if tuple(found) != _FORMAT:
        raise DataDirectoryUnreadable(f"{path} was not written by an embedded etcd")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise DataDirectoryUnreadable(f"{path} is damaged: {verdict}")


def _records(connection: sqlite3.Connection) -> Iterator[Record]:
    query = "SELECT id, key, create_revision, version, lease, value FROM record ORDER BY id"
    for number, key, create_revision, version, lease, value in connection.execute(query):
        revision = number // _MOST_RECORDS
        if not version:
            yield deleted(key, mod_revision=revision)
            continue
        yield written(
            key,
            value,
            create_revision=create_revision,
            mod_revision=revision,
            version=version,
            lease=lease,
        )
