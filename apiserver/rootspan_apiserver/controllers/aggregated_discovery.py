"""The discovery documents of aggregated APIs, which are merged into those of this server.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextvars import Context
from dataclasses import replace
from typing import Any

import httpx
import orjson

from rootspan_apiserver.clients.aggregated_services import AggregatedService, AggregatedServices
from rootspan_apiserver.clients.bounded_transport import RESPONSE_LIMIT, BundleError
from rootspan_apiserver.clients.service_client import CallError, ServiceClients, identity_headers, service_url
from rootspan_apiserver.controllers.api_service_availability import AGGREGATOR, CHECK_SECONDS
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.catalogue import AggregatedVersion, Registry

ACCEPT = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)


class AggregatedDiscovery:
    """Keeps the versions that aggregated servers serve in `registry`, for the documents."""

    def __init__(self, registry: Registry, services: AggregatedServices, clients: ServiceClients) -> None:
        self._registry = registry
        self._services = services
        self._clients = clients
        self._known: dict[tuple[str, str], AggregatedVersion] = {}
        services.subscribe(self.publish)

    def publish(self) -> None:
        """Show every aggregated version in the documents; one that is not available as stale, with what it last had."""
        found = []
        for service in self._services.by_name.values():
            key = (service.group, service.version)
            known = self._known.get(key, AggregatedVersion(service.group, service.version))
            if not service.available:
                known = replace(known, fresh=False)
            found.append(
                replace(known, group_priority=service.group_priority, version_priority=service.version_priority)
            )
        self._registry.aggregate(found)

    async def read(self, service: AggregatedService) -> None:
        """Ask an available server for its resources, in a trace of its own."""
        found = await asyncio.create_task(self._resources(service), context=Context())
        key = (service.group, service.version)
        before = self._known.get(key, AggregatedVersion(*key))
        after = replace(before, fresh=False) if found is None else AggregatedVersion(*key, resources=found)
        if after != self._known.get(key):
            self._known[key] = after
            self.publish()

    async def _resources(self, service: AggregatedService) -> tuple[JSONObject, ...] | None:
        """Return the resources as aggregated discovery shows them, None if there is no answer."""
        listed = await self._get(service, "/apis", ACCEPT, AGGREGATOR)
        if isinstance(listed, dict) and listed.get("kind") == "APIGroupDiscoveryList":
            return tuple(_of_version(listed, service))
        legacy = await self._get(service, service.root, "application/json", User(AGGREGATOR.name))
        if isinstance(legacy, dict) and legacy.get("kind") == "APIResourceList":
            return tuple(_from_legacy(legacy.get("resources") or ()))
        return None

    async def _get(self, service: AggregatedService, path: str, accept: str, user: User) -> Any:
        headers = [("Accept", accept), *identity_headers(user)]
        request = httpx.Request("GET", service_url(service, path), headers=headers)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                response = await self._clients.traced(service).handle_async_request(request)
                try:
                    body = bytearray()
                    async for part in response.aiter_bytes():
                        body += part
                        if len(body) > RESPONSE_LIMIT:
                            return None
                finally:
                    await response.aclose()
            return orjson.loads(body) if response.status_code == 200 else None
        except (TimeoutError, CallError, BundleError, httpx.HTTPError, OSError, ValueError):
            return None


def _of_version(listed: JSONObject, service: AggregatedService) -> Iterator[JSONObject]:
    for group in listed.get("items") or ():
        if (group.get("metadata") or {}).get("name", "") == service.group:
            for version in group.get("versions") or ():
                if version.get("version") == service.version:
                    yield from version.get("resources") or ()


def _from_legacy(resources: Any) -> Iterator[JSONObject]:
    """Yield the resources of legacy discovery, their subresources inside them."""
    parts: dict[str, list[JSONObject]] = {}
    for each in resources:
        name, slash, part = str(each.get("name", "")).partition("/")
        if slash:
            kind = _kind(each)
            parts.setdefault(name, []).append({"subresource": part, "responseKind": kind, "verbs": each.get("verbs")})
    for each in resources:
        name = str(each.get("name", ""))
        if "/" not in name:
            yield _resource(each, parts.get(name, []))


def _resource(each: Mapping[str, Any], parts: list[JSONObject]) -> JSONObject:
    entry: JSONObject = {
        "resource": each.get("name", ""),
        "responseKind": _kind(each),
        "scope": "Namespaced" if each.get("namespaced") else "Cluster",
        "singularResource": each.get("singularName", ""),
        "verbs": each.get("verbs"),
    }
    for key in ("shortNames", "categories"):
        if each.get(key):
            entry[key] = each[key]
    if parts:
        entry["subresources"] = parts
    return entry


def _kind(each: Mapping[str, Any]) -> JSONObject:
    return {"group": each.get("group", ""), "version": each.get("version", ""), "kind": each.get("kind", "")}
