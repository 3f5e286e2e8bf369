"""The node ports of a Service, taken when it is created and when it changes.

Upstream: pkg/registry/core/service/storage/alloc.go (initNodePorts, updateNodePorts, updateHealthCheckNodePort)
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.core.service.spec import needs_health_check, needs_node_ports, node_ports
from rootspan_apiserver.resources.core.service.transaction import Transaction


def allocate_node_ports(transaction: Transaction, spec: JSONObject) -> None:
    """Take the node ports of a new Service. Ports of the same number, such as 53 over TCP and UDP, share one."""
    if not needs_node_ports(spec):
        return
    ports = spec.get("ports") or []
    requested: dict[int, int] = {}
    for port in ports:
        if port.get("nodePort"):
            requested.setdefault(port.get("port") or 0, port["nodePort"])
    shared: dict[int, int] = {}
    for index, port in enumerate(ports):
        number, wanted = port.get("port") or 0, port.get("nodePort")
        if not wanted and not _gets_node_ports(spec):
            continue
        if number not in shared:
            if number in requested:
                transaction.node_port(requested[number], index)
                shared[number] = requested[number]
            else:
                shared[number] = transaction.any_node_port()
            port["nodePort"] = shared[number]
        elif not wanted:
            port["nodePort"] = shared[number]
        elif wanted != shared[number]:
            transaction.node_port(wanted, index)


def update_node_ports(transaction: Transaction, spec: JSONObject, old: JSONObject) -> None:
    """Take the node ports that a changed Service has beyond those of `old`."""
    if not needs_node_ports(spec):
        return
    known = set(node_ports(old))
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(spec.get("ports") or []):
        number = port.get("nodePort")
        if number and number not in known:
            transaction.node_port(number, index)
            known.add(number)
        elif not number:
            if not _gets_node_ports(spec):
                continue
            number = port["nodePort"] = transaction.any_node_port()
        key = port.get("protocol", ""), number
        if key in seen:
            raise StatusError(500, "", f"duplicate nodePort: {{{key[0]} {number}}}")
        seen.add(key)


def allocate_health_check_port(transaction: Transaction, spec: JSONObject, old: JSONObject | None = None) -> None:
    """Take the port of the health check, if the Service needs one and did not before."""
    if needs_health_check(spec) and not (old is not None and needs_health_check(old)):
        spec["healthCheckNodePort"] = transaction.health_check_port(spec.get("healthCheckNodePort") or 0)


def _gets_node_ports(spec: JSONObject) -> bool:
    """Return whether ports without a node port get one."""
    return spec.get("type") == "NodePort" or bool(spec.get("allocateLoadBalancerNodePorts"))
