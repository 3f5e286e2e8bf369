"""The etcd behind the storage: a cluster of its own, or the embedded one in this process.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/storagebackend/factory/etcd3.go
"""

import asyncio
import contextvars
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd, LocalClient
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.http_transport.single_connection import SingleConnectionTransport

HEALTH_SECONDS = 2.0
"""The time limit of a health check of etcd, the default of --etcd-healthcheck-timeout."""
_log = logging.getLogger(__name__)

Traced = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
"""Puts the spans of an etcd client around a transport."""


@dataclass(frozen=True, slots=True)
class EtcdBackend:
    """A client of etcd, and a health check that raises where etcd does not answer in time."""

    client: EtcdClient
    check: Callable[[], Awaitable[None]]


@asynccontextmanager
async def etcd_backend(
    servers: Sequence[str],
    tls: Callable[[], ssl.SSLContext],
    *,
    data_dir: Path | None,
    traced: Traced,
    socket_path: str = "",
) -> AsyncIterator[EtcdBackend]:
    """Connect to etcd, and wait until it answers.

    Args:
        servers: The URLs of the cluster; none starts the embedded etcd.
        tls: Returns how the cluster is connected to; it is not called for the embedded etcd.
        data_dir: Where the embedded etcd keeps its data, None for memory.
        socket_path: The Unix socket of an embedded etcd in another process; with it, none is started in this one.

    Raises:
        EmbeddedEtcdError: The embedded etcd cannot use `data_dir`.
    """
    async with AsyncExitStack() as stack:
        if servers:
            context = tls()
            client = EtcdClient(servers, transport=lambda: traced(SingleConnectionTransport(context)))
            check = _read_of(client)
        elif socket_path:
            other = await stack.enter_async_context(aclosing(LocalClient(socket_path)))
            client = EtcdClient((URL,), transport=lambda: traced(other.transport()))
            check = _read_of(client, other)
        else:
            embedded = await stack.enter_async_context(EmbeddedEtcd(data_dir))
            client = EtcdClient((URL,), transport=lambda: traced(embedded.transport()))
            check = _read_of(client, embedded)
        await stack.enter_async_context(client)
        await client.wait_until_ready(lambda why: _log.warning("waiting for etcd: %s", why))
        yield EtcdBackend(client, check)


def client_tls(ca_file: str, certificate_file: str, key_file: str) -> ssl.SSLContext:
    """Return the TLS settings of a client of etcd; an empty `ca_file` trusts the system's authorities."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if certificate_file:
        context.load_cert_chain(certificate_file, key_file)
    return context


def _read_of(client: EtcdClient, embedded: EmbeddedEtcd | LocalClient | None = None) -> Callable[[], Awaitable[None]]:
    """Return a check that reads a key as kube-apiserver's does; the embedded etcd is also asked whether it can write."""

    async def check() -> None:
        reading = client.range(b"health", limit=1, keys_only=True)
        async with asyncio.timeout(HEALTH_SECONDS):
            # kube-apiserver's probe is in no request's trace either.
            await asyncio.create_task(reading, context=contextvars.Context())
            if embedded is not None:
                await embedded.check()

    return check
