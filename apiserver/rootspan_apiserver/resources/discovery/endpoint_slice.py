"""EndpointSlice (discovery.k8s.io/v1): some of the addresses that a service leads to.

Upstream: pkg/apis/discovery/validation/validation.go, pkg/apis/discovery/v1/defaults.go,
pkg/registry/discovery/endpointslice/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.address_warnings import ip_warnings
from rootspan_apiserver.kube.addresses import canonical_ip, endpoint_ip, legacy_ip, parse_ip
from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain, label_value, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import first_three
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation, UpdateOrder, WriteContext, desired_state_changed
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    each,
    function,
    immutable,
    max_items,
    named,
    not_nil,
    one_of,
    required,
    struct,
    unless_empty,
    unless_unchanged,
)
from rootspan_apiserver.rules.label_selectors import labels

UNSET = "<unset>"
VERSIONS = {"IPv4": 4, "IPv6": 6}


@function("IsFullyQualifiedDomainName")
def _domain_name(name: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A DNS subdomain of two labels or more."""
    if not name:
        yield FieldError.required(path)
        return
    name = name.removesuffix(".")
    if reasons := dns_subdomain(name):
        yield FieldError.invalid(path, name, ",".join(reasons))
    elif "." not in name:
        words = "should be a domain with at least two segments separated by dots"
        yield FieldError.invalid(path, name, words)
    else:
        for label in name.split("."):
            if reasons := dns_label(label):
                yield FieldError.invalid(path, label, ",".join(reasons))
                return


@function("validateEndpoints")
def _address(text: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An address of the slice's type; what other types mean is not known."""
    kind = context.root.get("addressType")
    if kind == "FQDN":
        yield from _domain_name.check(text, old, path, context)
    elif kind in VERSIONS:
        # IPv6 is younger than the strict rules.
        if reasons := canonical_ip(text) if kind == "IPv6" else legacy_ip(text):
            yield from (FieldError.invalid(path, text, reason) for reason in reasons)
            return
        found = parse_ip(text)
        if found is not None and found.version != VERSIONS[kind]:
            yield FieldError.invalid(path, text, f"must be an {kind} address")
        yield from (FieldError.invalid(path, text, reason) for reason in endpoint_ip(text))


@function("validateEndpoints", absent=True)
def _count_of_addresses(addresses: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An endpoint has 1 to 100 addresses."""
    if not addresses:
        yield FieldError.required(path, "must contain at least 1 address")
    elif len(addresses) > 100:
        yield FieldError.too_many(path, len(addresses), 100)


def _hints(name_rule: Any) -> Any:
    @function("validateHints")
    def unique_names(hints: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """No name occurs twice."""
        seen: set[str] = set()
        for index, hint in enumerate(hints):
            place, name = path / index / "name", hint.get("name") or ""
            if name in seen:
                yield FieldError.duplicate(place, name)
            else:
                seen.add(name)
            yield from (FieldError.invalid(place, name, reason) for reason in name_rule(name))

    return max_items(8) & unique_names


_ENDPOINT = struct(
    addresses=_count_of_addresses & each(_address),
    nodeName=named(dns_subdomain),
    deprecatedTopology=max_items(16) & labels,
    hostname=named(dns_label),
    hints=struct(forZones=_hints(label_value), forNodes=_hints(dns_subdomain)),
)


_ENDPOINTS = max_items(1000) & each(_ENDPOINT)


@function("validatePorts")
def _port_names(ports: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The names are unique, "" among them."""
    seen: set[str] = set()
    for index, port in enumerate(ports):
        name = port.get("name") or ""
        if name in seen:
            yield FieldError.duplicate(path / index / "name", name)
        seen.add(name)


_PORT = struct(
    name=unless_empty(named(dns_label)),
    protocol=not_nil & one_of("SCTP", "TCP", "UDP"),
    appProtocol=named(qualified_name),
)


def _changed(obj: JSONObject, old: JSONObject) -> bool:
    """A change of the labels counts, too."""
    return not same(at(obj, "metadata", "labels"), at(old, "metadata", "labels")) or desired_state_changed(obj, old)


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    _drop_topology(obj)


def _prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    if not same(obj.get("endpoints"), old.get("endpoints")):
        _drop_topology(obj)


def _drop_topology(obj: JSONObject) -> None:
    for endpoint in obj.get("endpoints") or []:
        endpoint.pop("deprecatedTopology", None)


_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")
"""What writes every address well."""


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    is_new = old is None or old.get("addressType") != "FQDN"
    found = ["spec.addressType: FQDN endpoints are deprecated"] if obj.get("addressType") == "FQDN" and is_new else []
    if ((obj.get("metadata") or {}).get("labels") or {}).get(_MANAGED_BY) in _CONTROLLERS:
        return found
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        for number, address in enumerate(endpoint.get("addresses") or ()):
            found += ip_warnings(f"endpoints[{index}].addresses[{number}]", address)
    return found


def _ports(obj: JSONObject, now: datetime) -> str:
    ports = obj.get("ports") or []
    return first_three([str(port.get("port", "*")) for port in ports]) if ports else UNSET


def _shown_addresses(obj: JSONObject, now: datetime) -> str:
    found = [address for endpoint in obj.get("endpoints") or [] for address in endpoint.get("addresses") or []]
    return first_three(found) if found else UNSET


definition = Definition(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    "endpointslices",
    generation=Generation(changed=_changed),
    defaults=(default_values({"ports": [{"name": "", "protocol": "TCP"}]}),),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    warnings=_warnings,
    rules=struct(
        addressType=required & one_of("FQDN", "IPv4", "IPv6"),
        endpoints=unless_unchanged(_ENDPOINTS),
        ports=max_items(20000) & _port_names & each(_PORT),
    )
    & struct(addressType=immutable),
    update_order=UpdateOrder.RULES_ONLY,
    columns=(
        NAME,
        Column("AddressType", value("addressType"), description="What the addresses are."),
        Column("Ports", _ports, description="The ports of each endpoint."),
        Column("Endpoints", _shown_addresses, description="The addresses."),
        AGE,
    ),
)
