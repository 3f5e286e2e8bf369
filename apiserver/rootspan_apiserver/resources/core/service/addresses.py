"""The addresses of Services as objects: the ranges of ServiceCIDRs, and an IPAddress for each cluster IP.

Upstream: pkg/registry/core/service/ipallocator/cidrallocator.go, ipallocator.go
"""

from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.resources.cells import condition
from rootspan_apiserver.resources.core.service.families import HEADLESS, family_of
from rootspan_apiserver.resources.core.service.pool import Pool, Span, static_part
from rootspan_apiserver.resources.core.service.spec import needs_address

Network = IPv4Network | IPv6Network


class ServiceRanges:
    """Sets the spans of `pool` to the ranges of the ServiceCIDRs that are ready, those of the family of `default` alone."""

    def __init__(self, pool: Pool, default: Network) -> None:
        self._pool = pool
        self._default = default
        self._stored: dict[str, list[Network]] = {}
        self.first: Network = default
        """A range that is in use."""
        self._update()

    def clear(self) -> None:
        """Forget the stored ServiceCIDRs."""
        self._stored.clear()
        self._update()

    def put(self, key: ObjectKey, obj: JSONObject) -> None:
        """Use the ranges of a ServiceCIDR if it is ready, and not if it is not."""
        networks = [ip_network(each, strict=False) for each in obj["spec"].get("cidrs") or ()] if _is_ready(obj) else []
        self._stored[key.name] = [each for each in networks if each.version == self._default.version]
        self._update()

    def remove(self, key: ObjectKey) -> None:
        """Use the ranges of a deleted ServiceCIDR no longer."""
        self._stored.pop(key.name, None)
        self._update()

    def _update(self) -> None:
        if self._stored:
            ranges = list(dict.fromkeys(network for networks in self._stored.values() for network in networks))
        else:
            ranges = [self._default]
        self.first = ranges[0] if ranges else self._default
        self._pool.spans = tuple(map(_span, ranges))


def _span(network: Network) -> Span:
    """Return the usable addresses: not that of the network, and of IPv4 not the one for broadcasts."""
    first = int(network.network_address) + 1
    last = int(network.broadcast_address) - isinstance(network, IPv4Network)
    return Span(first, last, static_part(network.num_addresses, step=16, most=256))


def _is_ready(obj: JSONObject) -> bool:
    """A ServiceCIDR without the condition is ready, so that it can be used without a controller manager."""
    if obj["metadata"].get("deletionTimestamp"):
        return False
    ready = condition(obj, "Ready")
    return not ready or ready.get("status") == "True"


class IPAddressesInUse:
    """Takes the address of each IPAddress out of `pool`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def clear(self) -> None:
        """Forget the stored IPAddresses."""
        self._pool.unblock_all()

    def put(self, key: ObjectKey, obj: JSONObject) -> None:
        """Note that an address is in use."""
        with suppress(ValueError):  # another program may have written another name
            self._pool.block(int(ip_address(key.name)))

    def remove(self, key: ObjectKey) -> None:
        """Note that an address is in use no longer."""
        with suppress(ValueError):
            self._pool.unblock(int(ip_address(key.name)))


def cluster_ips(service: JSONObject | None) -> list[str]:
    """Return the addresses that a Service has in the cluster."""
    spec = (service or {}).get("spec") or {}
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return [each for each in addresses if each and each != HEADLESS] if needs_address(spec) else []


def ip_address_object(address: str, namespace: str, name: str) -> JSONObject:
    """Return the IPAddress of a cluster IP of the Service `namespace`/`name`."""
    labels = {
        "ipaddress.kubernetes.io/ip-family": family_of(address),
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    parent = {"resource": "services", "namespace": namespace, "name": name}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {"name": str(ip_address(address)), "labels": labels},
        "spec": {"parentRef": parent},
    }
