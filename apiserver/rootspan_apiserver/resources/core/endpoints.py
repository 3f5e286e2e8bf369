"""Endpoints (v1): the addresses that a service leads to, in one object; EndpointSlice follows it.

Upstream: pkg/apis/core/validation/validation.go (ValidateEndpoints), pkg/apis/core/v1/defaults.go,
pkg/registry/core/endpoint/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.address_warnings import ip_warnings
from rootspan_apiserver.kube.addresses import endpoint_ip, legacy_ip
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label, dns_subdomain, port_number, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import first_three
from rootspan_apiserver.resources.columns import AGE, NAME, Column
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    one_of,
    required,
    struct,
    unless_empty,
    unless_unchanged,
)

_ADDRESS = struct(
    ip=absent_as("", named(legacy_ip)), hostname=unless_empty(named(dns_label)), nodeName=named(dns_subdomain)
) & struct(ip=absent_as("", named(endpoint_ip)))
_PORT = struct(
    name=unless_empty(named(dns_label)),
    port=absent_as(0, named(port_number)),
    protocol=required & one_of("SCTP", "TCP", "UDP"),
    appProtocol=named(qualified_name),
)


@function("validateEndpointPort")
def _port_name(ports: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each port of several has a name."""
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield FieldError.required(path / index / "name")


@function("validateEndpointSubsets")
def _has_address(subset: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There is an address, ready or not."""
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        yield FieldError.required(path, "must specify `addresses` or `notReadyAddresses`")


_SUBSETS = each(
    _has_address & struct(addresses=each(_ADDRESS), notReadyAddresses=each(_ADDRESS), ports=_port_name & each(_PORT))
)


def _shown_endpoints(obj: JSONObject, now: datetime) -> str:
    return first_three(
        [
            f"{address.get('ip', '')}:{port.get('port', 0)}" if port else address.get("ip", "")
            for subset in obj.get("subsets") or []
            for port in subset.get("ports") or [{}]
            for address in subset.get("addresses") or []
        ]
    )


def _warnings(endpoints: JSONObject, old: JSONObject | None) -> list[str]:
    """Warn of addresses, unless the controller wrote them, which writes them well."""
    if (endpoints["metadata"].get("labels") or {}).get("endpoints.kubernetes.io/managed-by") == "endpoint-controller":
        return []
    return [
        warning
        for index, subset in enumerate(endpoints.get("subsets") or ())
        for key in ("addresses", "notReadyAddresses")
        for number, address in enumerate(subset.get(key) or ())
        for warning in ip_warnings(f"subsets[{index}].{key}[{number}].ip", address.get("ip") or "")
    ]


definition = Definition(
    "v1",
    "Endpoints",
    "endpoints",
    short_names=("ep",),
    storage_path="/services/endpoints",
    allow_create_on_update=True,
    deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    defaults=(default_values({"subsets": [{"ports": [{"protocol": "TCP"}]}]}),),
    rules=struct(subsets=unless_unchanged(_SUBSETS)),
    columns=(NAME, Column("Endpoints", _shown_endpoints, description="The addresses with their ports."), AGE),
    warnings=_warnings,
)
