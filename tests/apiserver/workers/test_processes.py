"""The processes of a server end together, and not before."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.environment import Environment
from rootspan_apiserver.options.options import Options, OptionsError
from tests.apiserver.end_to_end.processes import rootspan
from tests.apiserver.workers.group import CONFIG_MAPS, START, WORKERS, Group, answers, config_map, group, until

pytestmark = pytest.mark.anyio
NAMESPACES = "/api/v1/namespaces"


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_to_the_parent_ends_all(tmp_path: Path, number: signal.Signals) -> None:
    """The server says once where it serves, when all processes are there; the signal ends them all, with status 0."""
    with group(tmp_path) as found:
        pids = found.children()
        assert len(pids) == 3
        assert await asyncio.to_thread(found.server.process.stop, number, START) == 0
        assert gone(pids)
        assert found.server.process.stdout.count("Serving") == 1
        assert "Traceback" not in found.server.process.stderr


async def test_processes_of_a_killed_parent_end(tmp_path: Path) -> None:
    """SIGKILL to the parent leaves no orphan."""
    with group(tmp_path) as found:
        pids = found.children()
        found.server.process.send(signal.SIGKILL)
        await until(lambda: gone(pids))


async def test_store_in_memory_that_dies_ends_the_server(tmp_path: Path) -> None:
    """What it had cannot be brought back, so the server does not go on as if it had never had it."""
    with group(tmp_path) as found:
        os.kill(found.store, signal.SIGKILL)
        assert await asyncio.to_thread(found.server.process.wait, START) == 1
        assert "the embedded etcd has ended" in found.server.process.stderr


@contextlib.asynccontextmanager
async def writing(found: Group) -> AsyncIterator[list[str]]:
    """Create objects through both workers while the block runs, which begins with ten of them. The names of those acknowledged."""
    one, other = found.workers
    acknowledged: list[str] = []
    stop = asyncio.Event()

    async def write(client: httpx.AsyncClient, prefix: str) -> None:
        for number in count():
            if stop.is_set():
                return
            try:
                answer = await client.post(CONFIG_MAPS, json=config_map(f"{prefix}-{number}"))
            except httpx.TransportError:  # the process has been killed
                return
            if answer.status_code == 201:
                acknowledged.append(f"{prefix}-{number}")

    prefix = f"kept-{os.urandom(4).hex()}"
    async with found.connected(one) as first, found.connected(other) as second, asyncio.TaskGroup() as tasks:
        tasks.create_task(write(first, f"{prefix}-0"))
        tasks.create_task(write(second, f"{prefix}-1"))
        await until(lambda: len(acknowledged) >= 10)
        yield acknowledged
        stop.set()


async def killed_while_writing(found: Group, victim: int) -> None:
    """Kill a process while both workers write, and check that nothing acknowledged is lost."""
    async with writing(found) as acknowledged:
        os.kill(victim, signal.SIGKILL)
        await until(lambda: victim not in found.children())
    for pid in found.workers:
        async with found.connected(pid) as client:
            assert set(acknowledged) <= await names(client)


async def names(client: httpx.AsyncClient) -> set[str]:
    """Return the names of all config maps."""
    answer = (await client.get(CONFIG_MAPS)).raise_for_status()
    return {each["metadata"]["name"] for each in answer.json()["items"]}


async def controllers_work(found: Group) -> None:
    """A new namespace gets its service account, and is emptied and deleted."""
    name = f"new-{len(found.children())}-{os.urandom(4).hex()}"
    async with found.connected(found.workers[-1]) as client:
        (await client.post(NAMESPACES, json={"metadata": {"name": name}})).raise_for_status()
        await answers(client, f"{NAMESPACES}/{name}/serviceaccounts/default", 200)
        (await client.delete(f"{NAMESPACES}/{name}")).raise_for_status()
        await answers(client, f"{NAMESPACES}/{name}", 404)


async def test_worker_that_dies_is_replaced_and_nothing_is_lost(pair: Group) -> None:
    """Acknowledged objects are there through every worker, and a new worker serves in its place."""
    victim = pair.workers[1]
    await killed_while_writing(pair, victim)
    await pair.replaced(victim)


async def test_controllers_go_on_when_the_elected_worker_dies(pair: Group) -> None:
    """Another worker is elected, and runs them."""
    victim = pair.workers[0]
    await killed_while_writing(pair, victim)
    await controllers_work(pair)
    await pair.replaced(victim)


async def test_store_on_disk_that_dies_is_started_again(pair: Group) -> None:
    """Acknowledged objects are there, and the workers, which live on, write again."""
    if not pair.store:
        pytest.skip("etcd is not a process of the server")
    workers, killed = pair.workers, pair.store
    async with writing(pair) as acknowledged:
        os.kill(killed, signal.SIGKILL)
        await until(lambda: killed not in pair.children() and len(pair.children()) == WORKERS + 1)
        before = len(acknowledged)
        await until(lambda: len(acknowledged) > before)
    (pair.store,) = set(pair.children()) - set(workers)
    for pid in workers:
        async with pair.connected(pid) as client:
            assert set(acknowledged) <= await names(client)


async def test_server_that_cannot_start_says_so_once() -> None:
    """A port that is taken ends the command before there are other processes."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with rootspan("apiserver", "--workers=2", f"--secure-port={port}") as process:
            assert await asyncio.to_thread(process.wait, START) == 1
            assert process.stderr.count("Error: ") == 1


async def test_worker_that_cannot_start_ends_the_server(tmp_path: Path) -> None:
    """What the first process of a kind cannot do, the others are not asked to do: one error, status 1, no orphan."""
    data = tmp_path / "data"
    data.write_text("no folder")
    with rootspan("apiserver", "--workers=2", "--secure-port=0", f"--data-dir={data}") as process:
        assert await asyncio.to_thread(process.wait, START) == 1
        assert process.stderr.count("Error: ") == 1


def test_number_of_workers_is_checked() -> None:
    """Less than one is refused, and so are several inside another process."""
    with pytest.raises(OptionsError, match="--workers 0 must be at least 1"):
        Options.parse(["--workers=0"])
    with pytest.raises(OptionsError, match="inside another process"), Environment("--workers=2"):
        pass
