"""Warnings of IP addresses and CIDRs that fields older than the strict rules accept, though they are not written as they should be.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/ip.go (GetWarningsForIP, GetWarningsForCIDR)
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.kube.addresses import legacy_cidr, legacy_ip, parse_cidr, parse_ip
from rootspan_apiserver.kube.go_quote import quote

_BITS_BEYOND = "must not have bits set beyond the prefix length"


def ip_warnings(place: object, value: str) -> list[str]:
    """Return what is wrong with the way in which a valid address is written."""
    found = parse_ip(value)
    if found is None:
        return []
    if legacy_ip(value):
        return [f"{place}: non-standard IP address {quote(value)} is invalid: use {quote(str(found))}"]
    if str(found) == value:
        return []
    return [f"{place}: IPv6 address {quote(value)} should be in RFC 5952 canonical format ({quote(str(found))})"]


def cidr_warnings(place: object, value: str) -> list[str]:
    """Return what is wrong with the way in which a valid CIDR is written."""
    network, address = parse_cidr(value), parse_ip(value.partition("/")[0])
    if network is None or address is None:
        return []
    shown, written = quote(str(network)), f"{place}: {{}} {quote(value)}"
    warnings = []
    if address != network.network_address:
        single = quote(f"{address}/{address.max_prefixlen}")
        words = f"is ambiguous in this context (should be {shown} or {single}?)"
        warnings.append(f"{written.format('CIDR value')} {words}")
    if any(reason != _BITS_BEYOND for reason in legacy_cidr(value)):
        warnings.append(f"{written.format('non-standard CIDR value')} is invalid: use {shown}")
    if not warnings and str(network) != value:
        warnings.append(f"{written.format('IPv6 CIDR value')} should be in RFC 5952 canonical format ({shown})")
    return warnings


def load_balancer_warnings(obj: Mapping[str, Any]) -> list[str]:
    """Return the warnings of the addresses in the status of what has a load balancer."""
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    found = []
    for index, ingress in enumerate(balancer.get("ingress") or ()):
        if address := ingress.get("ip"):
            found += ip_warnings(f"status.loadBalancer.ingress[{index}]", address)
    return found
