"""Which controllers run, and for how long: as long as the server does."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Protocol

from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.controllers.bootstrap import bootstrap
from rootspan_apiserver.controllers.every_namespace import InEveryNamespace, default_service_account, root_ca
from rootspan_apiserver.controllers.garbage_collector import GarbageCollector
from rootspan_apiserver.controllers.namespace_contents import NamespaceController
from rootspan_apiserver.kube.release import DEFAULT_SERVICE_RANGE
from rootspan_apiserver.resources.catalogue import Registry
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
    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerParts:
    """What controllers work with. `ca_bundle` is the PEM by which clients know the server; `service_range` a CIDR."""

    storage: Storage
    registry: Registry
    loopback: LoopbackClient
    ca_bundle: bytes
    secure_port: int
    service_range: str = DEFAULT_SERVICE_RANGE


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
async def running_controllers(parts: ControllerParts, chosen: Sequence[str] = ("*",)) -> AsyncIterator[Settled]:
    """Inside the block the system namespaces exist and the controllers that `chosen` names run.

    Gives a function that returns once the namespaces there are have what controllers put into each.

    Raises:
        StatusError: the watch cache is not there.
    """
    found = await parts.storage.cached(parts.registry.builtin("namespaces"))
    present = [stored.key.rpartition("/")[2] for stored in found]
    await bootstrap(parts.loopback, present, secure_port=parts.secure_port, service_range=parts.service_range)
    controllers = [each for each in _controllers(parts) if is_enabled(each.name, chosen)]
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


def _controllers(parts: ControllerParts) -> Iterator[Controller]:
    namespaces = parts.registry.builtin("namespaces")
    yield NamespaceController(parts.storage, parts.registry, parts.loopback, namespaces)
    yield GarbageCollector(parts.storage, parts.registry, parts.loopback)
    for name, plural, wanted in (
        (SERVICE_ACCOUNTS, "serviceaccounts", default_service_account()),
        (ROOT_CA_PUBLISHER, "configmaps", root_ca(parts.ca_bundle)),
    ):
        resource = parts.registry.builtin(plural)
        yield InEveryNamespace(name, parts.storage, parts.loopback, namespaces, resource, wanted)
