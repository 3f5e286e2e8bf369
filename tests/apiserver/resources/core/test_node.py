"""Node: its taints, ranges, resources and configuration, and its table."""

import pytest

from rootspan_apiserver.resources.core.node import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

TAINTS, AVOID = (f"scheduler.alpha.kubernetes.io/{name}" for name in ("taints", "preferAvoidPods"))
NODE = KindCheck(
    definition,
    {
        "spec": {
            "podCIDR": "10.1.0.0/24",
            "providerID": "p://1",
            "taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}],
        }
    },
)
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.taints.0.key': 'a b'}, ['metadata.taints[0].key: Invalid value: "a b": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')']),
    ({'spec.taints.0.value': 'b c'}, ['metadata.taints[0].value: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')']),
    ({'spec.taints.0.effect': REMOVED}, ['metadata.taints[0].effect: Required value']),
    ({'spec.taints.0.effect': 'Never'}, ['metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"']),
    ({'spec.taints.1': {'key': 'a', 'effect': 'NoSchedule'}}, ['metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair']),
    ({'spec.taints.1': {'key': 'a', 'effect': 'NoExecute'}}, []),
    ({'metadata.annotations': {TAINTS: '[{"Key": "a", "effect": "NoSchedule"}]'}}, []),
    ({'metadata.annotations': {TAINTS: '[{"key": "a"}]'}}, [f'metadata.annotations.{TAINTS}[0].effect: Required value']),
    ({'metadata.annotations': {TAINTS: '['}}, [f'metadata.annotations: Invalid value: "{TAINTS}": unexpected end of JSON input']),
    ({'metadata.annotations': {TAINTS: '[{"value": 7}]'}}, [f'metadata.annotations: Invalid value: "{TAINTS}": json: cannot unmarshal number into Go struct field Taint.Value of type string']),
    ({'metadata.annotations': {TAINTS: '{}'}}, [f'metadata.annotations: Invalid value: "{TAINTS}": json: cannot unmarshal object into Go value of type []core.Taint']),
    ({'metadata.annotations': {AVOID: '{}', TAINTS: 'null'}}, []),
    ({'metadata.annotations': {AVOID: '7'}}, [f'metadata.annotations.AvoidPods: Invalid value: "{AVOID}": json: cannot unmarshal number into Go value of type v1.AvoidPods']),
    ({'metadata.annotations': {AVOID: '{"preferAvoidPods": [{}]}'}}, [f'metadata.annotations.{AVOID}[0].PodSignature: Required value']),
    ({'metadata.annotations': {AVOID: '{"preferAvoidPods": [{"podSignature": {"podController": {}}}]}'}}, [f'metadata.annotations.{AVOID}[0].PodSignature.PodController.Controller: Invalid value: false: must point to a controller']),
    ({'status.capacity': {'cpu': '-1'}}, ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0', 'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0']),
    ({'status.capacity': {'example.com/gpu': '1500m'}}, ['status.capacity.example.com/gpu: Invalid value: "1500m": must be an integer', 'status.allocatable.example.com/gpu: Invalid value: "1500m": must be an integer']),
    ({'status.allocatable': {'pods': '1.5'}}, ['status.allocatable.pods: Invalid value: "1.5": must be an integer']),
    ({'spec.podCIDR': '10.1.0.0'}, ['spec.podCIDRs[0]: Invalid value: "10.1.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ({'spec.podCIDRs': ['10.1.0.0/24', 'fd00::/64']}, []),
    ({'spec.podCIDRs': ['10.1.0.0/24', '10.2.0.0/24']}, ['spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family']),
    ({'spec.podCIDRs': ['10.1.0.0/24', 'x']}, ["spec.podCIDRs[1]: Invalid value: \"x\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)", "spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x)", "spec.podCIDRs: Invalid value: [\"10.1.0.0/24\",\"x\"]: may specify no more than one CIDR for each IP family"]),
    ({'spec.podCIDRs': ['10.1.0.0/24', '10.1.0.0/24', 'fd00::/64']}, ['spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.1.0.0/24","fd00::/64"]: may specify no more than one CIDR for each IP family']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'spec.unschedulable': True}, []),
    ('', {}, {'spec.podCIDR': '10.2.0.0/24', 'spec.podCIDRs': ['10.2.0.0/24']}, ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid']),
    ('', {}, {'spec.podCIDRs': ['10.1.0.0/24', 'fd00::/64']}, ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid']),
    ('', {}, {'spec.providerID': REMOVED}, ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid']),
    ('', {'spec.providerID': REMOVED}, {'spec.providerID': 'p://2'}, []),
    ('', {}, {'spec.externalID': 'e'}, ['spec.externalID: Forbidden: may not be updated']),
    ('', {}, {'spec.taints.0.effect': ''}, ['metadata.taints[0].effect: Required value', 'metadata.taints[0].effect: Required value']),
    ('status', {}, {'status.addresses': [{'type': 'Hostname', 'address': 'a'}, {'type': 'Hostname', 'address': 'a'}]}, ['status.addresses[1]: Duplicate value: {"Type":"Hostname","Address":"a"}']),
    ('status', {}, {'status.capacity': {'cpu': '-1'}}, ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0', 'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert NODE.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert NODE.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [NODE.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert NODE.unchecked([changes for changes, _ in ROWS], updates) == []


def test_status_of_new_node_is_kept() -> None:
    """The kubelet creates a node with its status; all there is can be allocated unless the status says otherwise."""
    status = NODE.stored({"status.capacity": {"cpu": "4"}})["status"]
    assert (status["capacity"], status["allocatable"]) == ({"cpu": "4"}, {"cpu": "4"})
    assert NODE.stored({"status.capacity": {"cpu": "4"}, "status.allocatable": {"cpu": "3"}})["status"][
        "allocatable"
    ] == {"cpu": "3"}


@pytest.mark.parametrize(
    ("changes", "first", "ranges"),
    [
        ({}, "10.1.0.0/24", ["10.1.0.0/24"]),
        ({"spec.podCIDRs": ["10.9.0.0/24"]}, "10.1.0.0/24", ["10.1.0.0/24"]),
        ({"spec.podCIDR": REMOVED, "spec.podCIDRs": ["10.9.0.0/24", "fd00::/64"]}, "10.9.0.0/24", ["10.9.0.0/24", "fd00::/64"]),
    ],
)  # fmt: skip
def test_first_range_is_the_old_field(changes: Changes, first: str, ranges: list[str]) -> None:
    """`podCIDR` and the first of `podCIDRs` are the same; the older field wins."""
    spec = NODE.stored(changes)["spec"]
    assert (spec["podCIDR"], spec["podCIDRs"]) == (first, ranges)


def test_table_shows_state_and_addresses() -> None:
    """Roles come from labels, the state from a condition and from the spec, addresses by their type."""
    row = NODE.row(
        {
            "metadata.labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "worker"},
            "spec.unschedulable": True,
            "status.conditions": [{"type": "Ready", "status": "True"}],
            "status.addresses": [
                {"type": "InternalIP", "address": "192.0.2.1"},
                {"type": "InternalIP", "address": "192.0.2.2"},
            ],
            "status.nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Linux", "architecture": "arm64"},
        }
    )
    assert (row["Status"], row["Roles"]) == ("Ready,SchedulingDisabled", "control-plane,worker")
    assert (row["Internal-IP"], row["External-IP"]) == ("192.0.2.1", "<none>")
    assert (row["Version"], row["OS-Image"], row["Kernel-Version"]) == ("v1.36.2", "Linux", "<unknown> (arm64)")
    assert NODE.row({"status.conditions": [{"type": "Ready", "status": "Unknown"}]})["Status"] == "NotReady"
    assert NODE.bookmark_row()[:3] == ["", "Unknown", "<none>"]
