"""NetworkPolicy (networking.k8s.io/v1): who may talk to a set of pods, and to whom these may.

Upstream: pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go,
pkg/registry/networking/networkpolicy/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.address_warnings import cidr_warnings
from rootspan_apiserver.kube.addresses import legacy_cidr, parse_cidr
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import port_name, port_number
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import spec
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import UpdateOrder, counted_strictly
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, each, function, one_of, struct
from rootspan_apiserver.rules.label_selectors import has_invalid_value, label_selector
from rootspan_apiserver.selectors import shown_selector

DIRECTIONS = (("ingress", "from"), ("egress", "to"))
_STRICT, _LENIENT = label_selector(), label_selector(any_value=True)


def _blocks(policy: JSONObject | None) -> Iterator[JSONObject]:
    for direction, peers in DIRECTIONS:
        for rule in at(policy or {}, "spec", direction) or []:
            yield from (peer["ipBlock"] for peer in rule.get(peers) or [] if peer.get("ipBlock"))


def _stored_cidrs(policy: JSONObject | None) -> set[str]:
    """Return the CIDRs of the stored policy, which stay valid: a rule may have moved, so that each is good in every place."""
    return {cidr for block in _blocks(policy) for cidr in [block.get("cidr") or "", *(block.get("except") or [])]}


@function("ValidateLabelSelector")
def _selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A label selector; values that are no label values pass when the stored pod selector has one."""
    is_lenient = has_invalid_value(at(context.old_root or {}, "spec", "podSelector"))
    yield from (_LENIENT if is_lenient else _STRICT).check(value, ABSENT, path, context)


@function("ValidateIPBlock")
def _ip_block(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A CIDR, and parts of it that are excepted."""
    cidr = value.get("cidr") or ""
    if not cidr:
        yield FieldError.required(path / "cidr")
        return
    stored = _stored_cidrs(context.old_root)
    if cidr not in stored:
        yield from (FieldError.invalid(path / "cidr", cidr, reason) for reason in legacy_cidr(cidr))
    network = parse_cidr(cidr)
    if network is None:
        return
    for index, text in enumerate(value.get("except") or []):
        place = path / "except" / index
        if text not in stored:
            yield from (FieldError.invalid(place, text, reason) for reason in legacy_cidr(text))
        part = parse_cidr(text)
        if part is None:
            continue
        inside = part.version == network.version and part.network_address in network
        if not inside or network.prefixlen >= part.prefixlen:
            yield FieldError.invalid(place, text, "must be a strict subset of `cidr`")


@function("ValidateNetworkPolicyPeer")
def _has_peer(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A peer is an IP block, or what selectors choose."""
    found = [key for key in ("podSelector", "namespaceSelector", "ipBlock") if value.get(key) is not None]
    if not found:
        yield FieldError.required(path, "must specify a peer")
    elif len(found) > 1 and "ipBlock" in found:
        yield FieldError.forbidden(path, "may not specify both ipBlock and another peer")


@function("ValidateNetworkPolicyPort")
def _port(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The number or name of a port; a range begins with a number."""
    port, end = value.get("port"), value.get("endPort")
    if isinstance(port, int):
        yield from (FieldError.invalid(path / "port", port, reason) for reason in port_number(port))
        if end is not None:
            if end < port:
                # The error shows the port, as upstream's.
                yield FieldError.invalid(path / "endPort", port, "must be greater than or equal to `port`")
            yield from (FieldError.invalid(path / "endPort", end, reason) for reason in port_number(end))
        return
    if end is not None:
        state = "not specified" if port is None else "non-numeric"
        yield FieldError.invalid(path / "endPort", end, f"may not be specified when `port` is {state}")
    if port is not None:
        yield from (FieldError.invalid(path / "port", port, reason) for reason in port_name(port))


@function("ValidateNetworkPolicySpec")
def _policy_types(value: list[str], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """One or both directions."""
    if len(value) > len(DIRECTIONS):
        yield FieldError.invalid(path, value, "may not specify more than two policyTypes")
    else:
        yield from _POLICY_TYPES.check(value, old, path, context)


_POLICY_TYPES = each(one_of("Ingress", "Egress"))
_PORTS = each(struct(protocol=one_of("TCP", "UDP", "SCTP")) & _port)
_PEERS = each(struct(podSelector=_selector, namespaceSelector=_selector, ipBlock=_ip_block) & _has_peer)
SPEC = struct(
    podSelector=_selector,
    ingress=each(struct({"ports": _PORTS, "from": _PEERS})),
    egress=each(struct(ports=_PORTS, to=_PEERS)),
    policyTypes=_policy_types,
)


def _default_policy_types(obj: JSONObject) -> None:
    policy = obj.get("spec")
    if policy is not None and not policy.get("policyTypes"):
        policy["policyTypes"] = ["Ingress", "Egress"] if policy.get("egress") else ["Ingress"]


def _pods(obj: JSONObject, now: datetime) -> str:
    return shown_selector(spec(obj).get("podSelector"))


def _warnings(policy: JSONObject, old: JSONObject | None) -> list[str]:
    found = []
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(at(policy, "spec", direction) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                block, place = peer.get("ipBlock") or {}, f"spec.{direction}[{index}].{peers}[{number}].ipBlock"
                found += cidr_warnings(f"{place}.cidr", block.get("cidr") or "")
                for position, cidr in enumerate(block.get("except") or ()):
                    found += cidr_warnings(f"{place}.except[{position}]", cidr)
    return found


definition = Definition(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "networkpolicies",
    short_names=("netpol",),
    generation=counted_strictly("spec"),
    defaults=(
        default_values(
            {"spec": {"ingress": [{"ports": [{"protocol": "TCP"}]}], "egress": [{"ports": [{"protocol": "TCP"}]}]}}
        ),
        _default_policy_types,
    ),
    rules=struct(spec=absent_as({}, SPEC)),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    columns=(NAME, Column("Pod-Selector", _pods, description="The pods that the policy is for."), AGE),
    warnings=_warnings,
)
