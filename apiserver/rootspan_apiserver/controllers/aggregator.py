"""The controllers of the aggregator, which are a part of kube-apiserver and cannot be switched off.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apiserver/apiserver.go, pkg/controlplane/apiserver/aggregator.go
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import Context

from rootspan_apiserver.clients.aggregated_services import AggregatedServices
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_client import ServiceClients
from rootspan_apiserver.controllers.aggregated_discovery import AggregatedDiscovery
from rootspan_apiserver.controllers.api_service_availability import APIServiceAvailability
from rootspan_apiserver.controllers.api_service_registration import APIServiceRegistration
from rootspan_apiserver.controllers.authentication_trust import AuthenticationTrust
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.metrics import Metrics


@contextlib.asynccontextmanager
async def aggregating(
    storage: Storage,
    registry: Registry,
    loopback: LoopbackClient,
    *,
    store: Store,
    services: AggregatedServices,
    clients: ServiceClients,
    trust: Mapping[str, str],
    metrics: Metrics,
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Keep the APIServices, their conditions and their discovery while the block runs.

    Args:
        store: receives the APIServices of the built-in group-versions.
        services: follows the APIServices of other servers from now on.
        clients: reaches those servers; closed at the end.
        trust: the data of the config map that says whom this server trusts to authenticate users.
        metrics: shows the queues, and which APIServices are unavailable.

    Yields:
        A function that returns once the APIServices of this server are there.
    """
    discovery = AggregatedDiscovery(registry, services, clients)
    storage.subscribe(registry.builtin("apiservices", "apiregistration.k8s.io"), services)
    registration = APIServiceRegistration(storage, registry, loopback, store)
    availability = APIServiceAvailability(
        storage, registry, loopback, clients, discovery.read, metrics=metrics.aggregator
    )
    trusting = AuthenticationTrust(storage, registry, loopback, trust)
    for each in (registration, availability, trusting):
        each.queue.shown_in(metrics.queues)
    registered = asyncio.create_task(registration.complete(), context=Context())

    async def register() -> None:
        await asyncio.wait([registered])
        await registration.run()

    tasks = [
        asyncio.create_task(work, name=name, context=Context())
        for work, name in (
            (register(), registration.name),
            (availability.run(), availability.name),
            (trusting.run(), trusting.name),
        )
    ]
    try:
        yield lambda: asyncio.shield(registered)
    finally:
        for task in (registered, *tasks):
            task.cancel()
        await asyncio.gather(registered, *tasks, return_exceptions=True)
        await clients.aclose()
