"""The columns of Services.

Upstream: pkg/printers/internalversion/printers.go (printService)
"""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, joined, labels, spec, status
from rootspan_apiserver.resources.columns import AGE, NAME, Column, value


def _address(service: JSONObject, now: datetime) -> Any:
    wanted = spec(service)
    return next(iter(wanted.get("clusterIPs") or []), wanted.get("clusterIP")) or NONE


def _external(service: JSONObject, now: datetime) -> str:
    wanted = spec(service)
    external = joined(wanted.get("externalIPs") or [])
    match wanted.get("type"):
        case "ExternalName":
            return str(wanted.get("externalName", ""))
        case "LoadBalancer":
            given = (status(service).get("loadBalancer") or {}).get("ingress") or []
            shown = joined(each.get("ip") or each.get("hostname", "") for each in given)
            return joined(filter(None, (shown, external))) or "<pending>"
    return external or NONE


def _ports(service: JSONObject, now: datetime) -> str:
    return joined(map(_port, spec(service).get("ports") or [])) or NONE


def _port(port: JSONObject) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port', 0)}{node}/{port.get('protocol', 'TCP')}"


def _selector(service: JSONObject, now: datetime) -> str:
    return labels(spec(service).get("selector"))


COLUMNS = (
    NAME,
    Column("Type", value("spec.type"), description="How it is reached."),
    Column("Cluster-IP", _address, description="Its address in the cluster."),
    Column("External-IP", _external, description="Its addresses for the world."),
    Column("Port(s)", _ports, description="Its ports, and those of the nodes."),
    AGE,
    Column("Selector", _selector, priority=1, description="The labels of its pods."),
)
