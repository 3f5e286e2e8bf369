"""A server that ends in the middle of writes, killed or not, loses none that it has acknowledged."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.apiserver.end_to_end.outside import CONFIG_MAPS, administering, config_map, started
from tests.apiserver.end_to_end.processes import PATIENCE, Server
from tests.apiserver.etcd.processes import etcd

pytestmark = pytest.mark.anyio

WRITERS = 6
ACKNOWLEDGED = 60


class Writers:
    """Clients that create, replace and delete config maps until the server is gone, and remember what they were told."""

    def __init__(self) -> None:
        self.created: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.counters: dict[str, int] = {}
        self.newest = 0
        self.enough = asyncio.Event()

    def _acknowledged(self, answer: httpx.Response) -> None:
        answer.raise_for_status()
        self.newest = max(self.newest, int(answer.json()["metadata"].get("resourceVersion", 0)))

    async def write(self, client: httpx.AsyncClient, writer: int) -> None:
        counter = f"counter-{writer}"
        try:
            self._acknowledged(await client.post(CONFIG_MAPS, json=config_map(counter, n="0")))
            self.counters[counter] = 0
            for n in range(1, 10_000):
                name = f"c-{writer}-{n}"
                self._acknowledged(await client.post(CONFIG_MAPS, json=config_map(name, n=str(n))))
                self.created[name] = str(n)
                self._acknowledged(await client.put(f"{CONFIG_MAPS}/{counter}", json=config_map(counter, n=str(n))))
                self.counters[counter] = n
                if n % 3 == 0:
                    del self.created[name]
                    (await client.delete(f"{CONFIG_MAPS}/{name}")).raise_for_status()
                    self.deleted.add(name)
                if len(self.created) >= ACKNOWLEDGED:
                    self.enough.set()
        except httpx.TransportError:
            return


async def ended_while_writing(server: Server, number: signal.Signals) -> Writers:
    writers = Writers()
    async with administering(server) as client:
        tasks = [asyncio.create_task(writers.write(client, n)) for n in range(WRITERS)]
        async with asyncio.timeout(PATIENCE):
            await writers.enough.wait()
            server.process.send(number)
            await asyncio.gather(*tasks)
    assert await asyncio.to_thread(server.process.wait) == (0 if number == signal.SIGTERM else -number)
    assert "Traceback" not in server.process.stderr
    return writers


@pytest.mark.parametrize(
    ("store", "number"),
    [("a data directory", signal.SIGKILL), ("etcd", signal.SIGKILL), ("a data directory", signal.SIGTERM)],
)
async def test_no_acknowledged_write_is_lost(tmp_path: Path, store: str, number: signal.Signals) -> None:
    """After a kill -9 a new server finds what was created, replaced and deleted; etcd, where there is one, is killed as well. So it
    does where the server was asked to end. Resource versions go on from where they were."""
    with ExitStack() as stack:
        member = stack.enter_context(etcd(tmp_path)) if store == "etcd" else None
        flag = f"--etcd-servers={member.url}" if member else f"--data-dir={tmp_path / 'data'}"
        async with started(tmp_path, flag) as server:
            writers = await ended_while_writing(server, number)
        if member:
            await asyncio.to_thread(member.kill)
            await asyncio.to_thread(member.start)
        async with started(tmp_path, flag) as server, administering(server) as client:
            listed = (await client.get(CONFIG_MAPS)).json()["items"]
            found = {item["metadata"]["name"]: item["data"].get("n") for item in listed}
            more = (await client.post(CONFIG_MAPS, json=config_map("more"))).json()
            assert await asyncio.to_thread(server.process.stop) == 0
    assert {name: found.get(name) for name in writers.created} == writers.created
    assert writers.deleted.isdisjoint(found)
    assert len(writers.deleted) > WRITERS
    for name, acknowledged in writers.counters.items():
        assert int(found[name]) - acknowledged in (0, 1)
    assert int(more["metadata"]["resourceVersion"]) > writers.newest


async def test_objects_survive_graceful_shutdown(tmp_path: Path) -> None:
    """The same objects, to the byte, after SIGTERM and a new start on the same data directory."""
    flag = f"--data-dir={tmp_path / 'data'}"
    lists = []
    for begin in (True, False):
        async with started(tmp_path, flag) as server, administering(server) as client:
            if begin:
                (await client.post(CONFIG_MAPS, json=config_map("c", a="ü"))).raise_for_status()
            mine = {"fieldSelector": "metadata.name=c"}
            lists.append((await client.get(CONFIG_MAPS, params=mine)).json()["items"])
            assert await asyncio.to_thread(server.process.stop) == 0
    assert lists[0] == lists[1]
    assert [item["data"] for item in lists[0]] == [{"a": "ü"}]
