"""Whether the server of an APIService is available, which its condition `Available` says: requests are passed on only if it is.

An API of this server is always available. Another server is when its Service is there and answers the discovery of the group-version; this
is checked after each change of the APIService, of its Service or its endpoints, and every 30 seconds. A Service with a --service-address
need not be an object.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go,
staging/src/k8s.io/kube-aggregator/pkg/controllers/status/local/local_available_controller.go
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx

from rootspan_apiserver.clients.aggregated_services import AVAILABLE, AggregatedService, condition_of
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.bounded_transport import BundleError
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.clients.service_client import CallError, ServiceClients, identity_headers, service_url
from rootspan_apiserver.controllers.actor import Actor
from rootspan_apiserver.controllers.observing import observe
from rootspan_apiserver.controllers.work_queue import AgainError, WorkQueue
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.kube.users import MASTERS, User
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.storage.scope import object_key
from rootspan_apiserver.telemetry.aggregator_metrics import AggregatorMetrics

CHECK_SECONDS = 5.0
RESYNC_SECONDS = 30.0
AGGREGATOR = User("system:kube-aggregator", groups=(MASTERS,))
SERVICE_NAME = "kubernetes.io/service-name"


class Availability(NamedTuple):
    """What the condition says."""

    status: str
    reason: str
    message: str


LOCAL = Availability("True", "Local", "Local APIServices are always available")
PASSED = Availability("True", "Passed", "all checks passed")


class APIServiceAvailability:
    """Keeps the condition of all APIServices. `discovered` is called for each one that was found available."""

    name = "apiservice-availability"

    def __init__(
        self,
        storage: Storage,
        registry: Registry,
        loopback: LoopbackClient,
        clients: ServiceClients,
        discovered: Callable[[AggregatedService], Awaitable[None]],
        *,
        metrics: AggregatorMetrics,
    ) -> None:
        self._metrics = metrics
        self._storage = storage
        self._clients = clients
        self._discovered = discovered
        self._api_services = registry.builtin("apiservices", "apiregistration.k8s.io")
        self._services = registry.builtin("services")
        self._slices = registry.builtin("endpointslices", "discovery.k8s.io")
        self._actor = Actor(loopback, self.name, component="kube-apiserver")
        self.queue: WorkQueue[str] = WorkQueue(self.name)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.queue.run(self._keep, workers=5))
            group.create_task(self._observe_parts(self._services))
            group.create_task(self._observe_parts(self._slices))
            group.create_task(self._resync())
            async for observed in observe(self._storage, self._api_services):
                self.queue.add(observed.object.name)

    async def _observe_parts(self, resource: Resource) -> None:
        """Check the APIServices of a Service that changes, or whose endpoints do."""
        async for observed in observe(self._storage, resource):
            key = object_key(resource, observed.object.key)
            name = key.name if resource is self._services else observed.object.labels.get(SERVICE_NAME)
            for api_service, service in await self._remote():
                if (service.namespace, service.name) == (key.namespace, name):
                    self.queue.add(api_service)

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_SECONDS)
            for name, _ in await self._remote():
                self.queue.add(name)

    async def _remote(self) -> list[tuple[str, AggregatedService]]:
        """Return the APIServices that another server serves, by name."""
        found = [
            (stored.name, AggregatedService.of(stored.decode()))
            for stored in await self._storage.cached(self._api_services)
        ]
        return [(name, service) for name, service in found if service is not None]

    async def _keep(self, name: str) -> None:
        stored = await self._storage.cached_object(self._api_services, "", name)
        if stored is None:
            self._metrics.forget(name)
            return
        obj = stored.decode()
        service = AggregatedService.of(obj)
        found = LOCAL if service is None else await self._checked(service)
        self._metrics.checked(name, available=found.status == "True")
        if (changed := with_availability(obj, found)) is not None:
            path = APIPath.of_object(self._api_services, "", name).subresource("status")
            await self._actor.replace(path, changed)
            if condition_of(obj).get("status") == "True" and found.status != "True":
                self._metrics.became_unavailable(name, found.reason)
        if service is not None and found.status == "True":
            await self._discovered(service)
        elif found.reason == "FailedDiscoveryCheck":
            raise AgainError

    async def _checked(self, service: AggregatedService) -> Availability:
        where = f"service/{service.name} in {quote(service.namespace)}"
        if (service.namespace, service.name) not in self._clients.services.addresses:
            stored = await self._storage.cached_object(self._services, service.namespace, service.name)
            if stored is None:
                return Availability("False", "ServiceNotFound", f"{where} is not present")
            if (fault := await self._fault(service, stored.decode(), where)) is not None:
                return fault
        return await self._discovery(service)

    async def _fault(self, service: AggregatedService, obj: JSONObject, where: str) -> Availability | None:
        """Return what is wrong with a Service in the cluster and its endpoints, None if nothing is."""
        spec = obj["spec"]
        if spec.get("type") != "ClusterIP":
            return None
        port = next((each for each in spec.get("ports") or () if each.get("port") == service.port), None)
        if port is None:
            return Availability("False", "ServicePortError", f"{where} is not listening on port {service.port}")
        slices = [
            each.decode()
            for each in await self._storage.cached(self._slices, service.namespace)
            if each.labels.get(SERVICE_NAME) == service.name
        ]
        if not slices:
            return Availability("False", "EndpointsNotFound", f"cannot find endpointslices for {where}")
        name = port.get("name") or ""
        if not any(_is_reachable(each, name) for each in slices):
            words = f"endpointslices for {where} have no addresses with port name {quote(name)}"
            return Availability("False", "MissingEndpoints", words)
        return None

    async def _discovery(self, service: AggregatedService) -> Availability:
        """Ask for the discovery of the group-version, which every server of an API answers."""
        url = service_url(service, service.root)
        request = httpx.Request("GET", url, headers=[*identity_headers(AGGREGATOR)])
        shown = f"https://{service.host}:{service.port}{service.root}"
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                response = await self._clients.plain(service).handle_async_request(request)
                await response.aclose()
            code = response.status_code
            why = "" if 200 <= code < 300 else f"bad status from {shown}: {code}"
        except TimeoutError:
            why = f"Get {quote(shown)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        except CallError as exc:
            why = f"Get {quote(shown)}: {exc}"
        except (BundleError, OSError) as exc:
            why = str(exc)
        if not why:
            return PASSED
        return Availability("False", "FailedDiscoveryCheck", f"failing or missing response from {shown}: {why}")


def with_availability(obj: JSONObject, found: Availability) -> JSONObject | None:
    """Return an APIService with this condition, None if it has it."""
    before = condition_of(obj)
    since = before.get("lastTransitionTime") if before.get("status") == found.status else timestamp()
    condition = {
        "type": AVAILABLE,
        "status": found.status,
        "lastTransitionTime": since,
        "reason": found.reason,
        "message": found.message,
    }
    if condition == before:
        return None
    others = [each for each in (obj.get("status") or {}).get("conditions") or () if each.get("type") != AVAILABLE]
    return {**obj, "status": {**(obj.get("status") or {}), "conditions": [*others, condition]}}


def _is_reachable(endpoints: JSONObject, port: str) -> bool:
    ready = any((each.get("conditions") or {}).get("ready") is not False for each in endpoints.get("endpoints") or ())
    named = any((each.get("name") or "") == port and each.get("port") for each in endpoints.get("ports") or ())
    return ready and named
