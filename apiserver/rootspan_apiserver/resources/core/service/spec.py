"""What the type of a Service has and needs, and what an update keeps of it or drops.

A client that sends its manifest again leaves out the addresses and ports that were allocated: they are kept. A client that changes the
type sends back what only the old type may have: it is dropped, unless the client changed it too.

Upstream: pkg/registry/core/service/storage/storage.go (patchAllocatedValues, normalizeClusterIPs), pkg/registry/core/service/strategy.go
(dropTypeDependentFields)
"""

from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject

WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def needs_address(spec: JSONObject) -> bool:
    """Return whether there is an address in the cluster, or "None" in its place."""
    return spec.get("type") != "ExternalName"


def needs_node_ports(spec: JSONObject) -> bool:
    """Return whether the ports are given node ports."""
    if spec.get("type") == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return spec.get("type") == "NodePort"


def needs_health_check(spec: JSONObject) -> bool:
    """Return whether the nodes answer on a port of its own whether they have an endpoint."""
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def externally_accessible(spec: JSONObject) -> bool:
    """Return whether clients outside of the cluster reach the Service."""
    return spec.get("type") in WITH_NODE_PORTS or (spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs")))


def keep_allocated(spec: JSONObject, old: JSONObject) -> None:
    """Fill in what `old` was given and `spec` leaves out."""
    if needs_address(old) and needs_address(spec):
        if not spec.get("clusterIP"):
            _set(spec, "clusterIP", old.get("clusterIP"))
        if not spec.get("clusterIPs"):
            _set(spec, "clusterIPs", old.get("clusterIPs"))
    if needs_node_ports(old) and needs_node_ports(spec):
        _keep_node_ports(spec, old)
    if needs_health_check(old) and needs_health_check(spec) and not spec.get("healthCheckNodePort"):
        _set(spec, "healthCheckNodePort", old.get("healthCheckNodePort"))
    _align_addresses(spec, old)


def _keep_node_ports(spec: JSONObject, old: JSONObject) -> None:
    """By the names of the ports, of which everything else may have changed."""
    used = node_ports(old) & node_ports(spec)
    known = {port.get("name", ""): port.get("nodePort") for port in old.get("ports") or []}
    for port in spec.get("ports") or []:
        number = known.get(port.get("name", ""))
        if not port.get("nodePort") and number and number not in used:
            port["nodePort"] = number


def _align_addresses(spec: JSONObject, old: JSONObject) -> None:
    """Clients that know only one of `clusterIP` and `clusterIPs` mean both."""
    address, before = spec.get("clusterIP") or "", old.get("clusterIP") or ""
    if old.get("clusterIPs") and not spec.get("clusterIPs") and address == before:
        spec["clusterIPs"] = old["clusterIPs"]
    if address != before and same(spec.get("clusterIPs"), old.get("clusterIPs")):
        _set(spec, "clusterIPs", [address] if address else None)


def drop_by_type(spec: JSONObject, old: JSONObject) -> None:
    """Take out what the old type needed, the new one does not, and the client did not change."""
    if needs_address(old) and not needs_address(spec):
        if all(same(spec.get(key) or None, old.get(key) or None) for key in ("clusterIP", "clusterIPs")):
            _drop(spec, "clusterIP", "clusterIPs")
        for key in ("ipFamilies", "ipFamilyPolicy"):
            _drop_if_same(spec, old, key)
    if needs_node_ports(old) and not needs_node_ports(spec) and node_ports(spec) <= node_ports(old):
        for port in spec.get("ports") or []:
            _drop(port, "nodePort")
    if needs_health_check(old) and not needs_health_check(spec):
        _drop_if_same(spec, old, "healthCheckNodePort")
    if old.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        for key in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            _drop_if_same(spec, old, key)
    if externally_accessible(old) and not externally_accessible(spec):
        _drop_if_same(spec, old, "externalTrafficPolicy")


def node_ports(spec: JSONObject) -> set[int]:
    """Return the node ports in `ports`."""
    return {port["nodePort"] for port in spec.get("ports") or [] if port.get("nodePort")}


def _drop_if_same(spec: JSONObject, old: JSONObject, key: str) -> None:
    if same(spec.get(key), old.get(key)):
        _drop(spec, key)


def _drop(obj: JSONObject, *keys: str) -> None:
    for key in keys:
        obj.pop(key, None)


def _set(spec: JSONObject, key: str, value: Any) -> None:
    if value:
        spec[key] = value
    else:
        spec.pop(key, None)
