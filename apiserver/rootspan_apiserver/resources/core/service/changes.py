"""What an update may not change of a Service, and what it is warned of.

Upstream: pkg/apis/core/validation/validation.go (ValidateServiceUpdate, validateUpgradeDowngradeClusterIPs,
ValidateLoadBalancerStatus), pkg/api/service/warnings.go
"""

from collections.abc import Iterator
from ipaddress import ip_address as parsed
from typing import Any

from rootspan_apiserver.kube.address_warnings import cidr_warnings, ip_warnings
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.service.families import HEADLESS
from rootspan_apiserver.resources.core.service.rules import HINTS_ANNOTATION, MODE_ANNOTATION, is_headless
from rootspan_apiserver.resources.core.service.spec import needs_health_check
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function
from rootspan_apiserver.rules.addresses import ip_address

_STAYS = "may not change once set"


def _are_aliases(value: JSONObject, old: JSONObject) -> bool:
    return "ExternalName" in (value.get("type"), old.get("type"))


@function("validateUpgradeDowngradeClusterIPs")
def _addresses_stay(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The first address stays; the second is added or given back."""
    new, before = value.get("clusterIPs") or [], old.get("clusterIPs") or []
    if _are_aliases(value, old) or (is_headless(value) and is_headless(old)) or not before:
        return
    at = path / "clusterIPs"
    if len(new) == len(before):
        for index, (address, was) in enumerate(zip(new, before, strict=True)):
            if address != was:
                yield FieldError.invalid(at / index, new, _STAYS)
    elif len(new) < len(before):
        if not new:
            yield FieldError.invalid(at / 0, new or None, "primary clusterIP can not be unset")
        elif new[0] != before[0]:
            yield FieldError.invalid(at / 0, new, _STAYS)
        if len(new) == 1 and value.get("ipFamilyPolicy") != "SingleStack":
            words = "must be set to 'SingleStack' when releasing the secondary clusterIP"
            yield FieldError.invalid(path / "ipFamilyPolicy", value.get("ipFamilyPolicy"), words)
    elif new[0] != before[0]:
        yield FieldError.invalid(at / 0, new, _STAYS)


@function("validateUpgradeDowngradeIPFamilies")
def _families_stay(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The first family stays, unless the Service is headless."""
    new, before, at = value.get("ipFamilies") or [], old.get("ipFamilies") or [], path / "ipFamilies" / 0
    if _are_aliases(value, old) or is_headless(value) or is_headless(old):
        return
    if len(new) == len(before):
        yield from (FieldError.invalid(at, new, _STAYS) for a, b in zip(new, before, strict=True) if a != b)
        return
    addresses = value.get("clusterIPs")
    if len(new) < len(before) and not addresses:
        yield FieldError.invalid(at, new or None, "primary ipFamily can not be unset")
    if new and before and new[0] != before[0]:
        yield FieldError.invalid(at, addresses, _STAYS)
    if len(before) > len(new) == 1 and value.get("ipFamilyPolicy") != "SingleStack":
        words = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        yield FieldError.invalid(path / "ipFamilyPolicy", value.get("ipFamilyPolicy"), words)


@function("ValidateServiceUpdate")
def _class_and_port_stay(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A load balancer keeps its class and the port for its health."""
    name, at = value.get("loadBalancerClass"), path / "loadBalancerClass"
    if value.get("type") == old.get("type") == "LoadBalancer" and name != old.get("loadBalancerClass"):
        yield FieldError.invalid(at, name, _STAYS)
    if value.get("type") == "LoadBalancer" and name is not None:
        yield from (FieldError.invalid(at, name, reason) for reason in qualified_name(name))
    ports = {obj.get("healthCheckNodePort") or 0 for obj in (value, old)}
    if needs_health_check(value) and needs_health_check(old) and len(ports) > 1:
        yield FieldError.forbidden(path / "healthCheckNodePort", "field is immutable")


spec_changes = _addresses_stay & _families_stay & _class_and_port_stay


@function("ValidateLoadBalancerStatus")
def load_balancer_status(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Only load balancers have addresses, which are valid, in their status."""
    ingresses = ((value.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    at = path / "status" / "loadBalancer" / "ingress"
    if ingresses and value["spec"].get("type") != "LoadBalancer":
        yield FieldError.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    for index, ingress in enumerate(ingresses):
        address, mode, name = ingress.get("ip") or "", ingress.get("ipMode"), ingress.get("hostname") or ""
        if address:
            yield from ip_address.check(address, ABSENT, at / index / "ip", context)
        if mode is None and address:
            yield FieldError.required(at / index / "ipMode", "must be specified when `ip` is set")
        elif mode is not None and not address:
            yield FieldError.forbidden(at / index / "ipMode", "may not be specified when `ip` is not set")
        elif mode is not None and mode not in ("Proxy", "VIP"):
            yield FieldError.not_supported(at / index / "ipMode", mode, ("Proxy", "VIP"))
        if name:
            yield from (FieldError.invalid(at / index / "hostname", name, reason) for reason in dns_subdomain(name))
            if _is_address(name):
                yield FieldError.invalid(at / index / "hostname", name, "must be a DNS name, not an IP address")


def _is_address(text: str) -> bool:
    try:
        parsed(text)
    except ValueError:
        return False
    return True


def warnings(service: JSONObject, old: JSONObject | None) -> list[str]:
    """Return what is deprecated or of no effect in a Service."""
    spec, annotations = service["spec"], service["metadata"].get("annotations") or {}
    is_alias = spec.get("type") == "ExternalName"
    headless = spec.get("type") == "ClusterIP" and spec.get("clusterIP") == HEADLESS
    found = []
    if HINTS_ANNOTATION in annotations:
        found.append(f"annotation {HINTS_ANNOTATION} is deprecated, please use {MODE_ANNOTATION} instead")
    if spec.get("clusterIP") not in (None, "", HEADLESS):
        for index, address in enumerate(spec.get("clusterIPs") or ()):
            found += ip_warnings(f"spec.clusterIPs[{index}]", address)
    if headless:
        ignored = {
            "loadBalancerIP": bool(spec.get("loadBalancerIP")),
            "externalIPs": bool(spec.get("externalIPs")),
            "SessionAffinity": spec.get("sessionAffinity") != "None",
        }
        found += [f"spec.{key} is ignored for headless services" for key, is_set in ignored.items() if is_set]
    for index, address in enumerate(spec.get("externalIPs") or ()):
        found += ip_warnings(f"spec.externalIPs[{index}]", address)
    if spec.get("externalIPs") and not headless and not is_alias:
        found.append("spec.externalIPs is deprecated and may no longer be implemented in some clusters")
    found += ip_warnings("spec.loadBalancerIP", spec.get("loadBalancerIP") or "")
    for index, source in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        found += cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", source)
    if spec.get("externalIPs") and is_alias:
        found.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if spec.get("externalName") and not is_alias:
        found.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        found.append('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
    return found
