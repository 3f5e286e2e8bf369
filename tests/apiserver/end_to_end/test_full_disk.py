"""A server whose disk is full for a while."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.apiserver.end_to_end.processes import PATIENCE, SERVING, Server, apiserver, child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
ENDPOINTS = ("healthz", "livez", "readyz")


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


@pytest.mark.parametrize(
    ("disk", "message"),
    [
        (a_full_disk, "etcdserver: mvcc: database space exceeded"),
        (a_file_limit, "etcdserver: the journal failed: disk I/O error"),
    ],
)
def test_server_recovers_by_itself_from_full_disk(
    tmp_path: Path,
    disk: Callable[[Path], AbstractContextManager[tuple[Server, Callable[[], None], Callable[[], None]]]],
    message: str,
) -> None:
    """Writes fail, reads go on, and every health check fails until there is room; a probe finds that out, then writes succeed."""
    with disk(tmp_path) as (server, fill, free), server.watching("configmaps") as watching:
        server.kubectl("create", "configmap", "before")
        watching.wrote("^before ")
        fill()
        assert message in server.kubectl("create", "configmap", "refused", status=1)
        assert server.kubectl("get", "configmap", "before", "-o", "name") == "configmap/before\n"
        for endpoint in ENDPOINTS:
            assert "[-]etcd failed: reason withheld" in server.kubectl("get", "--raw", f"/{endpoint}", status=1)
        assert message in server.kubectl("label", "configmap", "before", "a=b", status=1)
        free()
        for endpoint in ENDPOINTS:
            assert server.kubectl("get", "--raw", f"/{endpoint}") == "ok"
        server.kubectl("create", "configmap", "after")
        watching.wrote("^after ")
        assert "refused" not in watching.stdout
        names = server.kubectl("get", "configmaps", "-o", "name").split()
        assert names == ["configmap/after", "configmap/before", "configmap/kube-root-ca.crt"]
        assert server.process.stop(signal.SIGKILL) == -signal.SIGKILL
    if disk is a_file_limit:  # the other disk has gone with its server
        with apiserver(tmp_path, f"--data-dir={tmp_path / 'data'}") as server:
            assert server.kubectl("get", "configmaps", "-o", "name").split() == names
