"""EndpointSlice: its rules, its defaults, what its generation counts, its table."""

import pytest

from rootspan_apiserver.resources.catalogue import builtin_resources
from rootspan_apiserver.resources.discovery.endpoint_slice import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

ENDPOINT = {"addresses": ["192.0.2.1"], "nodeName": "n", "hostname": "h", "hints": {"forZones": [{"name": "a"}]}}
KIND = KindCheck(definition, {"addressType": "IPv4", "endpoints": [ENDPOINT], "ports": [{"name": "http", "port": 80}]})
ADDRESSES = "endpoints.0.addresses"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"addressType": REMOVED}, ["addressType: Required value"]),
    ({"addressType": "IP"}, ['addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"']),
    ({ADDRESSES: []}, ["endpoints[0].addresses: Required value: must contain at least 1 address"]),
    ({ADDRESSES: ["192.0.2.1"] * 101}, ["endpoints[0].addresses: Too many: 101: must have at most 100 items"]),
    ({ADDRESSES: ["x", "192.0.2.01", "2001:db8::1"]}, [
        'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'endpoints[0].addresses[1]: Invalid value: "192.0.2.01": must not have leading 0s',
        'endpoints[0].addresses[2]: Invalid value: "2001:db8::1": must be an IPv4 address',
    ]),
    ({ADDRESSES: ["0.0.0.0", "127.0.0.1", "169.254.0.1", "224.0.0.1"]}, [
        'endpoints[0].addresses[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses[2]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'endpoints[0].addresses[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ]),
    ({"addressType": "IPv6", ADDRESSES: ["2001:db8::1", "::1", "192.0.2.1"]}, [
        'endpoints[0].addresses[1]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'endpoints[0].addresses[2]: Invalid value: "192.0.2.1": must be an IPv6 address',
    ]),
    ({"addressType": "FQDN", ADDRESSES: ["a.example.com", "a.example.com."]}, []),
    ({"addressType": "FQDN", ADDRESSES: ["", "a", "A.example.com", f"{'a' * 64}.b"]}, [
        "endpoints[0].addresses[0]: Required value",
        'endpoints[0].addresses[1]: Invalid value: "a": should be a domain with at least two segments separated by dots',
        "endpoints[0].addresses[2]: Invalid value: \"A.example.com\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'endpoints[0].addresses[3]: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 63 characters',
    ]),
    ({"endpoints": [ENDPOINT] * 1001}, ["endpoints: Too many: 1001: must have at most 1000 items"]),
    ({"endpoints.0.nodeName": "N", "endpoints.0.hostname": "a.b"}, [
        "endpoints[0].nodeName: Invalid value: \"N\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'endpoints[0].hostname: Invalid value: "a.b": must not contain dots',
    ]),
    ({"endpoints.0.hints": {"forZones": [{"name": "a"}, {"name": "a"}, {}, {"name": "!"}]}}, [
        'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
        "endpoints[0].hints.forZones[3].name: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]),
    ({"endpoints.0.hints": {"forZones": [{"name": str(n)} for n in range(9)]}}, ["endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"]),
    ({"endpoints.0.hints": {"forNodes": [{"name": "a"}, {"name": "a"}, {"name": ""}]}}, [
        'endpoints[0].hints.forNodes[1].name: Duplicate value: "a"',
        "endpoints[0].hints.forNodes[2].name: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
    ({"ports.0.name": ""}, []),
    ({"ports.1": {"name": "http"}, "ports.2": {"name": "H"}}, [
        'ports[1].name: Duplicate value: "http"',
        "ports[2].name: Invalid value: \"H\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]),
    ({"ports.0.protocol": "ICMP", "ports.0.appProtocol": "a b"}, [
        'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        "ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"endpoints": []}, []),
    ({"addressType": "IPv6", ADDRESSES: ["2001:db8::1"]}, ['addressType: Invalid value: "IPv6": field is immutable']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The type of the addresses stays."""
    assert KIND.update_refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses, but for the topology, which v1 drops."""
    updates = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    assert KIND.unchecked([changes for changes, _ in ROWS], updates) == ["endpoints[*].deprecatedTopology"]


def test_stored_faults_stay_valid() -> None:
    """Invalid endpoints stay while none of them changes."""
    old = {ADDRESSES: ["192.0.2.01"]}
    assert KIND.update_refusals({"ports": []}, old=old) == []
    assert len(KIND.update_refusals({"endpoints.0.hostname": "i"}, old=old)) == 1


def test_ports_have_name_and_protocol() -> None:
    """A port has the name "" and the protocol TCP by default."""
    assert KIND.stored({"ports": [{"port": 1}]})["ports"] == [{"name": "", "port": 1, "protocol": "TCP"}]


def test_topology_is_dropped() -> None:
    """The topology of v1beta1 cannot be written in v1."""
    topology = {"endpoints.0.deprecatedTopology": {"a": "b"}}
    assert "deprecatedTopology" not in KIND.stored(topology)["endpoints"][0]
    assert "deprecatedTopology" not in KIND.updated(topology)[0]["endpoints"][0]


def test_generation_counts_changes_of_labels() -> None:
    """A change of the labels counts as one of the endpoints does; one of the annotations does not."""
    assert KIND.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"endpoints": []})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"metadata.annotations": {"a": "b"}})[0]["metadata"]["generation"] == 1


def test_domain_names_are_deprecated() -> None:
    """A slice of domain names warns when it becomes one."""
    strategy = next(iter(builtin_resources(definition))).strategy
    names = {"addressType": "FQDN"}
    assert strategy.warnings(names, None) == ["spec.addressType: FQDN endpoints are deprecated"]
    assert strategy.warnings(names, names) == strategy.warnings({"addressType": "IPv4"}, None) == []


def test_table_shows_ports_and_addresses() -> None:
    """A port without a number is every port; no ports and no addresses are unset."""
    changes = {"ports.1": {"name": "all"}, ADDRESSES: ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]}
    assert list(KIND.row(changes).values()) == ["x", "IPv4", "80,*", "192.0.2.1,192.0.2.2,192.0.2.3 + 1 more...", "5m"]
    assert KIND.bookmark_row() == ["", "", "<unset>", "<unset>", "<unknown>"]
