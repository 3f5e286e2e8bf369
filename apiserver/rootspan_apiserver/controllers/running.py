"""The controllers of a server, which run as long as it does.

Upstream: cmd/kube-controller-manager/app/controllermanager.go, cmd/kube-controller-manager/names/controller_names.go
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextvars import Context
from typing import Any, Protocol, runtime_checkable

from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.bootstrap_roles import BootstrapRoles
from rootspan_apiserver.controllers.cluster_role_aggregation import ClusterRoleAggregationController
from rootspan_apiserver.controllers.every_namespace import InEveryNamespace, default_service_account, root_ca
from rootspan_apiserver.controllers.flow_control import FlowSchemaStatus, kept_flow_control
from rootspan_apiserver.controllers.garbage_collector import GarbageCollector
from rootspan_apiserver.controllers.ip_address_repair import IPAddressRepair
from rootspan_apiserver.controllers.keeper import Keeper, every
from rootspan_apiserver.controllers.namespace_contents import NamespaceController
from rootspan_apiserver.controllers.policy_status import PolicyStatusController
from rootspan_apiserver.controllers.resource_quota import ResourceQuotaController
from rootspan_apiserver.controllers.server_addresses import RENEWAL, IdentityLease, kept_endpoints, public_address
from rootspan_apiserver.controllers.service_account_tokens import SecretTokens, ServiceAccountTokenController
from rootspan_apiserver.controllers.storage_protection import (
    CLAIM_PROTECTION,
    CLASS_PROTECTION,
    VOLUME_PROTECTION,
    storage_protection,
)
from rootspan_apiserver.controllers.system_objects import ServerFacts, kept_system_objects
from rootspan_apiserver.controllers.work_queue import WorkQueue
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.queue_metrics import QueueMetrics

logger = logging.getLogger(__name__)
Settled = Callable[[], Awaitable[None]]
SERVICE_ACCOUNTS = "serviceaccount-controller"
ROOT_CA_PUBLISHER = "root-ca-certificate-publisher-controller"
NAMES = (
    NamespaceController.name,
    GarbageCollector.name,
    ResourceQuotaController.name,
    PolicyStatusController.name,
    ClusterRoleAggregationController.name,
    SERVICE_ACCOUNTS,
    ServiceAccountTokenController.name,
    ROOT_CA_PUBLISHER,
    VOLUME_PROTECTION,
    CLAIM_PROTECTION,
    CLASS_PROTECTION,
)
ALIASES = {
    "namespace": NamespaceController.name,
    "garbagecollector": GarbageCollector.name,
    "resourcequota": ResourceQuotaController.name,
    "clusterrole-aggregation": ClusterRoleAggregationController.name,
    "serviceaccount": SERVICE_ACCOUNTS,
    "serviceaccount-token": ServiceAccountTokenController.name,
    "root-ca-cert-publisher": ROOT_CA_PUBLISHER,
    "pv-protection": VOLUME_PROTECTION,
    "pvc-protection": CLAIM_PROTECTION,
}
"""The names before v1.28 of kube-controller-manager, which it still accepts."""


class Controller(Protocol):
    """A controller: its name for --controllers and the log, its queue, and its work, which goes on until it is cancelled."""

    queue: WorkQueue[Any]

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...


@runtime_checkable
class SettlingController(Protocol):
    """A controller that says when it is done with what was there at the start."""

    async def complete(self) -> None: ...


def controller_faults(chosen: Sequence[str]) -> Iterator[str]:
    """Yield an error for each unknown name in --controllers."""
    for each in chosen:
        name = each.removeprefix("-")
        if each != "*" and name not in NAMES and name not in ALIASES:
            yield f'"{name}" is not in the list of known controllers'


def is_enabled(name: str, chosen: Sequence[str]) -> bool:
    """Return whether a controller runs: it is named, or `*` is and it is not named with a minus."""
    names = [("-" if each.startswith("-") else "") + ALIASES.get(each.lstrip("-"), each.lstrip("-")) for each in chosen]
    return name in names or (f"-{name}" not in names and "*" in names)


@contextlib.asynccontextmanager
async def running_controllers(
    storage: Storage,
    registry: Registry,
    loopback: LoopbackClient,
    *,
    store: Store,
    tokens: SecretTokens,
    ca_bundle: bytes,
    server: ServerFacts,
    chosen: Sequence[str] = ("*",),
    metrics: QueueMetrics,
    bootstraps_roles: bool = False,
    controls_flow: bool = True,
) -> AsyncIterator[Settled]:
    """Create the objects of a new server, then keep them and run the chosen controllers while the block runs.

    Args:
        tokens: makes the tokens in secrets.
        ca_bundle: the certificates, in PEM, by which clients verify the server.
        chosen: the value of --controllers.
        metrics: shows the queues.
        bootstraps_roles: whether the roles of RBAC are created.
        controls_flow: whether flow schemas are followed, and so have a status.

    Yields:
        A function that returns once the present namespaces have the objects that controllers put into each, and the present cluster
        roles have the rules that they collect.

    Raises:
        StatusError: the watch cache is not ready.
    """
    own, renew = await _bootstrapped(storage, store, registry, server, controls_flow=controls_flow)
    if bootstraps_roles:
        await BootstrapRoles(storage, store, registry).reconcile()
    all_controllers = [
        *_controllers(storage, registry, loopback, ca_bundle),
        ServiceAccountTokenController(storage, registry, loopback, tokens=tokens, ca_bundle=ca_bundle),
    ]
    controllers = [each for each in all_controllers if is_enabled(each.name, chosen)]
    for each in (*own, *controllers):
        each.queue.shown_in(metrics)
    tasks = [asyncio.create_task(_run(each), name=each.name, context=Context()) for each in (*own, *controllers)]
    tasks.append(asyncio.create_task(every(RENEWAL, renew), name="identity-lease", context=Context()))

    async def settled() -> None:
        await asyncio.gather(*(each.complete() for each in controllers if isinstance(each, SettlingController)))

    try:
        yield settled
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _bootstrapped(
    storage: Storage, store: Store, registry: Registry, server: ServerFacts, *, controls_flow: bool
) -> tuple[Sequence[Controller], Callable[[], Awaitable[None]]]:
    """Create the objects of a new server. Return the controllers that keep them, and the renewal of the server's Lease."""
    address = public_address(*server.addresses)
    lease = IdentityLease(store, registry, f"{address or server.addresses[-1]}:{server.secure_port}")
    kept = [*kept_system_objects(store, registry, server), *kept_flow_control(store, registry), lease.kept()]
    if address:
        kept += kept_endpoints(store, registry, address, server.secure_port)
    keeper, repair = Keeper(storage, kept), IPAddressRepair(storage, store, registry)
    await keeper.bootstrap()
    if not controls_flow:
        return (keeper, repair), lease.renew
    schemas = FlowSchemaStatus(storage, store, registry)
    await schemas.bootstrap()
    return (keeper, schemas, repair), lease.renew


async def _run(controller: Controller) -> None:
    try:
        await controller.run()
    except Exception:
        logger.exception("%s has stopped", controller.name)


def _controllers(
    storage: Storage, registry: Registry, loopback: LoopbackClient, ca_bundle: bytes
) -> Iterator[Controller]:
    namespaces = registry.builtin("namespaces")
    yield NamespaceController(storage, registry, loopback, namespaces)
    yield GarbageCollector(storage, registry, loopback)
    yield from storage_protection(storage, registry, loopback)
    yield ResourceQuotaController(storage, registry, loopback)
    yield PolicyStatusController(storage, registry, loopback)
    yield ClusterRoleAggregationController(storage, registry, loopback)
    for name, plural, wanted in (
        (SERVICE_ACCOUNTS, "serviceaccounts", default_service_account()),
        (ROOT_CA_PUBLISHER, "configmaps", root_ca(ca_bundle)),
    ):
        yield InEveryNamespace(
            name,
            storage=storage,
            loopback=loopback,
            namespaces=namespaces,
            resource=registry.builtin(plural),
            wanted=wanted,
        )
