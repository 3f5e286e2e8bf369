"""Servers in the event loop of the test, over any etcd, and a client of each."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.options.options import Options
from tests.apiserver.chaos.workload import WITHIN


@asynccontextmanager
async def servers_over(*etcds: Sequence[str]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Run a server over each of `etcds`, which are the URLs of one cluster, and yield their clients."""
    async with AsyncExitStack() as stack:
        clients = []
        for urls in etcds:
            # Servers with certificates of their own would overwrite each other's kube-root-ca.crt.
            flags = ["--secure-port=0", f"--etcd-servers={','.join(urls)}", "--controllers=*,-root-ca-cert-publisher"]
            running = await stack.enter_async_context(apiserver(Options.parse(flags)))
            client = httpx.AsyncClient(
                base_url=running.address.url,
                headers={"authorization": f"Bearer {running.token}"},
                verify=ssl.create_default_context(cadata=running.ca_bundle.decode()),
                timeout=WITHIN,
                trust_env=False,
            )
            clients.append(await stack.enter_async_context(client))
        yield clients


async def last_revision(client: httpx.AsyncClient, name: str) -> int:
    """Write a last object, and return its revision: what a watch has to reach to have shown everything."""
    answer = await client.post("/api/v1/namespaces/default/serviceaccounts", json={"metadata": {"name": name}})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["metadata"]["resourceVersion"])
