"""Where this server is: the endpoints of its Service `default/kubernetes`, and the Lease that identifies it.

Upstream: pkg/controlplane/reconcilers/lease.go, endpointsadapter.go, pkg/controlplane/apiserver/server.go,
staging/src/k8s.io/component-helpers/apimachinery/lease/controller.go
"""

import socket
import uuid
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address

from rootspan_apiserver.controllers.keeper import KeptObject
from rootspan_apiserver.controllers.own_writes import OwnWrites
from rootspan_apiserver.dialects.v1_36 import api_server_id
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.times import now, write_micro_time
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.resource import Resource

NAME = "kubernetes"
RENEWAL = 10.0
"""Seconds between two renewals of the Lease."""
LEASE_SECONDS = 3600
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"


def public_address(*candidates: str) -> str:
    """Return the first of these addresses that other machines could use, else the one of this host; "" if it has none."""
    for candidate in candidates:
        if candidate and not (ip_address(candidate).is_loopback or ip_address(candidate).is_unspecified):
            return candidate
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of a datagram socket: nothing is sent
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
    return "" if ip_address(address).is_loopback else address


def kept_endpoints(store: Store, registry: Registry, address: str, port: int) -> Iterator[KeptObject]:
    """Yield the Endpoints and the EndpointSlice of the Service; ports are not put right, as other servers have others."""
    own = OwnWrites(store)
    endpoints, slices = registry.builtin("endpoints"), registry.builtin("endpointslices", "discovery.k8s.io")
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    for resource, ensure in ((endpoints, _keep_endpoints), (slices, _keep_slice)):
        yield KeptObject(
            resource=resource,
            namespace="default",
            name=NAME,
            ensure=partial(ensure, own, resource, address, ports),
        )


async def _keep_endpoints(
    own: OwnWrites, resource: Resource, address: str, ports: list[JSONObject], present: JSONObject | None
) -> None:
    if present is None:
        metadata = {"name": NAME, "labels": {SKIP_MIRROR: "true"}}
        subsets = [{"addresses": [{"ip": address}], "ports": ports}]
        obj = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}
        await own.create(resource, "default", obj)
        return
    subsets = present.get("subsets") or []
    is_well_formed = len(subsets) == 1 and len(subsets[0].get("ports") or ()) == len(ports)
    addresses = (subsets[0].get("addresses") or []) if is_well_formed else []
    is_marked = (present["metadata"].get("labels") or {}).get(SKIP_MIRROR) == "true"
    if is_marked and any(each.get("ip") == address for each in addresses):
        return

    def put_right(obj: JSONObject) -> JSONObject:
        obj["metadata"].setdefault("labels", {})[SKIP_MIRROR] = "true"
        kept = [each for each in addresses if each.get("ip") != address]
        all_addresses = sorted([*kept, {"ip": address}], key=lambda each: str(each["ip"]))
        return {**obj, "subsets": [{"addresses": all_addresses, "ports": subsets[0]["ports"] if addresses else ports}]}

    await own.update(resource, "default", NAME, put_right)


async def _keep_slice(
    own: OwnWrites, resource: Resource, address: str, ports: list[JSONObject], present: JSONObject | None
) -> None:
    labels = {"kubernetes.io/service-name": NAME}
    endpoint = {"addresses": [address], "conditions": {"ready": True}}
    if present is None:
        obj = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": NAME, "labels": labels},
            "addressType": f"IPv{ip_address(address).version}",
            "endpoints": [endpoint],
            "ports": ports,
        }
        await own.create(resource, "default", obj)
        return
    endpoints = present.get("endpoints") or []
    has_label = (present["metadata"].get("labels") or {}).items() >= labels.items()
    if has_label and any(address in (each.get("addresses") or ()) for each in endpoints):
        return

    def put_right(obj: JSONObject) -> JSONObject:
        obj["metadata"].setdefault("labels", {}).update(labels)
        kept = [each for each in endpoints if address not in (each.get("addresses") or ())]
        return {**obj, "endpoints": [*kept, endpoint], "ports": obj.get("ports") or ports}

    await own.update(resource, "default", NAME, put_right)


class IdentityLease:
    """The Lease `kube-system/apiserver-…` of this server, which is renewed every ten seconds."""

    def __init__(self, store: Store, registry: Registry, address: str) -> None:
        hostname = socket.gethostname().lower()
        self._own = OwnWrites(store)
        self._resource = registry.builtin("leases", "coordination.k8s.io")
        self._name = api_server_id(hostname)
        self._holder = f"{self._name}_{uuid.uuid4()}"
        self._labels = {"apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": hostname}
        self._annotations = {"kubernetes.io/peer-advertise-address": address}

    def kept(self) -> KeptObject:
        """Return the Lease as an object to be kept."""
        return KeptObject(resource=self._resource, namespace="kube-system", name=self._name, ensure=self._ensure)

    async def renew(self) -> None:
        """Write the time. Raises StatusError."""
        await self._own.update(self._resource, "kube-system", self._name, self._renewed)

    async def _ensure(self, present: JSONObject | None) -> None:
        if present is None:
            obj = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self._name}}
            await self._own.create(self._resource, "kube-system", self._renewed(obj))

    def _renewed(self, obj: JSONObject) -> JSONObject:
        metadata = {**obj["metadata"], "labels": self._labels, "annotations": self._annotations}
        spec = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": write_micro_time(now()),
        }
        return {**obj, "metadata": metadata, "spec": {**(obj.get("spec") or {}), **spec}}
