"""The server inside another program's event loop: `apiserver(Options…)`."""

import asyncio
import socket
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.serving.http import BindError
from tests.apiserver.end_to_end.in_process import client, options
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, config_map
from tests.apiserver.etcd.processes import Member

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("store", ["in memory", "on disk", "real etcd"])
async def test_it_serves_inside_the_block_and_leaves_nothing(tmp_path: Path, real_etcd: Member, store: str) -> None:
    """Inside the block it is ready and its namespaces are there; afterwards its port refuses, and no task or thread of it is left."""
    flags = {
        "in memory": (),
        "on disk": (f"--data-dir={tmp_path / 'data'}",),
        "real etcd": (f"--etcd-servers={real_etcd.url}", f"--etcd-prefix={tmp_path}"),
    }[store]
    before = asyncio.all_tasks()
    async with apiserver(options(*flags)) as running, client(running) as http:
        assert (await http.get("/readyz")).text == "ok"
        assert (await http.post(CONFIG_MAPS, json=config_map("c"))).status_code == 201
        names = [item["metadata"]["name"] for item in (await http.get("/api/v1/namespaces")).json()["items"]]
        assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((running.address.host, running.address.port), timeout=5)
    assert asyncio.all_tasks() == before


async def test_servers_over_one_etcd_see_each_others_objects(tmp_path: Path, real_etcd: Member) -> None:
    """What is written through one is read and listed through the other at once, and they refuse each other's stale writes."""
    flags = (f"--etcd-servers={real_etcd.url}", f"--etcd-prefix={tmp_path}")
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(client(await stack.enter_async_context(apiserver(options(*flags)))))
            for _ in range(2)
        ]
        made = (await one.post(CONFIG_MAPS, json=config_map("c", a="1"))).json()
        assert (await two.get(f"{CONFIG_MAPS}/c")).json() == made
        assert "c" in [item["metadata"]["name"] for item in (await two.get(CONFIG_MAPS)).json()["items"]]
        newer = await two.put(f"{CONFIG_MAPS}/c", json=made | {"data": {"a": "2"}})
        assert newer.status_code == 200
        stale = await one.put(f"{CONFIG_MAPS}/c", json=made | {"data": {"a": "3"}})
        assert (stale.status_code, stale.json()["reason"]) == (409, "Conflict")
        assert (await one.get(f"{CONFIG_MAPS}/c")).json() == newer.json()


async def test_two_servers_run_side_by_side() -> None:
    """Each has its own store, port, certificate and token; the token of one is nothing to the other."""
    async with apiserver(options()) as one, apiserver(options()) as two:
        async with client(one) as to_one, client(two) as to_two:
            assert (await to_one.post(CONFIG_MAPS, json=config_map("c"))).status_code == 201
            assert (await to_two.get(f"{CONFIG_MAPS}/c")).status_code == 404
            foreign = await to_two.get("/readyz", headers={"authorization": f"Bearer {one.token}"})
            assert foreign.status_code == 401
        async with httpx.AsyncClient(
            verify=ssl.create_default_context(cadata=one.ca_bundle.decode()), trust_env=False
        ) as wrong:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await wrong.get(f"{two.address.url}/readyz")


async def test_failed_start_leaves_nothing() -> None:
    """A port in use is raised, and no task is left."""
    before = asyncio.all_tasks()
    async with apiserver(options()) as running:
        inside = asyncio.all_tasks()
        with pytest.raises(BindError, match=f"failed to listen on 127.0.0.1:{running.address.port}"):
            async with apiserver(options(f"--secure-port={running.address.port}")):
                pass
        assert asyncio.all_tasks() <= inside
    assert asyncio.all_tasks() == before
