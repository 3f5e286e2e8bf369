"""The allocator of cluster IPs and node ports.

The ranges of addresses are those of the ServiceCIDRs that are ready; until there is one, that of the flag. An IPAddress takes its address
out of them, whatever it belongs to.

Upstream: pkg/registry/core/service/storage/storage.go (beginCreate, beginUpdate), pkg/registry/core/service/storage/alloc.go,
pkg/registry/core/service/ipallocator/cidrallocator.go
"""

import contextlib
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.kube.release import DEFAULT_SERVICE_RANGE
from rootspan_apiserver.processes.claims import Claims
from rootspan_apiserver.resources.allocation import ObservedObjects, Release
from rootspan_apiserver.resources.core.service.addresses import IPAddressesInUse, ServiceRanges
from rootspan_apiserver.resources.core.service.families import HEADLESS, set_families
from rootspan_apiserver.resources.core.service.node_ports import (
    allocate_health_check_port,
    allocate_node_ports,
    update_node_ports,
)
from rootspan_apiserver.resources.core.service.pool import Pool, Span, static_part
from rootspan_apiserver.resources.core.service.spec import keep_allocated, needs_address, node_ports
from rootspan_apiserver.resources.core.service.transaction import Transaction

NODE_PORTS = range(30000, 32768)
logger = logging.getLogger(__name__)


class ServiceAllocator:
    """Gives out the addresses of `service_range` and the ports in `NODE_PORTS`."""

    def __init__(self, service_range: str = DEFAULT_SERVICE_RANGE) -> None:
        network = ip_network(service_range, strict=False)
        self.family = f"IPv{network.version}"
        """The family of the range: `IPv4` or `IPv6`."""
        self._addresses = Pool()
        self._ranges = ServiceRanges(self._addresses, network)
        static = static_part(len(NODE_PORTS), step=32, most=128)
        self._ports = Pool(Span(NODE_PORTS.start, NODE_PORTS.stop - 1, static))
        self._held: dict[ObjectKey, list[tuple[Pool, int]]] = {}

    def also_observed(self) -> Mapping[str, ObservedObjects]:
        """Return what observes the ServiceCIDRs and the IPAddresses."""
        return MappingProxyType({"/servicecidrs": self._ranges, "/ipaddresses": IPAddressesInUse(self._addresses)})

    def share(self, claims: Claims) -> None:
        """Reserve only what no other process of the server has reserved."""
        for kind, pool in (("address", self._addresses), ("port", self._ports)):
            pool.share(partial(claims.take, kind), partial(claims.release, kind))

    def clear(self) -> None:
        """Forget the stored Services."""
        self._held.clear()
        self._addresses.clear()
        self._ports.clear()

    def put(self, key: ObjectKey, obj: JSONObject) -> None:
        """Note what a stored Service, new or changed, has."""
        self.remove(key)
        held = self._held[key] = list(self._values(obj.get("spec") or {}))
        for pool, number in held:
            if (holder := pool.hold(number, key)) != key:
                what = f"node port {number}" if pool is self._ports else f"cluster IP {ip_address(number)}"
                logger.warning("the %s of service %s is already allocated to service %s", what, key, holder)

    def remove(self, key: ObjectKey) -> None:
        """Free what a deleted Service had."""
        for pool, number in self._held.pop(key, ()):
            pool.free(number, key)

    def _values(self, spec: JSONObject) -> Iterable[tuple[Pool, int]]:
        if needs_address(spec):
            for address in spec.get("clusterIPs") or ():
                # Another program may have written something else into etcd.
                with contextlib.suppress(ValueError):
                    if address != HEADLESS:
                        yield self._addresses, int(ip_address(address))
        for number in (*node_ports(spec), spec.get("healthCheckNodePort")):
            if number:
                yield self._ports, number

    def begin_create(self, obj: JSONObject, *, dry_run: bool) -> Release:
        """Reserve what a new Service asks for, and fill in what it leaves to the server.

        Raises:
            StatusError: 422, another Service has it, or it is out of range; 500, nothing is left.
        """
        spec, transaction = obj["spec"], self._transaction(obj, dry_run)
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        try:
            self._allocate_addresses(transaction, spec, None)
            allocate_node_ports(transaction, spec)
            allocate_health_check_port(transaction, spec)
        except BaseException:
            transaction.release()
            raise
        return transaction.release

    def begin_update(self, obj: JSONObject, old: JSONObject, *, dry_run: bool) -> Release:
        """Reserve what a Service asks for beyond what `old` has, and fill in what it leaves to the server or leaves out.

        Raises:
            StatusError: as `begin_create`.
        """
        spec, before, transaction = obj["spec"], old["spec"], self._transaction(obj, dry_run)
        keep_allocated(spec, before)
        try:
            self._allocate_addresses(transaction, spec, before)
            update_node_ports(transaction, spec, before)
            allocate_health_check_port(transaction, spec, before)
        except BaseException:
            transaction.release()
            raise
        return transaction.release

    def _transaction(self, obj: JSONObject, dry_run: bool) -> Transaction:
        name: Any = obj["metadata"].get("name", "")
        return Transaction(name, self._ranges.first, addresses=self._addresses, ports=self._ports, dry_run=dry_run)

    def _allocate_addresses(self, transaction: Transaction, spec: JSONObject, old: JSONObject | None) -> None:
        """Fill in the IP families of a Service, and take its address if it had none before."""
        if not needs_address(spec):
            return
        if errors := set_families(spec, old, self.family):
            raise transaction.refusal(*errors)
        if spec.get("clusterIP") == HEADLESS or (old is not None and needs_address(old)):
            return
        addresses = spec.get("clusterIPs") or []
        address = transaction.address(spec.get("clusterIP") or "", addresses)
        spec["clusterIP"], spec["clusterIPs"] = address, [address]
