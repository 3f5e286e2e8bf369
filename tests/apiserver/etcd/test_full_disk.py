"""A data directory that cannot be written to for a while: what is refused has never been, and then all goes on."""

import asyncio
import ssl
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd, EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.journal_file import NAME
from rootspan_apiserver.etcd import EtcdClient, EtcdError, EtcdEvent, KeyValue, LeaseNotFound
from tests.apiserver.etcd.disk import no_file_beyond
from tests.apiserver.etcd.stores import WITHIN, an_error_logged, opened

pytestmark = pytest.mark.anyio

FAILED = "etcdserver: mvcc: database space exceeded"


async def everything(client: EtcdClient) -> tuple[int, tuple[KeyValue, ...]]:
    found = await client.range(b"\0", b"\0")
    return found.revision, found.kvs


async def health(embedded: EmbeddedEtcd) -> tuple[int, Any]:
    async with httpx.AsyncClient(transport=embedded.transport()) as http:
        answer = await http.get(f"{URL}/health")
    return answer.status_code, answer.json()


async def test_writes_succeed_as_soon_as_there_is_room(tmp_path: Path) -> None:
    """A refused write is never seen, by ranges, watches or the next process; the first one after it takes its revision."""
    async with opened(tmp_path) as (_, client), aclosing(client.watch(b"\0", b"\0")) as watch:
        await anext(watch)
        kept = await client.put_if(b"a", b"one", mod_revision=0)
        for key in (b"b", b"c"):
            with no_file_beyond(1), pytest.raises(EtcdError, match=f"^{FAILED}$"):
                await client.put_if(key, b"refused", mod_revision=0)
        assert [kv.key for kv in (await everything(client))[1]] == [b"a"]
        after = await client.put_if(b"b", b"two", mod_revision=0)
        assert after.revision == kept.revision + 1
        seen: list[EtcdEvent] = []
        while len(seen) < 2:
            seen += (await anext(watch)).events
        assert [(event.kv.key, event.kv.value) for event in seen] == [(b"a", b"one"), (b"b", b"two")]
        present = await everything(client)
    async with opened(tmp_path) as (_, client):
        assert await everything(client) == present


async def test_write_after_refused_write_is_refused(tmp_path: Path) -> None:
    """Of many writes under way at once, each on top of the one before, none is left; every kind of change is undone."""
    async with opened(tmp_path) as (_, client):
        lease = await client.lease_grant(600)
        old = (await client.put_if(b"a", b"one", mod_revision=0)).revision
        base = (await client.put_if(b"a", b"two", mod_revision=old, lease=lease)).revision
        before = await everything(client)
        with no_file_beyond(1):
            results = await asyncio.gather(
                client.put_if(b"a", b"three", mod_revision=base),
                client.delete_if(b"a", mod_revision=base + 1),
                client.put_if(b"a", b"four", mod_revision=0),
                client.put_if(b"new", b"", mod_revision=0, lease=lease),
                client.compact(base),
                client.lease_revoke(lease),
                client.lease_grant(5),
                return_exceptions=True,
            )
        assert [(type(result), str(result)) for result in results] == [(EtcdError, FAILED)] * 7
        assert await everything(client) == before
        assert (await client.range(b"a", revision=old)).kvs[0].value == b"one"
        async with aclosing(client.watch(b"a", start_revision=old)) as watch:
            await anext(watch)
            assert [event.kv.value for event in (await anext(watch)).events] == [b"one", b"two"]
    async with opened(tmp_path) as (_, client):
        assert await everything(client) == before
        await client.lease_revoke(lease)
        assert (await client.range(b"a")).kvs == ()
        with pytest.raises(LeaseNotFound):
            await client.lease_revoke(lease)


async def test_expired_lease_ends_once_there_is_room(tmp_path: Path) -> None:
    """Its key stays while its deletion cannot be written, and goes afterwards without anything else being written."""
    async with opened(tmp_path) as (_, client), aclosing(client.watch(b"k")) as watch:
        await anext(watch)
        lease = await client.lease_grant(1)
        await client.put_if(b"k", b"", mod_revision=0, lease=lease)
        assert [event.kind for event in (await anext(watch)).events] == ["PUT"]
        with no_file_beyond(1), an_error_logged() as logged:
            await logged.wait()
            assert (await client.range(b"k")).count == 1
        assert [event.kind for event in (await anext(watch)).events] == ["DELETE"]


async def test_health_tells_while_writes_fail_and_finds_out_when_they_do_not(tmp_path: Path) -> None:
    """It asks the disk itself, for as much room as was missing: that something small still fits is not enough."""
    async with opened(tmp_path) as (embedded, client):
        await embedded.check()
        assert await health(embedded) == (200, {"health": "true", "reason": ""})
        await client.put_if(b"first", b"", mod_revision=0)
        with no_file_beyond((tmp_path / NAME).stat().st_size + 1000):
            with pytest.raises(EtcdError, match=FAILED):
                await client.put_if(b"large", bytes(1_100_000), mod_revision=0)
            assert (await client.put_if(b"small", b"", mod_revision=0)).succeeded
            for _ in range(2):
                with pytest.raises(EmbeddedEtcdError, match=FAILED):
                    await embedded.check()
            assert await health(embedded) == (503, {"health": "false", "reason": "ALARM NOSPACE"})
        await embedded.check()
        assert await health(embedded) == (200, {"health": "true", "reason": ""})
        present = await everything(client)
    async with opened(tmp_path) as (embedded, client):
        assert await everything(client) == present
        await embedded.check()


def test_data_directory_without_room_is_refused(tmp_path: Path) -> None:
    """A new one cannot be begun; the error names the file."""
    with no_file_beyond(1), pytest.raises(EmbeddedEtcdError, match=r"etcd\.journal: "):
        EmbeddedEtcd(tmp_path)


def test_server_goes_on_after_a_full_disk(tmp_path: Path) -> None:
    """While it is full, creates are answered as etcd's NOSPACE is, the health checks fail, reads succeed; then all is well again."""
    with Environment(f"--data-dir={tmp_path}") as env:
        trusting = ssl.create_default_context(cadata=env.ca_bundle.decode())
        headers = {"authorization": f"Bearer {env.token}"}
        with httpx.Client(base_url=env.url, headers=headers, verify=trusting, trust_env=False, timeout=WITHIN) as http:

            def create(name: str) -> httpx.Response:
                obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
                return http.post("/api/v1/namespaces/default/configmaps", json=obj)

            def healthy() -> dict[str, tuple[int, bool]]:
                answers = {path: http.get(f"/{path}?verbose") for path in ("readyz", "livez", "healthz")}
                return {path: (answer.status_code, "[-]" in answer.text) for path, answer in answers.items()}

            assert create("before").status_code == 201
            with no_file_beyond(1):
                refused = create("during")
                assert (refused.status_code, refused.json()["message"]) == (500, FAILED)
                assert healthy() == dict.fromkeys(("readyz", "livez", "healthz"), (500, True))
                assert http.get("/healthz/etcd").status_code == 500
                assert http.get("/api/v1/namespaces/default/configmaps/before").status_code == 200
            assert create("during").status_code == 201
            assert healthy() == dict.fromkeys(("readyz", "livez", "healthz"), (200, False))
