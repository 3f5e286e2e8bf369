"""The objects that the server creates when it starts: the system namespaces, the system's priority classes, its own Service.

Upstream: pkg/controlplane/controller/systemnamespaces/system_namespaces_controller.go,
pkg/controlplane/controller/kubernetesservice/controller.go, pkg/registry/scheduling/rest/storage_scheduling.go
"""

import asyncio
import ipaddress
import logging
from collections.abc import Collection, Iterator

from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError

logger = logging.getLogger(__name__)

NAMESPACES = APIPath(("api", "v1", "namespaces"))
SERVICES = APIPath(("api", "v1", "namespaces", "default", "services"))
CLASSES = APIPath(("apis", "scheduling.k8s.io", "v1", "priorityclasses"))

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
PRIORITY_CLASSES = {
    "system-cluster-critical": (
        2000000000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    "system-node-critical": (
        2000001000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
}


async def bootstrap(
    loopback: LoopbackClient, present: Collection[str], *, secure_port: int, service_range: str
) -> None:
    """Create what is missing. What cannot be created is logged.

    Args:
        present: the names of the namespaces that there are.
        secure_port: where the server listens.
        service_range: the CIDR of cluster IPs.
    """
    missing = [name for name in SYSTEM_NAMESPACES if name not in present]
    await asyncio.gather(*(_create(loopback, NAMESPACES, _namespace(name)) for name in missing))
    others = [(CLASSES, each) for each in _priority_classes()]
    others.append((SERVICES, _service(secure_port, service_range)))
    await asyncio.gather(*(_create(loopback, path, obj) for path, obj in others))


def _namespace(name: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


async def _create(loopback: LoopbackClient, path: APIPath, obj: JSONObject) -> None:
    try:
        await loopback.create(path, obj)
    except StatusError as exc:
        if exc.reason != "AlreadyExists":
            logger.warning("%s %s cannot be created: %s", obj["kind"], obj["metadata"]["name"], exc.message)


def _priority_classes() -> Iterator[JSONObject]:
    for name, (value, description) in PRIORITY_CLASSES.items():
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": description,
        }


def _service(secure_port: int, service_range: str) -> JSONObject:
    addresses = ipaddress.ip_network(service_range)
    first = str(addresses[min(1, addresses.num_addresses - 1)])
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": first,
            "ports": [{"name": "https", "protocol": "TCP", "port": 443, "targetPort": secure_port}],
        },
    }
