"""A server whose disk is full for a while."""

import contextlib
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.end_to_end.outside import CONFIG_MAPS, administering, config_map, started
from tests.apiserver.end_to_end.processes import PATIENCE, SERVING, Server, apiserver, child

pytestmark = pytest.mark.anyio

MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
LARGE = "x" * 200_000
ENDPOINTS = ("/healthz", "/livez", "/readyz")


@contextmanager
def a_file_limit(folder: Path) -> Iterator[tuple[Server, Callable[[], None], Callable[[], None]]]:
    """A server, and what makes and undoes that its files cannot grow."""
    with apiserver(folder, f"--data-dir={folder / 'data'}") as server:
        unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)

        def limit(size: int) -> None:
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))

        yield server, lambda: limit(1), lambda: limit(unlimited[0])


@contextmanager
def a_full_disk(folder: Path) -> Iterator[tuple[Server, Callable[[], None], Callable[[], None]]]:
    """The same with a small disk of its own, which only the server sees, and a file that takes all of its room."""
    data, kubeconfig = folder / "data", folder / "kubeconfig"
    data.mkdir()
    mounting = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(data)]
    if subprocess.run([*mounting, "true"], capture_output=True, timeout=PATIENCE, check=False).returncode:
        pytest.skip("this user cannot mount a disk")
    flags = ("--secure-port=0", f"--data-dir={data}", f"--write-kubeconfig={kubeconfig}")
    with child(*mounting, sys.executable, "-m", "rootspan", "apiserver", *flags) as process:
        server = Server(process, process.wrote(SERVING)[1], kubeconfig)
        filler = Path(f"/proc/{process.pid}/root{data}/filler")

        def fill() -> None:
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

        yield server, fill, filler.unlink


async def refusal(client: httpx.AsyncClient) -> httpx.Response:
    """Create objects in the space that the store has reserved, until one is refused."""
    while (answer := await client.post(CONFIG_MAPS, json=named("filler-", text=LARGE))).status_code == 201:
        pass
    return answer


def named(prefix: str, **data: str) -> JSONObject:
    return config_map("", **data) | {"metadata": {"generateName": prefix}}


@pytest.mark.parametrize("disk", [a_full_disk, a_file_limit])
async def test_server_recovers_by_itself_from_full_disk(
    tmp_path: Path,
    disk: Callable[[Path], AbstractContextManager[tuple[Server, Callable[[], None], Callable[[], None]]]],
) -> None:
    """Writes fail, reads go on, and every health check fails until there is room; a probe finds that out, then writes succeed."""
    message = "etcdserver: mvcc: database space exceeded"
    with disk(tmp_path) as (server, fill, free), server.watching("configmaps") as watching:
        async with administering(server) as client:
            assert (await client.post(CONFIG_MAPS, json=config_map("before"))).status_code == 201
            watching.wrote("^before ")
            fill()
            refused = await refusal(client)
            assert (refused.status_code, refused.json()["message"]) == (500, message)
            refused = await client.put(f"{CONFIG_MAPS}/before", json=config_map("before", a=LARGE))
            assert (refused.status_code, refused.json()["message"]) == (500, message)
            assert "data" not in (await client.get(f"{CONFIG_MAPS}/before")).json()
            for endpoint in ENDPOINTS:
                failed = await client.get(endpoint)
                assert failed.status_code == 500
                # The check of etcd is a part of the one of the informers in /readyz, as in kube-apiserver.
                check = "informer-sync" if endpoint == "/readyz" else "etcd"
                assert f"[-]{check} failed: reason withheld" in failed.text
            free()
            for endpoint in ENDPOINTS:
                assert (await client.get(endpoint)).text == "ok"
            assert (await client.post(CONFIG_MAPS, json=config_map("after"))).status_code == 201
            watching.wrote("^after ")
            present = (await client.get(CONFIG_MAPS)).json()["items"]
        assert server.process.stop(signal.SIGKILL) == -signal.SIGKILL
    names = [item["metadata"]["name"] for item in present]
    assert [name for name in names if not name.startswith("filler-")] == ["after", "before", "kube-root-ca.crt"]
    if disk is a_file_limit:  # the other disk has gone with its server
        async with started(tmp_path, f"--data-dir={tmp_path / 'data'}") as server, administering(server) as client:
            again = (await client.get(CONFIG_MAPS)).json()["items"]
            assert [item["metadata"]["uid"] for item in again] == [item["metadata"]["uid"] for item in present]
