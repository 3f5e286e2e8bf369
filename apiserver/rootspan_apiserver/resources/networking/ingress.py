"""Ingress (networking.k8s.io/v1): which services are reachable from outside, by host and path.

Upstream: pkg/apis/networking/validation/validation.go, pkg/registry/networking/ingress/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.address_warnings import load_balancer_warnings
from rootspan_apiserver.kube.addresses import legacy_ip, parse_ip
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, wildcard_dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import NONE, first_three, joined, spec, status
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED
from rootspan_apiserver.resources.networking.ingress_backends import HTTP, backend
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import (
    ABSENT,
    ROOT,
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    on_create,
    struct,
    unless_empty,
)

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
NO_HOST_NAME = "must be a DNS name, not an IP address"


def _host_name(value: str) -> list[str]:
    """A DNS subdomain whose first label may be `*`."""
    return wildcard_dns_subdomain(value) if "*" in value else dns_subdomain(value)


def _no_address(value: str) -> list[str]:
    return [NO_HOST_NAME] if parse_ip(value) is not None else []


@function("validateIngressRules")
def _rule_value(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The paths of a rule; those of a host with `*` stay as they are once such a rule is invalid."""
    if "*" in (value.get("host") or "") and _has_invalid_wildcard_rule(context.old_root, context):
        return
    yield from _RULE_VALUE.check(value, ABSENT, path, context)


_RULE_VALUE = struct(http=HTTP)


def _has_invalid_wildcard_rule(ingress: JSONObject | None, context: RuleContext) -> bool:
    rules = at(ingress or {}, "spec", "rules") or []
    return any(
        "*" in (rule.get("host") or "") and list(_RULE_VALUE.check(rule, ABSENT, ROOT, context)) for rule in rules
    )


@function("ValidateIngressSpec")
def _leads_somewhere(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are rules or a default backend."""
    if not value.get("rules") and value.get("defaultBackend") is None:
        words = "either `defaultBackend` or `rules` must be specified"
        yield FieldError.invalid(path, value.get("rules"), words)


@function("validateTLSSecretName")
def _secret_name(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name of a secret, unless the stored ingress has one already that is none."""
    before = at(context.old_root or {}, "spec", "tls") or []
    if value and not any(dns_subdomain(tls["secretName"]) for tls in before if tls.get("secretName")):
        yield from (FieldError.invalid(path, value, reason) for reason in dns_subdomain(value))


SPEC = _leads_somewhere & struct(
    defaultBackend=backend,
    rules=each(struct(host=unless_empty(named(_no_address) & named(_host_name))) & _rule_value),
    tls=each(struct(hosts=each(named(_host_name)), secretName=_secret_name)),
    ingressClassName=named(dns_subdomain),
)


@function("ValidateIngressCreate")
def _one_class(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The annotation and the field do not name two classes."""
    annotation = (at(value, "metadata", "annotations") or {}).get(CLASS_ANNOTATION)
    name = at(value, "spec", "ingressClassName")
    if annotation is not None and name is not None and annotation != name:
        words = "must match `ingressClassName` when both are specified"
        yield FieldError.invalid(path / "annotations" / CLASS_ANNOTATION, annotation, words)


@function("ValidateIngressLoadBalancerStatus")
def _address(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An IP address, or one that is stored already."""
    before = at(context.old_root or {}, "status", "loadBalancer", "ingress") or []
    if value not in {address.get("ip") for address in before}:
        yield from (FieldError.invalid(path, value, reason) for reason in legacy_ip(value))


STATUS = struct(
    loadBalancer=struct(
        ingress=each(
            struct(ip=unless_empty(_address), hostname=unless_empty(named(dns_subdomain) & named(_no_address)))
        )
    )
)


def _class(obj: JSONObject, now: datetime) -> str:
    annotations = at(obj, "metadata", "annotations") or {}
    return str(spec(obj).get("ingressClassName") or annotations.get(CLASS_ANNOTATION) or NONE)


def _hosts(obj: JSONObject, now: datetime) -> str:
    hosts = [rule.get("host") or "*" for rule in spec(obj).get("rules") or []]
    return first_three(hosts) if hosts else "*"


def _addresses(obj: JSONObject, now: datetime) -> str:
    given = (status(obj).get("loadBalancer") or {}).get("ingress") or []
    return joined(address.get("ip") or address.get("hostname", "") for address in given)


def _warnings(ingress: JSONObject, old: JSONObject | None) -> list[str]:
    """A new ingress should not name its class in the annotation of old."""
    annotations = at(ingress, "metadata", "annotations") or {}
    if old is not None or CLASS_ANNOTATION not in annotations or spec(ingress).get("ingressClassName") is not None:
        return []
    return [f"annotation {quote(CLASS_ANNOTATION)} is deprecated, please use 'spec.ingressClassName' instead"]


definition = Definition(
    "networking.k8s.io/v1",
    "Ingress",
    "ingresses",
    short_names=("ing",),
    subresources=(status_subresource(STATUS, warnings=load_balancer_warnings),),
    storage_path="/ingress",
    generation=COUNTED,
    warnings=_warnings,
    rules=struct(spec=absent_as({}, SPEC)) & on_create(_one_class),
    columns=(
        NAME,
        Column("Class", _class, description="The IngressClass."),
        Column("Hosts", _hosts, description="The hosts of the rules."),
        Column("Address", _addresses, description="Where the load balancer listens."),
        Column("Ports", lambda obj, now: "80, 443" if spec(obj).get("tls") else "80", description="The ports."),
        AGE,
    ),
)
