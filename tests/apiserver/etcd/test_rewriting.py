"""The journal gives back the place of what is compacted, while it goes on."""

import asyncio
import logging
from contextlib import aclosing
from pathlib import Path

import pytest

from rootspan_apiserver.embedded_etcd.journal import DRAFT
from rootspan_apiserver.embedded_etcd.journal_file import NAME
from rootspan_apiserver.embedded_etcd.rewriting import SMALLEST
from rootspan_apiserver.etcd import EtcdClient
from tests.apiserver.etcd.disk import no_file_beyond
from tests.apiserver.etcd.stores import an_error_logged, content_of, opened

pytestmark = pytest.mark.anyio

VALUE = b"x" * 400_000


async def grow(client: EtcdClient) -> int:
    """Write so much of one key that the journal is worth rewriting, and return the revision."""
    revision = 0
    for _ in range(SMALLEST // len(VALUE) + 5):
        revision = (await client.put_if(b"large", VALUE, mod_revision=revision)).revision
    return revision


async def test_compaction_frees_what_it_drops_while_writes_go_on(tmp_path: Path) -> None:
    """Keys, leases, history since the compaction, and what is written meanwhile are in the new file, and little else."""
    async with opened(tmp_path) as (_, client), aclosing(client.watch(b"\0", b"\0")) as watch:
        await anext(watch)
        lease, revoked = await client.lease_grant(600), await client.lease_grant(600)
        await client.put_if(b"leased", b"", mod_revision=0, lease=lease)
        await client.lease_revoke(revoked)
        gone = await client.put_if(b"gone", b"", mod_revision=0)
        await client.delete_if(b"gone", mod_revision=gone.revision)
        compacted = await grow(client)
        await client.put_if(b"after", b"1", mod_revision=0)
        before = (tmp_path / NAME).stat()
        assert before.st_size > SMALLEST
        await client.compact(compacted)
        written = 0
        while (tmp_path / NAME).stat().st_ino == before.st_ino:
            await asyncio.gather(*[client.put_if(b"k/%d" % (written + each), b"", mod_revision=0) for each in range(4)])
            written += 4
        await client.put_if(b"last", b"", mod_revision=0)
        assert (tmp_path / NAME).stat().st_size < SMALLEST / 2
        present, status = await content_of(client), await client.status()
    assert not (tmp_path / DRAFT).exists()
    async with opened(tmp_path) as (_, client):
        assert await content_of(client) == present
        assert await client.status() == status
        assert [kv.key for kv in present.kvs][:3] == [b"after", b"k/0", b"k/1"]
        async with aclosing(client.watch(b"after", start_revision=compacted)) as watch:
            await anext(watch)
            assert [event.kv.value for event in (await anext(watch)).events] == [b"1"]
        await client.lease_revoke(lease)
        assert (await client.range(b"leased")).kvs == ()


async def test_store_goes_on_where_there_is_no_room_for_the_new_file(tmp_path: Path) -> None:
    """The old file stays, and the next compaction tries again."""
    with an_error_logged(logging.WARNING) as logged:
        async with opened(tmp_path) as (_, client):
            kept = await grow(client)
            await client.put_if(b"other", VALUE, mod_revision=0)
            inode = (tmp_path / NAME).stat().st_ino
            await client.compact(kept - 5)
            with no_file_beyond(len(VALUE)):
                await logged.wait()
            assert (tmp_path / NAME).stat().st_ino == inode
            await client.compact(kept)
            revision = 0
            while (tmp_path / NAME).stat().st_ino == inode:
                revision = (await client.put_if(b"more", b"", mod_revision=revision)).revision
            assert (await client.range(b"\0", b"\0")).count == 3


async def test_process_that_ends_meanwhile_has_lost_nothing(tmp_path: Path) -> None:
    """The close does not wait for the whole; a draft that a killed process has left is removed."""
    async with opened(tmp_path) as (_, client):
        await client.compact(await grow(client))
        present = await content_of(client)
    (tmp_path / DRAFT).write_bytes(b"half a draft")
    async with opened(tmp_path) as (_, client):
        assert await content_of(client) == present
        assert not (tmp_path / DRAFT).exists()
