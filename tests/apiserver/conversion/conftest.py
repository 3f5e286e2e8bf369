"""One server and one webhook for all tests of conversion; each test defines widgets of a group of its own."""

import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from rootspan_apiserver import Environment
from tests.apiserver.admission.parts import served
from tests.apiserver.conversion.parts import Cluster, ConversionWebhook


@pytest.fixture(scope="package")
async def shared_cluster() -> AsyncIterator[Cluster]:
    webhook = ConversionWebhook()
    async with (
        served(webhook, "127.0.0.1", "convert.tools.svc") as at,
        Environment(f"--service-address=convert.tools=127.0.0.1:{at.port}") as env,
        httpx.AsyncClient(
            base_url=env.url,
            verify=ssl.create_default_context(cadata=env.ca_bundle.decode()),
            headers={"authorization": f"Bearer {env.token}"},
            trust_env=False,
            timeout=30,
        ) as client,
    ):
        yield Cluster(env, client, webhook, at.url)


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Cluster:
    shared_cluster.webhook.answer = None
    shared_cluster.webhook.calls()
    return shared_cluster
