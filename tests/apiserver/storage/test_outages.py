"""A real etcd that goes away and comes back."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import ListResult, StoredObject
from tests.apiserver.etcd.processes import Member, etcd, etcd_cluster
from tests.apiserver.storage.parts import config_maps, names, put, resource, storage_over, take

pytestmark = pytest.mark.anyio

WITHIN = 30.0


async def refused(request: Awaitable[StoredObject | ListResult | None]) -> tuple[int, str]:
    with pytest.raises(StatusError) as refusal:
        await request
    return refusal.value.code, refusal.value.reason


async def test_requests_without_etcd_return_503_until_it_is_back(tmp_path: Path) -> None:
    """Requests that need etcd are refused with 503, those the cache can answer are answered; afterwards watches go on."""
    with etcd(tmp_path) as member:
        async with (
            asyncio.timeout(WITHIN),
            EtcdClient([member.url], timeout=0.2) as client,
            storage_over(client) as storage,
        ):
            assert await storage.wait_ready(WITHIN)
            await put(storage, "c1")
            await storage.cached(resource("configmaps"))
            async with storage.watch("default", config_maps(), ListOptions()) as watch:
                await take(watch, 1)
                member.kill()
                unavailable = (503, "ServiceUnavailable")
                assert await refused(put(storage, "c2")) == unavailable
                assert await refused(storage.get(resource("configmaps"), "default", "c1")) == unavailable
                assert await refused(storage.list("default", config_maps(), ListOptions())) == unavailable
                stale = await storage.list("default", config_maps(), ListOptions(resource_version="0"))
                assert names(stale.items) == ["c1"]
                member.start()
                stored = await put(storage, "c3")
                (event,) = await take(watch, 1)
                assert event == ("ADDED", "c3", stored.resource_version)
            assert names((await storage.list("default", config_maps(), ListOptions())).items) == ["c1", "c3"]


async def test_storage_without_etcd_at_start_is_not_ready(tmp_path: Path) -> None:
    """Watches are told to try again; once etcd is there everything works."""
    with etcd(tmp_path) as member:
        member.kill()
        async with (
            asyncio.timeout(WITHIN),
            EtcdClient([member.url], timeout=0.2) as client,
            storage_over(client) as storage,
        ):
            with pytest.raises(StatusError) as refusal:
                async with storage.watch("default", config_maps(), ListOptions()):
                    raise AssertionError("the watch began")
            assert (refusal.value.code, refusal.value.message) == (429, "storage is (re)initializing")
            member.start()
            await put(storage, "c1")
            assert await storage.wait_ready(WITHIN)
            assert names((await storage.list("", config_maps(), ListOptions())).items) == ["c1"]


async def leader(cluster: tuple[Member, ...]) -> Member:
    for member in cluster:
        async with EtcdClient([member.url]) as client:
            status = await client.status()
        if status.leader == status.member_id:
            return member
    raise AssertionError("no member leads")


async def test_two_servers_survive_loss_of_etcd_leader(tmp_path: Path) -> None:
    """Writes through both go on, and the watches of both show each of them once and in order."""
    with etcd_cluster(tmp_path) as cluster:
        urls = [member.url for member in cluster]
        async with (
            asyncio.timeout(WITHIN),
            EtcdClient(urls) as one_client,
            EtcdClient(urls[::-1]) as other_client,
            storage_over(one_client) as one,
            storage_over(other_client) as other,
        ):
            for storage in (one, other):
                assert await storage.wait_ready(WITHIN)
            async with (
                one.watch("default", config_maps(), ListOptions()) as from_one,
                other.watch("default", config_maps(), ListOptions()) as from_other,
            ):
                written = []
                for number in range(20):
                    if number == 5:
                        (await leader(cluster)).kill()
                    stored = await put((one, other)[number % 2], f"c{number:02}")
                    written.append(("ADDED", f"c{number:02}", stored.resource_version))
                    found = await (other, one)[number % 2].list("default", config_maps(), ListOptions())
                    assert len(found.items) == number + 1
                assert await take(from_one, 20) == written
                assert await take(from_other, 20) == written
