"""What was acknowledged is there after any end of the process."""

import asyncio
import subprocess
import sys
import textwrap
from contextlib import aclosing
from pathlib import Path

import pytest

from rootspan_apiserver.embedded_etcd import URL, DataDirectoryInUse, EmbeddedEtcd, EmbeddedEtcdError
from rootspan_apiserver.etcd import Compacted, EtcdClient, LeaseNotFound
from tests.apiserver.etcd.processes import etcd

pytestmark = pytest.mark.anyio

WITHIN = 30.0

WRITER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
    from rootspan_apiserver.etcd import EtcdClient

    async def write(client, writer):
        number = 0
        while True:
            await client.put_if(b"/k/%d/%d" % (writer, number), b"x" * 500, mod_revision=0)
            print(writer, number, flush=True)
            number += 1

    async def main(target):
        if target.startswith("http"):
            async with EtcdClient([target]) as client:
                await asyncio.gather(*[write(client, writer) for writer in range(8)])
        async with EmbeddedEtcd(pathlib.Path(target)) as embedded, EtcdClient([URL], transport=embedded.transport) as client:
            await asyncio.gather(*[write(client, writer) for writer in range(8)])

    asyncio.run(main(sys.argv[1]))
    """
)


def acknowledgements(process: subprocess.Popen[bytes], count: int) -> list[bytes]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def writing(target: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE)


def acknowledged(lines: list[bytes]) -> set[bytes]:
    return {b"/k/%b/%b" % tuple(line.split()) for line in lines if line.endswith(b"\n")}


async def test_killed_process_has_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    """SIGKILL among eight writers; all they said was written can be read by the next process. Three times on one directory."""
    wanted: set[bytes] = set()
    for _ in range(3):
        with writing(str(tmp_path)) as process:
            lines = await asyncio.to_thread(acknowledgements, process, 200)
            process.kill()
            assert process.stdout is not None
            wanted |= acknowledged(lines + process.stdout.readlines())
        async with EmbeddedEtcd(tmp_path) as embedded, EtcdClient([URL], transport=embedded.transport) as client:
            stored = await client.range(b"/k/", b"/k0")
            assert {kv.key for kv in stored.kvs} >= wanted
            assert {kv.value for kv in stored.kvs} == {b"x" * 500}
            assert max(kv.mod_revision for kv in stored.kvs) == stored.revision
            for kv in stored.kvs:
                await client.delete_if(kv.key, mod_revision=kv.mod_revision)
        wanted.clear()


async def test_killed_etcd_has_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    """The same of the real etcd, killed under the client and started again."""
    with etcd(tmp_path) as member, writing(member.url) as process:
        lines = await asyncio.to_thread(acknowledgements, process, 200)
        await asyncio.to_thread(member.kill)
        await asyncio.to_thread(member.start)
        lines += await asyncio.to_thread(acknowledgements, process, 200)
        process.kill()
        assert process.stdout is not None
        wanted = acknowledged(lines + process.stdout.readlines())
        async with EtcdClient([member.url]) as client:
            stored = await client.range(b"/k/", b"/k0")
        assert {kv.key for kv in stored.kvs} >= wanted


async def test_everything_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    """Values, revisions, versions, history, deletions, leases, what was compacted, and who the member is."""
    async with EmbeddedEtcd(tmp_path) as embedded, EtcdClient([URL], transport=embedded.transport) as client:
        lease = await client.lease_grant(600)
        revoked = await client.lease_grant(600)
        old = (await client.put_if(b"a", b"one", mod_revision=0)).revision
        compacted = (await client.put_if(b"a", b"two", mod_revision=old, lease=lease)).revision
        gone = (await client.put_if(b"b", b"one", mod_revision=0)).revision
        await client.delete_if(b"b", mod_revision=gone)
        await client.lease_revoke(revoked)
        await client.compact(compacted)
        before = await client.range(b"\0", b"\0")
        status = await client.status()
    async with EmbeddedEtcd(tmp_path) as embedded, EtcdClient([URL], transport=embedded.transport) as client:
        assert await client.range(b"\0", b"\0") == before
        assert await client.status() == status
        assert [kv.key for kv in (await client.range(b"\0", b"\0", revision=gone)).kvs] == [b"a", b"b"]
        with pytest.raises(Compacted):
            await client.range(b"a", revision=old)
        async with aclosing(client.watch(b"\0", b"\0", start_revision=compacted, prev_kv=True)) as watch:
            await anext(watch)
            events = (await anext(watch)).events
            assert [(event.kind, event.kv.key) for event in events] == [("PUT", b"a"), ("PUT", b"b"), ("DELETE", b"b")]
            assert events[2].prev_kv == events[1].kv
        with pytest.raises(LeaseNotFound):
            await client.lease_revoke(revoked)
        await client.lease_revoke(lease)
        assert (await client.range(b"a")).kvs == ()
        assert (await client.put_if(b"a", b"three", mod_revision=0)).revision == before.revision + 2


async def test_reader_sees_no_write_that_could_still_be_lost(tmp_path: Path) -> None:
    """What a range or a watch has shown is in the file, whatever comes of the writer."""
    async with EmbeddedEtcd(tmp_path) as embedded, EtcdClient([URL], transport=embedded.transport) as client:

        async def observe() -> list[int]:
            seen: list[int] = []
            while len(seen) < 100:
                found = await client.range(b"k", b"l")
                seen.append(found.count)
                assert found.count == len(found.kvs)
                assert all(kv.mod_revision <= found.revision for kv in found.kvs)
                await asyncio.sleep(0)
            return seen

        async with aclosing(client.watch(b"k", b"l")) as watch:
            await anext(watch)
            writers = asyncio.gather(*[client.put_if(b"k%d" % number, b"", mod_revision=0) for number in range(50)])
            counts = await observe()
            results = await writers
            delivered = 0
            while delivered < 50:
                batch = await anext(watch)
                delivered += len(batch.events)
                assert (await client.range(b"k", b"l", revision=batch.revision)).count == delivered
        assert counts == sorted(counts)
        assert sorted(result.revision for result in results) == list(range(2, 52))


def test_directory_has_one_process(tmp_path: Path) -> None:
    """A second process, and a second opening in this one, are told that the directory is in use; afterwards it is free."""
    with writing(str(tmp_path)) as process:
        acknowledgements(process, 1)
        with pytest.raises(DataDirectoryInUse, match="in use by another process"):
            EmbeddedEtcd(tmp_path)
        process.kill()
        assert process.stdout is not None
        process.stdout.read()
        process.wait(WITHIN)
    first = EmbeddedEtcd(tmp_path)
    with pytest.raises(DataDirectoryInUse):
        EmbeddedEtcd(tmp_path)
    asyncio.run(first.aclose())
    asyncio.run(EmbeddedEtcd(tmp_path).aclose())


def test_directory_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedEtcdError, match="etcd data directory"):
        EmbeddedEtcd(tmp_path / "file")
