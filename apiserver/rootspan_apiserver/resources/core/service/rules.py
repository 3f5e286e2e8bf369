"""The rules for the spec of a Service.

Upstream: pkg/apis/core/validation/validation.go (ValidateService)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, port_number, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.service.families import HEADLESS, check_cluster_ips
from rootspan_apiserver.resources.core.service.ports import PORTS, once_each
from rootspan_apiserver.resources.core.service.spec import externally_accessible, needs_address, needs_health_check
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    absent_as,
    between,
    each,
    first_error,
    forbidden,
    function,
    named,
    not_nil,
    one_of,
    required,
    struct,
    when,
)
from rootspan_apiserver.rules.addresses import cidr, ip_address, ordinary_address
from rootspan_apiserver.rules.label_selectors import labels

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
POLICIES = ("Cluster", "Local")
RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"
HINTS_ANNOTATION = "service.kubernetes.io/topology-aware-hints"
MODE_ANNOTATION = "service.kubernetes.io/topology-mode"
_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")


def is_headless(spec: JSONObject) -> bool:
    """Return whether a Service has no address on purpose."""
    return spec.get("clusterIPs") == [HEADLESS] or (not spec.get("clusterIPs") and spec.get("clusterIP") == HEADLESS)


@function("ValidateService")
def topology_annotations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The old and the new annotation about topology say the same."""
    mode, hints = value.get(MODE_ANNOTATION), value.get(HINTS_ANNOTATION)
    if mode is not None and hints is not None and mode != hints:
        words = f"must match annotations[{HINTS_ANNOTATION}] when both are specified"
        yield FieldError.invalid(path.key(MODE_ANNOTATION), mode, words)


@function("ValidateService")
def _ports_by_type(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are ports unless no address needs them, and what is reached from outside has an address."""
    kind, headless = value.get("type"), is_headless(value)
    if not value.get("ports") and not headless and kind != "ExternalName":
        yield FieldError.required(path / "ports")
    if headless and kind in ("LoadBalancer", "NodePort"):
        words = f"may not be set to 'None' for {kind} services"
        yield FieldError.invalid(path / "clusterIPs" / 0, HEADLESS, words)


@function("ValidateService")
def _external_name(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An alias has a name and no addresses."""
    if value.get("type") != "ExternalName":
        return
    addresses = value.get("clusterIPs") or value.get("clusterIP")
    given = {"clusterIPs": addresses, "ipFamilies": value.get("ipFamilies")}
    words = "may not be set for ExternalName services"
    yield from (FieldError.forbidden(path / key, words) for key, found in given.items() if found)
    if value.get("ipFamilyPolicy") is not None:
        yield FieldError.forbidden(path / "ipFamilyPolicy", words)
    name, at = (value.get("externalName") or "").removesuffix("."), path / "externalName"
    if not name:
        yield FieldError.required(at)
    yield from (FieldError.invalid(at, name, reason) for reason in (dns_subdomain(name) if name else ()))


@function("ValidateServiceClusterIPsRelatedFields")
def _addresses(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Addresses, families and policy fit each other."""
    if needs_address(value):
        yield from check_cluster_ips(value)


_OUTSIDE = first_error(ip_address, ordinary_address)


@function("ValidateService")
def source_ranges(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The clients of a load balancer are ranges of addresses, in the spec or else in an annotation."""
    spec, annotations = value["spec"], value["metadata"].get("annotations") or {}
    is_balanced = spec.get("type") == "LoadBalancer"
    if ranges := spec.get("loadBalancerSourceRanges"):
        at = path / "spec" / "LoadBalancerSourceRanges"
        if not is_balanced:
            yield FieldError.forbidden(at, _ONLY_LOAD_BALANCER)
        for index, text in enumerate(ranges):
            yield from cidr.check(text.strip(), ABSENT, at / index, context)
    elif RANGES_ANNOTATION in annotations:
        at = (path / "metadata" / "annotations").key(RANGES_ANNOTATION)
        if not is_balanced:
            yield FieldError.forbidden(at, _ONLY_LOAD_BALANCER)
        text = (annotations[RANGES_ANNOTATION] or "").strip()
        for found in text.split(",") if text else ():
            yield from cidr.check(found.strip(), ABSENT, at, context)


@function("validateServiceExternalTrafficPolicy")
def _external_traffic(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What is reached from outside says how, and has a port for its health if it is reached on its own nodes alone."""
    policy, at = value.get("externalTrafficPolicy") or "", path / "externalTrafficPolicy"
    if not externally_accessible(value):
        if policy:
            yield FieldError.invalid(at, policy, "may only be set for externally-accessible services")
    elif not policy:
        yield FieldError.required(at)
    elif policy not in POLICIES:
        yield FieldError.not_supported(at, policy, POLICIES)
    port, at_port = value.get("healthCheckNodePort") or 0, path / "healthCheckNodePort"
    if port and not needs_health_check(value):
        words = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield FieldError.invalid(at_port, port, words)
    elif port:
        yield from (FieldError.invalid(at_port, port, reason) for reason in port_number(port))


def _is_balanced(spec: JSONObject) -> bool:
    return spec.get("type") == "LoadBalancer"


def _is_not_balanced(spec: JSONObject) -> bool:
    return not _is_balanced(spec)


BEFORE_RANGES = (
    _ports_by_type
    & _external_name
    & PORTS
    & struct(selector=labels, sessionAffinity=required & one_of("ClientIP", "None"))
    & when(
        lambda spec: spec.get("sessionAffinity") == "ClientIP",
        struct(
            sessionAffinityConfig=required("when session affinity type is ClientIP")
            & struct(
                clientIP=required("when session affinity type is ClientIP")
                & struct(
                    timeoutSeconds=not_nil("when session affinity type is ClientIP")
                    & between(1, 86400, words="must be greater than 0 and less than 86400")
                )
            )
        ),
        words="sessionAffinity is ClientIP",
    )
    & _addresses
    & struct(externalIPs=each(_OUTSIDE), type=one_of(*TYPES))
    & once_each
)
"""The rules before those for the source ranges, in upstream's order."""
AFTER_RANGES = (
    when(
        _is_not_balanced,
        struct(
            allocateLoadBalancerNodePorts=forbidden(_ONLY_LOAD_BALANCER, empty=True),
            loadBalancerClass=forbidden(_ONLY_LOAD_BALANCER, empty=True),
        ),
        words="type is not LoadBalancer",
    )
    & when(_is_balanced, struct(loadBalancerClass=named(qualified_name)), words="type is LoadBalancer")
    & _external_traffic
    & struct(internalTrafficPolicy=one_of(*POLICIES), trafficDistribution=one_of(*_DISTRIBUTIONS))
)
SERVICE = (
    struct(metadata=struct(annotations=topology_annotations))
    & struct(spec=absent_as({}, BEFORE_RANGES))
    & source_ranges
    & struct(spec=absent_as({}, AFTER_RANGES))
)
