"""Endpoints that die, answers that get lost, an etcd that is not there yet."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient, EtcdError, LeaseNotFound, OutcomeUnknown, PermissionDenied, Unavailable
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.etcd.processes import Member, etcd, etcd_cluster, free_ports, members

pytestmark = pytest.mark.anyio

WITHIN = 30.0


async def leader(cluster: tuple[Member, ...]) -> Member:
    for member in cluster:
        async with EtcdClient([member.url]) as client:
            status = await client.status()
            if status.leader == status.member_id:
                return member
    raise AssertionError("no member is the leader")


async def test_client_survives_the_death_of_the_leader(tmp_path: Path) -> None:
    """With the leader's endpoint first, every acknowledged write is there after SIGKILL, and the watch saw each once.

    A creation on its way at that moment may have an unknown outcome; all later ones succeed.
    """
    with etcd_cluster(tmp_path) as cluster:
        first = await leader(cluster)
        urls = [first.url, *(member.url for member in cluster if member is not first)]
        async with EtcdClient(urls) as client, aclosing(client.watch(b"/k/", b"/k0")) as watch:
            await anext(watch)
            acknowledged = asyncio.Semaphore(0)
            written: dict[bytes, int] = {}
            unknown: set[bytes] = set()

            async def write(writer: int) -> None:
                for number in range(60):
                    key = b"/k/%d/%02d" % (writer, number)
                    try:
                        result = await client.put_if(key, b"%d" % number, mod_revision=0)
                    except OutcomeUnknown:
                        unknown.add(key)
                    else:
                        assert result.succeeded
                        written[key] = result.revision
                        acknowledged.release()

            async with asyncio.timeout(WITHIN):
                writers = [asyncio.create_task(write(writer)) for writer in range(4)]
                for _ in range(40):
                    await acknowledged.acquire()
                await asyncio.to_thread(first.kill)
                await asyncio.gather(*writers)
                stored = await client.range(b"/k/", b"/k0", limit=1000)
                seen: list[tuple[bytes, int]] = []
                while len(seen) < stored.count:
                    seen += [(event.kv.key, event.kv.mod_revision) for event in (await anext(watch)).events]
            assert sorted(seen) == [(kv.key, kv.mod_revision) for kv in stored.kvs]
            assert [revision for _, revision in seen] == sorted(revision for _, revision in seen)
            assert dict(seen).items() >= written.items()
            assert dict(seen).keys() - written.keys() <= unknown
            assert {kv.version for kv in stored.kvs} == {1}
            assert {b"/k/%d/59" % writer for writer in range(4)} <= written.keys()


async def test_watch_is_resumed_when_its_etcd_comes_back(tmp_path: Path) -> None:
    """What is written while the member is restarting, and after, is delivered exactly once."""
    with etcd(tmp_path) as member:
        async with EtcdClient([member.url]) as client, aclosing(client.watch(b"/k", b"/l")) as watch:
            revision = (await anext(watch)).revision
            for number in range(3):
                await asyncio.to_thread(member.kill)
                await asyncio.to_thread(member.start)
                await client.put_if(b"/k/%d" % number, b"", mod_revision=0)
            seen: list[tuple[bytes, int]] = []
            async with asyncio.timeout(WITHIN):
                while len(seen) < 3:
                    seen += [(event.kv.key, event.kv.mod_revision) for event in (await anext(watch)).events]
            assert seen == [(b"/k/%d" % number, revision + 1 + number) for number in range(3)]


async def test_it_waits_for_an_etcd_that_is_not_there_yet(tmp_path: Path) -> None:
    """The reason is told, once, and names the endpoint; then the member starts and the wait ends."""
    with members(tmp_path, ("late",)) as (member,):
        told: list[str] = []
        waiting = asyncio.Event()

        def tell(message: str) -> None:
            told.append(message)
            waiting.set()

        async with EtcdClient([member.url]) as client, asyncio.timeout(WITHIN):
            ready = asyncio.create_task(client.wait_until_ready(tell))
            await waiting.wait()
            await asyncio.to_thread(member.start)
            await ready
            assert (await client.put_if(b"k", b"v", mod_revision=0)).succeeded
        assert told[0].startswith(f"etcd at {member.url} does not answer: ")
        assert len(told) == len(set(told))


async def test_operation_gives_up_in_time() -> None:
    """With nobody there, Unavailable comes after the time-out and names all endpoints."""
    urls = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
    async with EtcdClient(urls, timeout=0.2) as client, asyncio.timeout(WITHIN):
        with pytest.raises(Unavailable) as caught:
            await client.range(b"k")
    assert all(url in caught.value.message for url in urls)


@pytest.mark.parametrize("url", ["127.0.0.1:2379", "ftp://127.0.0.1", "http://", "http://[::1", ""])
def test_endpoint_must_be_a_url(url: str) -> None:
    """A bad one is refused at once and named."""
    with pytest.raises(ValueError, match="etcd endpoint"):
        EtcdClient([url])


def test_there_must_be_an_endpoint() -> None:
    """An empty list is refused at once."""
    with pytest.raises(ValueError, match="no etcd endpoint"):
        EtcdClient([])


class LosesAnswers(httpx.AsyncBaseTransport):
    """Carries every request to `inner`, and loses the answer to each one that `lost` picks."""

    def __init__(self, inner: httpx.AsyncBaseTransport, lost: Callable[[httpx.Request], bool]) -> None:
        self._inner = inner
        self._lost = lost

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if self._lost(request):
            await response.aclose()
            raise httpx.ReadError("the connection broke before the answer came", request=request)
        return response


def every_other(path: str) -> Callable[[httpx.Request], bool]:
    """Picks the first request to `path`, the third, and so on."""
    odd = False

    def pick(request: httpx.Request) -> bool:
        nonlocal odd
        if request.url.path != path:
            return False
        odd = not odd
        return odd

    return pick


async def test_write_is_not_sent_again_when_its_answer_is_lost() -> None:
    """Each is carried out, the client is told that this is unknown, and what it left is there, once."""
    async with EmbeddedEtcd() as embedded, EtcdClient([URL], transport=embedded.transport) as other:
        transport = LosesAnswers(embedded.transport(), lambda request: request.url.path == "/v3/kv/txn")
        async with EtcdClient([URL], transport=lambda: transport) as client:
            with pytest.raises(OutcomeUnknown) as created:
                await client.put_if(b"k", b"one", mod_revision=0)
            with pytest.raises(OutcomeUnknown) as updated:
                await client.put_if(b"k", b"two", mod_revision=2)
            with pytest.raises(OutcomeUnknown) as deleted:
                await client.delete_if(b"k", mod_revision=3)
        found = [exc.value.current for exc in (created, updated, deleted)]
        assert [kv and (kv.value, kv.mod_revision) for kv in found] == [(b"one", 2), (b"two", 3), None]
        assert (await other.range(b"k")).revision == 4


async def test_lost_answer_hides_no_conflict() -> None:
    """A write that lost to somebody else stays lost when its answer is lost too, even with a later equal value."""
    async with EmbeddedEtcd() as embedded, EtcdClient([URL], transport=embedded.transport) as other:
        first = (await other.put_if(b"k", b"one", mod_revision=0)).revision
        second = (await other.put_if(b"k", b"two", mod_revision=first)).revision
        third = (await other.put_if(b"k", b"three", mod_revision=second)).revision
        lossy = every_other("/v3/kv/txn")
        async with EtcdClient([URL], transport=lambda: LosesAnswers(embedded.transport(), lossy)) as client:
            different = await client.put_if(b"k", b"mine", mod_revision=first)
            equal = await client.put_if(b"k", b"three", mod_revision=first)
            deleted = await client.delete_if(b"k", mod_revision=first)
            missing = await client.delete_if(b"other", mod_revision=first)
        assert [result.succeeded for result in (different, equal, deleted, missing)] == [False] * 4
        assert (await other.range(b"k")).kvs[0].mod_revision == third


@pytest.mark.parametrize("path", ["/v3/kv/range", "/v3/lease/grant", "/v3/lease/revoke", "/v3/kv/compaction"])
async def test_reads_leases_and_compactions_are_repeated(path: str) -> None:
    """The loss of an answer is not noticed; what is found done already was done by the copy before."""
    async with EmbeddedEtcd() as embedded:
        lossy = every_other(path)
        async with EtcdClient([URL], transport=lambda: LosesAnswers(embedded.transport(), lossy)) as client:
            lease = await client.lease_grant(60)
            result = await client.put_if(b"k", b"v", mod_revision=0, lease=lease)
            await client.compact(result.revision)
            assert (await client.range(b"k")).count == 1
            await client.lease_revoke(lease)
            assert (await client.range(b"k")).count == 0


@pytest.mark.parametrize(
    ("status", "document", "kind", "code"),
    [
        (
            403,
            {"error": "etcdserver: permission denied", "code": 7, "message": "etcdserver: permission denied"},
            PermissionDenied,
            7,
        ),
        (403, {"code": 7, "message": "etcdserver: permission denied"}, PermissionDenied, 7),
        (404, {"code": 5, "message": "etcdserver: requested lease not found", "details": []}, LeaseNotFound, 5),
        (503, {"error": {"grpc_code": 14, "http_code": 503, "message": "etcdserver: no leader"}}, Unavailable, 14),
        (503, {"error": {"code": 14, "message": "etcdserver: no leader"}}, Unavailable, 14),
        (429, {"code": 8, "message": "etcdserver: mvcc: database space exceeded"}, EtcdError, 8),
        (418, "not the gateway's", EtcdError, 12),
    ],
)
async def test_both_forms_of_error_are_understood(
    status: int, document: object, kind: type[EtcdError], code: int
) -> None:
    """The gateway of etcd 3.5 and that of 3.6 say the same in different documents."""

    async def gateway(scope: dict[str, Any], receive: Any, send: Any) -> None:
        response = httpx.Response(status, json=document)
        headers = [(b"content-length", b"%d" % len(response.content))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    async with serving(gateway, listen("127.0.0.1", 0)) as address, EtcdClient([address.url], timeout=0) as client:
        with pytest.raises(EtcdError) as caught:
            await client.range(b"k")
    assert type(caught.value) is kind
    assert caught.value.code == code
