"""Which controllers run, and for how long: as long as the server does."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextvars import Context
from typing import Protocol

from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.bootstrap import bootstrap
from rootspan_apiserver.controllers.every_namespace import InEveryNamespace, default_service_account, root_ca
from rootspan_apiserver.controllers.garbage_collector import GarbageCollector
from rootspan_apiserver.controllers.namespace_contents import NamespaceController
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage

logger = logging.getLogger(__name__)
Settled = Callable[[], Awaitable[None]]
SERVICE_ACCOUNTS = "serviceaccount-controller"
ROOT_CA_PUBLISHER = "root-ca-certificate-publisher-controller"
NAMES = (NamespaceController.name, GarbageCollector.name, SERVICE_ACCOUNTS, ROOT_CA_PUBLISHER)
ALIASES = {
    "namespace": NamespaceController.name,
    "garbagecollector": GarbageCollector.name,
    "serviceaccount": SERVICE_ACCOUNTS,
    "root-ca-cert-publisher": ROOT_CA_PUBLISHER,
}
"""What kube-controller-manager called them before v1.28, and takes still."""


class Controller(Protocol):
    """Works until it is cancelled."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...


def controller_faults(chosen: Sequence[str]) -> Iterator[str]:
    """What is wrong with the names given to --controllers, one text each."""
    for each in chosen:
        name = each.removeprefix("-")
        if each != "*" and name not in NAMES and name not in ALIASES:
            yield f'"{name}" is not in the list of known controllers'


def is_enabled(name: str, chosen: Sequence[str]) -> bool:
    """kube-controller-manager's rule: named, or not named with a minus while `*` is."""
    names = [("-" if each.startswith("-") else "") + ALIASES.get(each.lstrip("-"), each.lstrip("-")) for each in chosen]
    return name in names or (f"-{name}" not in names and "*" in names)


@contextlib.asynccontextmanager
async def running_controllers(
    chosen: Sequence[str] = ("*",),
    *,
    storage: Storage,
    registry: Registry,
    loopback: LoopbackClient,
    ca_bundle: bytes,
    secure_port: int,
    service_range: str = "10.0.0.0/24",
) -> AsyncIterator[Settled]:
    """Inside the block the system namespaces exist and the controllers that `chosen` names run.

    Args:
        ca_bundle: The PEM by which clients know the server.
        service_range: The CIDR of cluster IPs.

    Yields:
        A function that returns once the existing namespaces have what controllers create in each.

    Raises:
        StatusError: The watch cache is not there.
    """
    namespaces = _builtin(registry, "namespaces")
    present = [stored.key.rpartition("/")[2] for stored in await storage.cached(namespaces)]
    await bootstrap(loopback, present, secure_port=secure_port, service_range=service_range)
    every: list[Controller] = [
        NamespaceController(storage, registry, loopback, namespaces),
        GarbageCollector(storage, registry, loopback),
    ]
    for name, plural, wanted in (
        (SERVICE_ACCOUNTS, "serviceaccounts", default_service_account()),
        (ROOT_CA_PUBLISHER, "configmaps", root_ca(ca_bundle)),
    ):
        resource = _builtin(registry, plural)
        every.append(InEveryNamespace(name, storage, loopback, namespaces=namespaces, resource=resource, wanted=wanted))
    controllers = [each for each in every if is_enabled(each.name, chosen)]
    tasks = [asyncio.create_task(_run(each), name=each.name, context=Context()) for each in controllers]

    async def settled() -> None:
        await asyncio.gather(*(each.complete() for each in controllers if isinstance(each, InEveryNamespace)))

    try:
        yield settled
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(controller: Controller) -> None:
    try:
        await controller.run()
    except Exception:
        logger.exception("%s has stopped", controller.name)


def _builtin(registry: Registry, plural: str) -> Resource:
    found = registry.lookup("", "v1", plural)
    if found is None:
        raise LookupError(f"{plural} are not in the registry")
    return found
