"""Endpoints: its rules, its default, its table."""

import pytest

from rootspan_apiserver.resources.core.endpoints import definition
from tests.apiserver.resources.kind_checks import Changes, KindCheck

ADDRESS = {"ip": "192.0.2.1", "hostname": "h", "nodeName": "n"}
KIND = KindCheck(definition, {"subsets": [{"addresses": [ADDRESS], "ports": [{"port": 80}]}]})
FIRST = "subsets.0.addresses.0"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"subsets.0.addresses": []}, ["subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"]),
    ({"subsets.0": {"notReadyAddresses": [ADDRESS]}}, []),
    ({"subsets.0.notReadyAddresses": [{"hostname": "a.b", "nodeName": ""}, {"ip": "::1"}]}, [
        'subsets[0].notReadyAddresses[0].ip: Invalid value: "": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[0].notReadyAddresses[0].hostname: Invalid value: "a.b": must not contain dots',
        "subsets[0].notReadyAddresses[0].nodeName: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'subsets[0].notReadyAddresses[0].ip: Invalid value: "": must be a valid IP address',
        'subsets[0].notReadyAddresses[1].ip: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ]),
    ({f"{FIRST}.ip": "192.0.2.01"}, ['subsets[0].addresses[0].ip: Invalid value: "192.0.2.01": must not have leading 0s']),
    ({f"{FIRST}.ip": "127.0.0.1"}, ['subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']),
    ({f"{FIRST}.hostname": "H", f"{FIRST}.nodeName": "N"}, [
        "subsets[0].addresses[0].hostname: Invalid value: \"H\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        "subsets[0].addresses[0].nodeName: Invalid value: \"N\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]),
    ({"subsets.0.ports.0": {"protocol": "ICMP", "name": "a.b", "appProtocol": "a b"}}, [
        'subsets[0].ports[0].name: Invalid value: "a.b": must not contain dots',
        "subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        'subsets[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        "subsets[0].ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]),
    ({"subsets.0.ports.0.protocol": ""}, []),
    ({"subsets.0.ports.1": {"port": 65536}}, [
        "subsets[0].ports[0].name: Required value",
        "subsets[0].ports[1].name: Required value",
        "subsets[0].ports[1].port: Invalid value: 65536: must be between 1 and 65535, inclusive",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    assert KIND.unchecked([changes for changes, _ in ROWS]) == []


def test_stored_faults_stay_valid() -> None:
    """Invalid subsets stay while none of them changes."""
    old = {f"{FIRST}.ip": "127.0.0.1"}
    assert KIND.update_refusals({"metadata.labels": {"a": "b"}}, old=old) == []
    assert len(KIND.update_refusals({f"{FIRST}.hostname": "i"}, old=old)) == 1


def test_table_shows_addresses_with_ports() -> None:
    """Each address is shown with each port, the addresses that are not ready are not."""
    changes = {
        "subsets.0.ports.1": {"name": "b", "port": 81},
        "subsets.1": {"addresses": [{"ip": "192.0.2.2"}, {"ip": "192.0.2.3"}]},
    }
    assert KIND.stored()["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert list(KIND.row(changes).values()) == ["x", "192.0.2.1:80,192.0.2.1:81,192.0.2.2 + 1 more...", "5m"]
    assert KIND.bookmark_row() == ["", "<none>", "<unknown>"]
