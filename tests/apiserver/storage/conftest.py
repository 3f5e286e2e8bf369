"""The same tests run over a real etcd and over the embedded one."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.storage import Storage
from tests.apiserver.etcd.processes import Member, etcd
from tests.apiserver.storage.parts import WITHIN, storage_over


@pytest.fixture(scope="session")
def real_etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    with etcd(tmp_path_factory.mktemp("etcd")) as member:
        yield member


@pytest.fixture(params=["real", "embedded"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[EtcdClient]:
    if request.param == "real":
        async with EtcdClient([request.getfixturevalue("real_etcd").url]) as client:
            yield client
        return
    async with EmbeddedEtcd() as embedded, EtcdClient([URL], transport=embedded.transport) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """Keys of this test's own."""
    return f"/{uuid4()}"


@pytest.fixture
async def storage(client: EtcdClient, prefix: str) -> AsyncIterator[Storage]:
    async with storage_over(client, prefix) as storage:
        assert await storage.wait_ready(WITHIN)
        yield storage
