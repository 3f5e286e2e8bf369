"""Snapshots of a running and of a stopped store, and what a damaged one is answered with."""

import asyncio
import stat
from pathlib import Path

import pytest

from rootspan_apiserver.cli.main import run
from rootspan_apiserver.embedded_etcd import DataDirectoryUnreadable, EmbeddedEtcdError, SnapshotUnreadable
from rootspan_apiserver.embedded_etcd.journal_file import NAME
from rootspan_apiserver.embedded_etcd.snapshots import restore_snapshot, save_snapshot, snapshot_status
from tests.apiserver.etcd.stores import content, content_of, opened, write

pytestmark = pytest.mark.anyio


async def test_snapshot_of_a_running_store_is_restored(tmp_path: Path) -> None:
    """What has been acknowledged before it is in it, though writes go on all the time; keys, revisions and leases come back."""
    async with opened(tmp_path / "one") as (_, client):
        await write(client)
        known, stop = await content_of(client), asyncio.Event()

        async def go_on() -> None:
            number = 0
            while not stop.is_set():
                await client.put_if(b"on/%d" % number, b"x" * 5000, mod_revision=0)
                number += 1

        writer = asyncio.create_task(go_on())
        saved = [
            await asyncio.to_thread(save_snapshot, tmp_path / "one", tmp_path / f"snapshot-{number}")
            for number in range(10)
        ]
        stop.set()
        await writer
        status = await client.status()
    for number, each in enumerate(saved):
        restore_snapshot(tmp_path / f"snapshot-{number}", tmp_path / f"two-{number}")
        async with opened(tmp_path / f"two-{number}") as (_, client):
            found = await content_of(client)
            assert (found.revision, len(found.kvs)) == (each.revision, each.keys)
            assert set(known.kvs) <= set(found.kvs)
            assert (await client.status()).member_id == status.member_id
            (leased,) = [kv for kv in found.kvs if kv.lease]
            await client.lease_revoke(leased.lease)
            assert (await client.put_if(b"new", b"", mod_revision=0)).revision == each.revision + 2


def test_snapshot_of_a_stopped_store_is_the_same(tmp_path: Path) -> None:
    """Twice the same hash; the status says what is in the file; only the owner can read it."""

    async def fill() -> None:
        async with opened(tmp_path / "one") as (_, client):
            await write(client)

    asyncio.run(fill())
    first, second = (save_snapshot(tmp_path / "one", tmp_path / name) for name in ("first", "second"))
    assert first == second == snapshot_status(tmp_path / "first")
    assert first.size == (tmp_path / "first").stat().st_size
    assert stat.S_IMODE((tmp_path / "first").stat().st_mode) == 0o600
    restore_snapshot(tmp_path / "first", tmp_path / "two")
    assert content(tmp_path / "two") == content(tmp_path / "one")
    assert stat.S_IMODE((tmp_path / "two").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "two" / NAME).stat().st_mode) == 0o600


def test_damaged_snapshot_is_not_restored(tmp_path: Path) -> None:
    """One bit anywhere, a missing end, another file: the error names the file, and no store is begun."""
    asyncio.run(_one_key(tmp_path / "one"))
    save_snapshot(tmp_path / "one", tmp_path / "snapshot")
    sound = (tmp_path / "snapshot").read_bytes()
    damaged = [sound[:byte] + bytes([sound[byte] ^ 4]) + sound[byte + 1 :] for byte in range(3, len(sound), 211)]
    for wrong in (*damaged, sound[:-1], sound[:4200], b"", b"a text", sound + b"\0"):
        (tmp_path / "snapshot").write_bytes(wrong)
        with pytest.raises(SnapshotUnreadable, match=str(tmp_path / "snapshot")):
            restore_snapshot(tmp_path / "snapshot", tmp_path / "two")
        assert not (tmp_path / "two").exists()
    with pytest.raises(SnapshotUnreadable, match="missing: No such file"):
        snapshot_status(tmp_path / "missing")


async def _one_key(directory: Path) -> None:
    async with opened(directory) as (_, client):
        await client.put_if(b"a", b"one", mod_revision=0)


async def test_store_is_not_overwritten(tmp_path: Path) -> None:
    """Neither one that is closed nor one that runs; a damaged store makes no snapshot, and neither does none."""
    async with opened(tmp_path / "one") as (_, client):
        await client.put_if(b"a", b"one", mod_revision=0)
        save_snapshot(tmp_path / "one", tmp_path / "snapshot")
        with pytest.raises(EmbeddedEtcdError, match="in use"):
            restore_snapshot(tmp_path / "snapshot", tmp_path / "one")
    with pytest.raises(EmbeddedEtcdError, match=r"it has the file etcd\.journal"):
        restore_snapshot(tmp_path / "snapshot", tmp_path / "one")
    with pytest.raises(DataDirectoryUnreadable, match="no such file"):
        save_snapshot(tmp_path / "two", tmp_path / "snapshot")
    (tmp_path / "one" / NAME).write_bytes((tmp_path / "one" / NAME).read_bytes()[:4200])
    with pytest.raises(DataDirectoryUnreadable, match="was cut"):
        save_snapshot(tmp_path / "one", tmp_path / "snapshot")


def test_commands_save_restore_describe_and_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rootspan etcd-snapshot` and `rootspan etcd-repair`, with status 0 where it is done and 1 where it cannot be."""
    asyncio.run(_one_key(tmp_path / "one"))
    snapshot, data = str(tmp_path / "snapshot"), f"--data-dir={tmp_path / 'two'}"
    assert run(["etcd-snapshot", "save", snapshot, f"--data-dir={tmp_path / 'one'}"]) == 0
    assert "total keys: 1\n" in capsys.readouterr().out
    assert run(["etcd-snapshot", "restore", snapshot, data]) == 0
    assert run(["etcd-snapshot", "status", snapshot]) == 0
    assert "revision: 2\n" in capsys.readouterr().out
    assert run(["etcd-snapshot", "restore", snapshot, data]) == 1
    assert "Error: " in capsys.readouterr().err
    assert run(["etcd-repair", data]) == 0
    assert "is sound" in capsys.readouterr().out
    journal = tmp_path / "two" / NAME
    damaged = bytearray(journal.read_bytes())
    damaged[-10] ^= 1
    journal.write_bytes(damaged)
    assert run(["etcd-repair", data]) == 0
    assert "Lost: 1 revisions: 2. Their keys are as they were before\n" in capsys.readouterr().out
    assert run(["etcd-repair", f"--data-dir={tmp_path / 'none'}"]) == 1
    for wrong in (
        ["etcd-repair"],
        ["etcd-snapshot"],
        ["etcd-snapshot", "save", snapshot],
        ["etcd-snapshot", "keep", "x"],
    ):
        assert run(wrong) == 1
        assert "is needed" in capsys.readouterr().err
