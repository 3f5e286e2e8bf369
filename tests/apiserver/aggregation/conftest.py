"""One server with an aggregated API for all tests of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from rootspan_apiserver import Environment
from tests.apiserver.aggregation.parts import (
    API_SERVICES,
    GROUP,
    Extension,
    api_service,
    client_of,
    serving_extension,
    until_condition,
    write_certificate,
)


@dataclass
class Cluster:
    """A server, a client of it, and the server of an API behind it."""

    env: Environment
    client: httpx.AsyncClient
    extension: Extension


@pytest.fixture(scope="package")
async def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    extension = Extension()
    folder = tmp_path_factory.mktemp("aggregation")
    certificate, key = write_certificate(folder, "aggregator")
    async with serving_extension(extension, "flowers.tools.svc") as at:
        flags = (
            f"--service-address=flowers.tools=127.0.0.1:{at.port}",
            f"--proxy-client-cert-file={certificate}",
            f"--proxy-client-key-file={key}",
        )
        async with Environment(*flags) as env, client_of(env) as client:
            yield Cluster(env, client, extension)


@pytest.fixture
async def cluster(shared_cluster: Cluster) -> Cluster:
    """With the APIService of the flowers, which is available."""
    shared_cluster.extension.answer, shared_cluster.extension.discovery = None, 200
    client = shared_cluster.client
    await client.delete(f"{API_SERVICES}/v1.{GROUP}")
    created = await client.post(API_SERVICES, json=api_service())
    assert created.status_code == 201, created.text
    assert "warning" not in created.headers
    await until_condition(client, "Passed")
    shared_cluster.extension.received.clear()
    return shared_cluster
