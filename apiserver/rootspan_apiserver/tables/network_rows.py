"""Rows of services and of what leads to them."""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import NONE, created, joined, name, spec, status
from rootspan_apiserver.selectors import shown_selector

PORTS_SHOWN = 3


def endpoints(item: JSONObject, now: datetime) -> list[Any]:
    found = [
        f"{address.get('ip', '')}:{port.get('port', 0)}" if port else address.get("ip", "")
        for subset in item.get("subsets") or []
        for port in subset.get("ports") or [{}]
        for address in subset.get("addresses") or []
    ]
    return [name(item), _some(found), created(item, now)]


def _some(found: list[str]) -> str:
    shown = joined(found[:PORTS_SHOWN])
    more = len(found) - PORTS_SHOWN
    return f"{shown} + {more} more..." if more > 0 else shown or NONE


def endpoint_slice(item: JSONObject, now: datetime) -> list[Any]:
    ports = item.get("ports") or []
    numbers = [str(port.get("port", "*")) for port in ports]
    addresses = [address for each in item.get("endpoints") or [] for address in each.get("addresses") or []]
    unset = "<unset>"
    return [
        name(item),
        item.get("addressType", ""),
        _some(numbers) if ports else unset,
        _some(addresses) if addresses else unset,
        created(item, now),
    ]


def ingress(item: JSONObject, now: datetime) -> list[Any]:
    wanted = spec(item)
    hosts = [rule.get("host") or "*" for rule in wanted.get("rules") or []]
    given = (status(item).get("loadBalancer") or {}).get("ingress") or []
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    kind = wanted.get("ingressClassName") or annotations.get("kubernetes.io/ingress.class")
    return [
        name(item),
        kind or NONE,
        _some(hosts) if hosts else "*",
        joined(each.get("ip") or each.get("hostname", "") for each in given),
        "80, 443" if wanted.get("tls") else "80",
        created(item, now),
    ]


def ingress_class(item: JSONObject, now: datetime) -> list[Any]:
    parameters = spec(item).get("parameters") or {}
    shown = NONE
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        shown = f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"
    return [name(item), spec(item).get("controller", ""), shown, created(item, now)]


def network_policy(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), shown_selector(spec(item).get("podSelector")), created(item, now)]


def ip_address(item: JSONObject, now: datetime) -> list[Any]:
    parent = spec(item).get("parentRef") or {}
    keys = ("group", "resource", "namespace", "name")
    return [name(item), joined((parent[key] for key in keys if parent.get(key)), "/")]


def service_cidr(item: JSONObject, now: datetime) -> list[Any]:
    return [name(item), joined(spec(item).get("cidrs") or []), created(item, now)]


ROWS = {
    ("", "Endpoints"): endpoints,
    ("discovery.k8s.io", "EndpointSlice"): endpoint_slice,
    ("networking.k8s.io", "IPAddress"): ip_address,
    ("networking.k8s.io", "Ingress"): ingress,
    ("networking.k8s.io", "IngressClass"): ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): network_policy,
    ("networking.k8s.io", "ServiceCIDR"): service_cidr,
}
