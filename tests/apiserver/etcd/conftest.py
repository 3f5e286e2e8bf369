"""The same tests run against a real etcd and against the embedded one in each of its forms."""

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd, LocalClient, LocalServer
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.etcd.processes import Member, etcd

PROGRESS_NOTIFY_INTERVAL = "--experimental-watch-progress-notify-interval=1s"


@pytest.fixture(scope="session")
def real_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    with etcd(tmp_path_factory.mktemp("etcd"), PROGRESS_NOTIFY_INTERVAL) as member:
        yield member


@pytest.fixture(scope="session")
def system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextlib.asynccontextmanager
async def over_a_socket(embedded: EmbeddedEtcd) -> AsyncIterator[EtcdClient]:
    async with (
        serving(embedded.application, listen("127.0.0.1", 0), stopping=embedded.end_watches) as address,
        EtcdClient([address.url]) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def over_local_frames(embedded: EmbeddedEtcd, path: Path) -> AsyncIterator[EtcdClient]:
    """A client as another process would be one: over a Unix socket."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        connection = LocalClient(str(path))
        async with (
            LocalServer(embedded, bound),
            contextlib.aclosing(connection),
            EtcdClient([URL], transport=connection.transport) as client,
        ):
            yield client


@pytest.fixture(params=["real", "in memory", "on disk", "over a socket", "over frames"])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EtcdClient]:
    """A client of an etcd that may hold keys of other tests: use `prefix`."""
    if request.param == "real":
        async with EtcdClient([request.getfixturevalue("real_etcd").url]) as client:
            yield client
        return
    data_dir = tmp_path / "etcd" if request.param == "on disk" else None
    async with EmbeddedEtcd(data_dir, progress_notify_interval=1.0) as embedded:
        if request.param == "over frames":
            async with over_local_frames(embedded, tmp_path / "etcd.sock") as client:
                yield client
        elif request.param == "over a socket":
            async with over_a_socket(embedded) as client:
                yield client
        else:
            async with EtcdClient([URL], transport=embedded.transport) as client:
                yield client


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> bytes:
    """A key prefix of this test's own."""
    return b"/%b/" % request.node.name.encode()
