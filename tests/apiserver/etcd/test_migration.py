"""A data directory of the format before, in SQLite, becomes a journal with all that it held."""

import sqlite3
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from rootspan_apiserver.embedded_etcd import DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcd
from rootspan_apiserver.embedded_etcd.journal_file import NAME, OLD_NAME
from rootspan_apiserver.etcd import Compacted
from tests.apiserver.etcd.stores import content_of, opened

pytestmark = pytest.mark.anyio

SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA application_id=1702126436;
PRAGMA user_version=1;
CREATE TABLE property (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (id INTEGER PRIMARY KEY, ttl INTEGER NOT NULL);
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL, create_revision INTEGER NOT NULL, version INTEGER NOT NULL, lease INTEGER NOT NULL, value BLOB
);
"""
PROPERTIES = [("cluster_id", 11), ("member_id", 22), ("compacted", 3)]
RECORDS = [
    (2 << 20, b"a", 2, 1, 0, b"old"),
    (3 << 20, b"b", 3, 1, 77, b"leased"),
    (4 << 20, b"a", 2, 2, 0, b"new"),
    (5 << 20, b"c", 5, 1, 0, b""),
    ((5 << 20) + 1, b"d", 5, 1, 0, b"together"),
    (6 << 20, b"c", 0, 0, 0, None),
]


def old_store(directory: Path) -> Path:
    """Make a directory of the format before."""
    with closing(sqlite3.connect(directory / OLD_NAME, isolation_level=None)) as connection:
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO property VALUES (?, ?)", PROPERTIES)
        connection.execute("INSERT INTO lease VALUES (77, 600)")
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", RECORDS)
    return directory / OLD_NAME


async def test_all_of_an_old_store_is_kept(tmp_path: Path) -> None:
    """Keys, history since the compaction, deletions, leases and who the member is; twice opened it is the same."""
    file = old_store(tmp_path)
    for _ in range(2):
        async with opened(tmp_path) as (_, client):
            found = await content_of(client)
            assert found.revision == 6
            assert [(kv.key, kv.value, kv.version) for kv in found.kvs] == [
                (b"a", b"new", 2),
                (b"b", b"leased", 1),
                (b"d", b"together", 1),
            ]
            assert (await client.status()).member_id == 22
            assert (await client.range(b"a", revision=3)).kvs[0].value == b"old"
            with pytest.raises(Compacted):
                await client.range(b"a", revision=2)
            async with aclosing(client.watch(b"\0", b"\0", start_revision=5)) as watch:
                await anext(watch)
                events = [(event.kind, event.kv.key) for event in (await anext(watch)).events]
            assert events == [("PUT", b"c"), ("PUT", b"d"), ("DELETE", b"c")]
        assert not file.exists()
        assert (tmp_path / f"{OLD_NAME}.migrated").exists()
    async with opened(tmp_path) as (_, client):
        await client.lease_revoke(77)
        assert (await client.range(b"b")).kvs == ()


async def test_old_store_in_use_is_refused(tmp_path: Path) -> None:
    """A process of the version before holds it."""
    with closing(sqlite3.connect(old_store(tmp_path), isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataDirectoryInUse, match="in use by another process"):
            EmbeddedEtcd(tmp_path)


async def test_old_file_that_is_not_sound_is_refused(tmp_path: Path) -> None:
    """A damaged one, one that lacks a revision, an empty one and one of another application; none is touched, no journal begun."""
    file = old_store(tmp_path)
    sound = file.read_bytes()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DELETE FROM record WHERE key = ?", (b"d",))
        connection.execute("DELETE FROM record WHERE id = ?", (5 << 20,))
    incomplete = file.read_bytes()
    other = tmp_path / "other"
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE song (name)")
    for content, reason in (
        (sound[:8192], "is damaged"),
        (b"\x5a" * 8192, "is damaged: file is not a database"),
        (incomplete, "is damaged: revision 6 follows 4"),
        (other.read_bytes(), "was not written by an embedded etcd"),
        (b"", "was not written by an embedded etcd"),
    ):
        file.write_bytes(content)
        with pytest.raises(DataDirectoryUnreadable, match=reason):
            EmbeddedEtcd(tmp_path)
        assert file.read_bytes() == content
        assert not (tmp_path / NAME).exists()
