"""Rows of services."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, created, joined, labels, name, spec, status


def service(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    return [
        name(item),
        wanted.get("type", ""),
        next(iter(wanted.get("clusterIPs") or []), wanted.get("clusterIP")) or NONE,
        _external(item),
        joined(_port(port) for port in wanted.get("ports") or []) or NONE,
        created(item, now),
        labels(wanted.get("selector")),
    ]


def _external(item: JSONObject) -> str:
    wanted = spec(item)
    external = joined(wanted.get("externalIPs") or [])
    match wanted.get("type"):
        case "ExternalName":
            return str(wanted.get("externalName", ""))
        case "LoadBalancer":
            given = (status(item).get("loadBalancer") or {}).get("ingress") or []
            shown = joined(each.get("ip") or each.get("hostname", "") for each in given)
            return joined(filter(None, (shown, external))) or "<pending>"
    return external or NONE


def _port(port: JSONObject) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port', 0)}{node}/{port.get('protocol', 'TCP')}"


ROWS = {
    ("", "Service"): service,
}
