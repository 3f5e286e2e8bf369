"""Servers to talk to: one process for all tests that leave it as they found it, and one for each way of keeping objects."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.apiserver.end_to_end.processes import Server, apiserver
from tests.apiserver.etcd.processes import Member, etcd


@pytest.fixture(scope="session")
def real_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    with etcd(tmp_path_factory.mktemp("etcd")) as member:
        yield member


@pytest.fixture(scope="session", params=["in memory", "on disk", "real etcd"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same server over the embedded etcd in both its forms, and over a real one."""
    folder = tmp_path_factory.mktemp("server")
    flags = {
        "in memory": (),
        "on disk": (f"--data-dir={folder / 'data'}",),
        "real etcd": (f"--etcd-prefix=/{uuid4()}", "--etcd-servers={}"),
    }[request.param]
    if request.param == "real etcd":
        flags = tuple(flag.format(request.getfixturevalue("real_etcd").url) for flag in flags)
    with apiserver(folder, *flags) as running:
        yield running
        assert running.process.stop() == 0
        assert "Traceback" not in running.process.stderr


@pytest.fixture
def namespace(server: Server) -> Iterator[str]:
    """A namespace of this test's own, that is seen to end."""
    name = f"test-{uuid4().hex[:8]}"
    server.kubectl("create", "namespace", name)
    yield name
    server.kubectl("delete", "namespace", name, "--wait", "--timeout=20s")
