"""NetworkPolicy: its rules, its defaults, its table."""

import pytest

from rootspan_apiserver.resources.networking.network_policy import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

BLOCK = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
PODS = {"podSelector": {"matchLabels": {"app": "db"}}}
RULE = {"ports": [{"port": 80, "endPort": 90}], "from": [BLOCK, PODS]}
KIND = KindCheck(definition, {"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [RULE]}})
PEER, PORT = "spec.ingress.0.from.0", "spec.ingress.0.ports.0"
BAD = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["!"]}]}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": REMOVED}, []),
    ({"spec.podSelector": BAD}, ["spec.podSelector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]),
    ({"spec.podSelector.matchLabels": {"a b": "!"}}, [
        "spec.podSelector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.podSelector.matchLabels: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]),
    ({PEER: {}}, ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
    ({PEER: {**BLOCK, **PODS}}, ["spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer"]),
    ({PEER: {**PODS, "namespaceSelector": {}}}, []),
    ({PEER: {"podSelector": BAD, "namespaceSelector": BAD}}, [
        "spec.ingress[0].from[0].podSelector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]),
    ({f"{PEER}.ipBlock": {}}, ["spec.ingress[0].from[0].ipBlock.cidr: Required value"]),
    ({f"{PEER}.ipBlock.cidr": "10.0.0.0"}, ['spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ({f"{PEER}.ipBlock.cidr": "10.0.0.1/8"}, ['spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length']),
    ({f"{PEER}.ipBlock.except": ["x", "192.168.0.0/16", "10.0.0.0/8"]}, [
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "192.168.0.0/16": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ]),
    ({f"{PORT}.protocol": "ICMP"}, ['spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"']),
    ({PORT: {"port": "http"}}, []),
    ({PORT: {"port": "HTTP", "endPort": 3}}, [
        "spec.ingress[0].ports[0].endPort: Invalid value: 3: may not be specified when `port` is non-numeric",
        'spec.ingress[0].ports[0].port: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.ingress[0].ports[0].port: Invalid value: "HTTP": must contain at least one letter (a-z)',
    ]),
    ({PORT: {"port": 0, "endPort": 70000}}, [
        "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "spec.ingress[0].ports[0].endPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ]),
    ({PORT: {"port": 80, "endPort": 79}}, ["spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`"]),
    ({PORT: {"endPort": 79}}, ["spec.ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is not specified"]),
    ({"spec.egress": [{"to": [{}], "ports": [{"protocol": ""}]}]}, [
        'spec.egress[0].ports[0].protocol: Unsupported value: "": supported values: "TCP", "UDP", "SCTP"',
        "spec.egress[0].to[0]: Required value: must specify a peer",
    ]),
    ({"spec.egress": [{"to": [{"podSelector": BAD}, {"namespaceSelector": BAD}, {"ipBlock": {}}], "ports": [{"port": 0}]}]}, [
        "spec.egress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "spec.egress[0].to[0].podSelector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.egress[0].to[1].namespaceSelector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.egress[0].to[2].ipBlock.cidr: Required value",
    ]),
    ({"spec.policyTypes": ["Ingress", "Both"]}, ['spec.policyTypes[1]: Unsupported value: "Both": supported values: "Ingress", "Egress"']),
    ({"spec.policyTypes": ["Ingress", "Egress", "Ingress"]}, ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert KIND.unchecked([changes for changes, _ in ROWS]) == []


def test_stored_faults_stay_valid() -> None:
    """CIDRs and selectors that today's rules refuse stay valid where they are stored, even in another place."""
    old = {f"{PEER}.ipBlock": {"cidr": "10.0.0.1/8"}, "spec.podSelector": BAD}
    moved = {"spec.ingress": [], "spec.egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.1/8"}}, {"podSelector": BAD}]}]}
    assert KIND.update_refusals(moved, old=old) == []


def test_policy_types_follow_rules() -> None:
    """A policy is for what comes in, and for what goes out where it has rules for that; ports are of TCP."""
    assert KIND.stored()["spec"]["policyTypes"] == ["Ingress"]
    both = KIND.stored({"spec.egress": [{"ports": [{"port": 1}]}]})["spec"]
    assert both["policyTypes"] == ["Ingress", "Egress"]
    assert both["egress"][0]["ports"] == [{"port": 1, "protocol": "TCP"}]


def test_table_shows_pods() -> None:
    """The pods are shown by their selector."""
    assert list(KIND.row().values()) == ["x", "app=web", "5m"]
    assert KIND.bookmark_row() == ["", "<none>", "<unknown>"]
