"""What the server makes in itself when it starts: the system namespaces, the system's priority classes, its own Service."""

import asyncio
import ipaddress
import logging
from collections.abc import Collection, Iterator
from typing import Any

from rootspan_apiserver.loopback import LoopbackClient
from rootspan_apiserver.status import StatusError

JSONObject = dict[str, Any]
logger = logging.getLogger(__name__)

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
    """Make what is missing; `present` are the names of the namespaces there are. What cannot be made is logged and left."""
    missing = [name for name in SYSTEM_NAMESPACES if name not in present]
    await asyncio.gather(*(_create(loopback, "/api/v1/namespaces", _namespace(name)) for name in missing))
    others = list(_priority_classes())
    others.append(("/api/v1/namespaces/default/services", _service(secure_port, service_range)))
    await asyncio.gather(*(_create(loopback, path, obj) for path, obj in others))


def _namespace(name: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


async def _create(loopback: LoopbackClient, path: str, obj: JSONObject) -> None:
    try:
        await loopback.create(path, obj)
    except StatusError as exc:
        if exc.reason != "AlreadyExists":
            logger.warning("%s %s cannot be made: %s", obj["kind"], obj["metadata"]["name"], exc.message)


def _priority_classes() -> Iterator[tuple[str, JSONObject]]:
    for name, (value, description) in PRIORITY_CLASSES.items():
        obj = {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": description,
        }
        yield "/apis/scheduling.k8s.io/v1/priorityclasses", obj


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
