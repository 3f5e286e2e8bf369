"""The store on disk: one SQLite file that every change is appended to.

A commit is one transaction of SQLite, so one fsync, however many of ours it holds; when it returns, they survive the
process and the machine. The exclusive lock makes sure that one process at a time has the file, and goes with it.
"""

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

import orjson
from pybase64 import b64decode

from rootspan_apiserver.embedded_etcd.errors import DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.mvcc import MVCCStore
from rootspan_apiserver.embedded_etcd.records import Record, deleted, written
from rootspan_apiserver.processes.private_files import make_folder, opener

FILE = "etcd.sqlite3"
APPLICATION_ID = 0x65746364
SCHEMA_VERSION = 1
MOST_RECORDS = 1 << 20

SCHEMA = """
CREATE TABLE property (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (id INTEGER PRIMARY KEY, ttl INTEGER NOT NULL);
CREATE TABLE record (
    id INTEGER PRIMARY KEY, -- revision * 2^20 + position in it
    key BLOB NOT NULL, create_revision INTEGER NOT NULL, version INTEGER NOT NULL, lease INTEGER NOT NULL, value BLOB
);
"""

Row = tuple[object, ...]
Statement = tuple[str, "Sequence[Row]"]


class Journal:
    """The file in which the embedded etcd keeps its records."""

    def __init__(self, directory: Path) -> None:
        """Open the file in `directory`; both are made if they are missing.

        Raises:
            DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcdError: in that order of likelihood.
        """
        self._path = directory / FILE
        try:
            make_folder(directory)
            # SQLite gives its other files the mode of this one.
            os.close(opener(str(self._path), os.O_RDONLY | os.O_CREAT))
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as exc:
            raise EmbeddedEtcdError(f"etcd data directory {directory}: {exc}") from exc
        try:
            self._open()
        except sqlite3.Error as exc:
            self._connection.close()
            raise self._translated(exc) from exc
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode=EXCLUSIVE")
        execute("BEGIN EXCLUSIVE")
        (application,) = execute("PRAGMA application_id").fetchone()
        (version,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_schema").fetchone()
        execute("COMMIT")
        if (application, tables) != (0, 0) and (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            raise DataDirectoryUnreadable(f"{self._path} was not written by this version of the embedded etcd")
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        if not tables:
            execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT")

    def _translated(self, exc: sqlite3.Error) -> EmbeddedEtcdError:
        if exc.sqlite_errorname == "SQLITE_BUSY":
            return DataDirectoryInUse(f"etcd data directory {self._path.parent} is in use by another process")
        if exc.sqlite_errorname.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return DataDirectoryUnreadable(f"{self._path} is damaged: {exc}")
        return EmbeddedEtcdError(f"{self._path}: {exc}")

    def property(self, name: str, default: int) -> int:
        """Return the number kept as `name`; `default`, which is then kept, if there is none yet.

        Raises:
            EmbeddedEtcdError: the file cannot be read or written.
        """
        try:
            with closing(self._connection.execute("SELECT value FROM property WHERE name = ?", (name,))) as cursor:
                row = cursor.fetchone()
            if row is not None:
                return int(row[0])
            self.commit([keep_property(name, default)])
        except sqlite3.Error as exc:
            raise self._translated(exc) from exc
        return default

    def store(self) -> MVCCStore:
        """All that was committed.

        Raises:
            DataDirectoryUnreadable: the file is damaged.
        """
        try:
            with closing(self._connection.execute("PRAGMA quick_check(1)")) as cursor:
                (verdict,) = cursor.fetchone()
            if verdict != "ok":
                raise DataDirectoryUnreadable(f"{self._path} is damaged: {verdict}")
            compacted = self.property("compacted", 0)
            with closing(self._records()) as records:
                return MVCCStore(records, compacted)
        except sqlite3.Error as exc:
            raise self._translated(exc) from exc
        except ValueError as exc:
            raise DataDirectoryUnreadable(f"{self._path} is damaged: {exc}") from exc

    def _records(self) -> Generator[Record]:
        query = "SELECT id, key, create_revision, version, lease, value FROM record ORDER BY id"
        with closing(self._connection.execute(query)) as cursor:
            for number, key, create_revision, version, lease, value in cursor:
                revision, position = divmod(number, MOST_RECORDS)
                if version:
                    yield written(
                        key,
                        value,
                        create_revision=create_revision,
                        mod_revision=revision,
                        version=version,
                        lease=lease,
                        position=position,
                    )
                else:
                    yield deleted(key, mod_revision=revision, position=position)

    def leases(self) -> list[tuple[int, int]]:
        """Every lease's id and time to live."""
        with closing(self._connection.execute("SELECT id, ttl FROM lease")) as cursor:
            return cursor.fetchall()

    def commit(self, statements: Sequence[Statement]) -> None:
        """Do all of `statements`, for good, or none.

        Raises:
            sqlite3.Error: none was done.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in statements:
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def probe(self, size: int) -> None:
        """Write `size` bytes that mean nothing, for good, and remove them.

        Raises:
            sqlite3.Error: they cannot be written.
        """
        self.commit([("INSERT OR REPLACE INTO property VALUES ('probe', zeroblob(?))", [(size,)])])
        self.commit([("DELETE FROM property WHERE name = 'probe'", [()])])

    def close(self) -> None:
        self._connection.close()


def keep_property(name: str, value: int) -> Statement:
    """Return the statement that stores a property."""
    return "INSERT OR REPLACE INTO property VALUES (?, ?)", [(name, value)]


def keep_lease(lease: int, ttl: int) -> Statement:
    """Return the statement that stores a lease."""
    return "INSERT INTO lease VALUES (?, ?)", [(lease, ttl)]


def drop_lease(lease: int) -> Statement:
    """Return the statement that deletes a lease."""
    return "DELETE FROM lease WHERE id = ?", [(lease,)]


def keep_records(records: Sequence[Record]) -> Statement:
    """Return the statement that stores records."""
    return "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", list(map(_row, records))


def drop_records(records: Sequence[Record]) -> Statement:
    """Return the statement that deletes records."""
    return "DELETE FROM record WHERE id = ?", [(_number(record),) for record in records]


def _number(record: Record) -> int:
    return record.mod_revision * MOST_RECORDS + record.position


def _row(record: Record) -> Row:
    value = b64decode(orjson.loads(record.document).get("value", "")) if record.live else None
    return _number(record), record.key, record.create_revision, record.version, record.lease, value
