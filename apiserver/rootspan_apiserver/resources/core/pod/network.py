"""How a pod is reached, and how it finds others: names, DNS, the node's network.

Upstream: pkg/apis/core/validation/validation.go (validatePodDNSConfig, ValidateHostAliases, validatePodHostNetworkDeps)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, dns_subdomain_with_underscore
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, each, function, named, struct
from rootspan_apiserver.rules.addresses import ip_address

NAMESERVERS_LIMIT = 3
SEARCHES_LIMIT = 32
SEARCH_LENGTH_LIMIT = 2048

HOST_ALIASES = each(struct(ip=absent_as("", ip_address), hostnames=each(named(dns_subdomain))))


@function("validatePodDNSConfig")
def dns_config(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Name servers, search domains and options are valid; the policy None needs a name server."""
    config, at = value.get("dnsConfig"), path / "dnsConfig"
    if value.get("dnsPolicy") == "None":
        if config is None:
            yield FieldError.required(at, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.get("nameservers"):
            words = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield FieldError.required(at / "nameservers", words)
            return
    config = config or {}
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if len(servers) > NAMESERVERS_LIMIT:
        words = f"must not have more than {NAMESERVERS_LIMIT} nameservers"
        yield FieldError.invalid(at / "nameservers", servers, words)
    for index, server in enumerate(servers):
        yield from ip_address.check(server, ABSENT, at / "nameservers" / index, context)
    if len(searches) > SEARCHES_LIMIT:
        words = f"must not have more than {SEARCHES_LIMIT} search paths"
        yield FieldError.invalid(at / "searches", searches, words)
    if len(" ".join(searches).encode()) > SEARCH_LENGTH_LIMIT:
        words = f"must not have more than {SEARCH_LENGTH_LIMIT} characters (including spaces) in the search list"
        yield FieldError.invalid(at / "searches", searches, words)
    for index, search in enumerate(searches):
        domain = search.removesuffix(".")
        reasons = [] if search == "." else dns_subdomain_with_underscore(domain)
        yield from (FieldError.invalid(at / "searches" / index, domain, reason) for reason in reasons)
    for index, option in enumerate(config.get("options") or []):
        if not option.get("name"):
            yield FieldError.required(at / "options" / index, "must not be empty")


@function("validatePodHostNetworkDeps")
def host_network_ports(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """In the node's network, a container's port is the node's; a template may leave that open."""
    if not value.get("hostNetwork"):
        return
    for index, container in enumerate(value.get("containers") or []):
        for number, port in enumerate(container.get("ports") or []):
            host, inside = port.get("hostPort") or 0, port.get("containerPort") or 0
            if host != inside and (host or context.scope.is_pod):
                at = path / "containers" / index / "ports" / number / "hostPort"
                yield FieldError.invalid(at, host, "must match `containerPort` when `hostNetwork` is true")


@function("validateHostUsers")
def host_users(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A pod with users of its own shares no namespace with its node."""
    if value.get("hostUsers") is False:
        words = "when `hostUsers` is false"
        for key, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
            if value.get(key):
                yield FieldError.forbidden(path / shown, words)


@function("validateHostnameOverride")
def hostname_override(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A name of its own excludes those that come from the node and from the domain."""
    if (name := value.get("hostnameOverride")) is None:
        return
    place = path / "hostnameOverride"
    if value.get("setHostnameAsFQDN"):
        yield FieldError.forbidden(place, "may not be specified when setHostnameAsFQDN is true")
    if value.get("hostNetwork"):
        yield FieldError.forbidden(place, "may not be specified when hostNetwork is true")
    if len(name.encode()) > _HOST_NAME_LIMIT:
        yield FieldError.too_long(place, _HOST_NAME_LIMIT)
    yield from (FieldError.invalid(place, name, reason) for reason in dns_subdomain(name))


_HOST_NAME_LIMIT = 64
