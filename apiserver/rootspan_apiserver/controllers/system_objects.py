"""The objects that the server itself needs: the system namespaces and priority classes, its own Service with its addresses, the range of
service addresses, and what it says of itself in `kube-system`.

Upstream: pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go, pkg/registry/scheduling/rest/storage_scheduling.go,
pkg/controlplane/controller/defaultservicecidr/default_servicecidr_controller.go,
pkg/controlplane/controller/kubernetesservice/controller.go, pkg/controlplane/controller/legacytokentracking/controller.go
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network

from rootspan_apiserver.controllers.keeper import KeptObject
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.cells import condition
from rootspan_apiserver.resources.resource import Resource

SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
PRIORITY_CLASSES = {
    "system-node-critical": (
        2000001000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    "system-cluster-critical": (
        2000000000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
}
SERVICE_CIDR = "kubernetes"
TOKEN_TRACKING = "kube-apiserver-legacy-service-account-token-tracking"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the objects say of this server.

    Attributes:
        addresses: where it may be reached, the advertised address (may be "") before the one it listens on.
        secure_port: where it listens.
        service_range: the CIDR of cluster IPs.
    """

    addresses: tuple[str, ...]
    secure_port: int
    service_range: str


def kept_system_objects(store: Store, registry: Registry, server: ServerFacts) -> Iterator[KeptObject]:
    """Yield the objects, in the order in which they need each other."""
    own = OwnWrites(store)
    namespaces = registry.builtin("namespaces")
    for name in SYSTEM_NAMESPACES:
        yield _created(own, namespaces, "", _named("v1", "Namespace", name))
    yield _service_cidr(store, registry, server.service_range)
    classes = registry.builtin("priorityclasses", "scheduling.k8s.io")
    for name, (value, description) in PRIORITY_CLASSES.items():
        obj = _named("scheduling.k8s.io/v1", "PriorityClass", name) | {"value": value, "description": description}
        yield _created(own, classes, "", obj, once=True)
    yield _created(own, registry.builtin("services"), "default", _service(server))
    config_maps = registry.builtin("configmaps")
    ensure = partial(_keep_tracking, own, config_maps)
    yield KeptObject(resource=config_maps, namespace="kube-system", name=TOKEN_TRACKING, ensure=ensure)


def _named(api_version: str, kind: str, name: str) -> JSONObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}


def _created(own: OwnWrites, resource: Resource, namespace: str, obj: JSONObject, *, once: bool = False) -> KeptObject:
    """Return an object that is created where it is missing, at the start only if `once`, and never changed."""

    async def ensure(present: JSONObject | None) -> None:
        if present is None:
            await own.create(resource, namespace, obj)

    return KeptObject(
        resource=resource, namespace=namespace, name=obj["metadata"]["name"], ensure=ensure, only_at_start=once
    )


def _service_cidr(store: Store, registry: Registry, service_range: str) -> KeptObject:
    """Return the default ServiceCIDR, which is ready unless another component says that it is not."""
    resource = registry.builtin("servicecidrs", "networking.k8s.io")
    own, own_status = OwnWrites(store), OwnWrites(store, "kubernetes-service-cidr-controller")
    cidrs = [str(ip_network(service_range, strict=False))]
    wanted = _named("networking.k8s.io/v1", "ServiceCIDR", SERVICE_CIDR) | {"spec": {"cidrs": cidrs}}

    async def ensure(present: JSONObject | None) -> None:
        if present is None:
            await own.create(resource, "", wanted)
            present = wanted
        said = condition(present, "Ready").get("status", "Unknown")
        if said != "Unknown" or present["spec"]["cidrs"] != cidrs or "deletionTimestamp" in present["metadata"]:
            return
        ready = {
            "type": "Ready",
            "status": "True",
            "lastTransitionTime": timestamp(),
            "message": "Kubernetes default Service CIDR is ready",
        }
        await own_status.apply_status(resource, SERVICE_CIDR, {"conditions": [ready]})

    return KeptObject(resource=resource, name=SERVICE_CIDR, ensure=ensure)


def _service(server: ServerFacts) -> JSONObject:
    addresses = ip_network(server.service_range, strict=False)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": str(addresses[min(1, addresses.num_addresses - 1)]),
            "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None",
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": server.secure_port}],
        },
    }


async def _keep_tracking(own: OwnWrites, resource: Resource, present: JSONObject | None) -> None:
    """Since when it is recorded that a token without an expiry is used."""
    since = {"since": timestamp().partition("T")[0]}
    if present is None:
        await own.create(resource, "kube-system", _named("v1", "ConfigMap", TOKEN_TRACKING) | {"data": since})
    elif not re.fullmatch(r"\d{4}-\d{2}-\d{2}", (present.get("data") or {}).get("since", "")):
        data = {**(present.get("data") or {}), **since}
        await own.update(resource, "kube-system", TOKEN_TRACKING, lambda obj: {**obj, "data": data})
