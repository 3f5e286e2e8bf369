"""Node: its taints, ranges, resources and configuration, and its table."""

import pytest

from rootspan_apiserver.resources.core.node import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

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
    ({'status.capacity': {'cpu': '-1'}}, ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0', 'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0']),
    ({'status.capacity': {'example.com/gpu': '1500m'}}, ['status.capacity.example.com/gpu: Invalid value: "1500m": must be an integer', 'status.allocatable.example.com/gpu: Invalid value: "1500m": must be an integer']),
    ({'status.allocatable': {'pods': '1.5'}}, ['status.allocatable.pods: Invalid value: "1.5": must be an integer']),
    ({'spec.podCIDR': '10.1.0.0'}, ['spec.podCIDRs[0]: Invalid value: "10.1.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']),
    ({'spec.podCIDRs': ['10.1.0.0/24', 'fd00::/64']}, []),
    ({'spec.podCIDRs': ['10.1.0.0/24', '10.2.0.0/24']}, ['spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family']),
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
    ('', {}, {'spec.configSource': {}}, ['spec.configSource: Invalid value: {"ConfigMap":null}: exactly one reference subfield must be non-nil']),
    ('', {}, {'spec.configSource': {'configMap': {'namespace': 'n', 'name': 'c', 'kubeletConfigKey': 'kubelet'}}}, []),
    ('', {}, {'spec.configSource': {'configMap': {'uid': 'u', 'resourceVersion': '1', 'namespace': 'N', 'name': 'C', 'kubeletConfigKey': 'a b'}}}, ['spec.configSource.configMap.uid: Forbidden: uid must not be set in spec', 'spec.configSource.configMap.resourceVersion: Forbidden: resourceVersion must not be set in spec', 'spec.configSource.configMap.namespace: Invalid value: "N": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character (e.g. \'my-name\',  or \'123-abc\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?\')', 'spec.configSource.configMap.name: Invalid value: "C": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')', 'spec.configSource.configMap.kubeletConfigKey: Invalid value: "a b": a valid config key must consist of alphanumeric characters, \'-\', \'_\' or \'.\' (e.g. \'key.name\',  or \'KEY_NAME\',  or \'key-name\', regex used for validation is \'[-._a-zA-Z0-9]+\')']),
    ('status', {}, {'status.addresses': [{'type': 'Hostname', 'address': 'a'}, {'type': 'Hostname', 'address': 'a'}]}, ['status.addresses[1]: Duplicate value: {"Type":"Hostname","Address":"a"}']),
    ('status', {}, {'status.capacity': {'cpu': '-1'}}, ['status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0', 'status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0']),
    ('status', {}, {'status.config.assigned': {'configMap': {'uid': '', 'resourceVersion': '', 'namespace': '', 'name': '', 'kubeletConfigKey': ''}}}, ['status.config.assigned.configMap.uid: Required value: uid must be set in status', 'status.config.assigned.configMap.resourceVersion: Required value: resourceVersion must be set in status', 'status.config.assigned.configMap.namespace: Required value: namespace must be set', 'status.config.assigned.configMap.name: Required value: name must be set', 'status.config.assigned.configMap.kubeletConfigKey: Required value: kubeletConfigKey must be set']),
    ('status', {}, {'status.config.active': {}, 'status.config.lastKnownGood': {}}, ['status.config.active: Invalid value: {"ConfigMap":null}: exactly one reference subfield must be non-nil', 'status.config.lastKnownGood: Invalid value: {"ConfigMap":null}: exactly one reference subfield must be non-nil']),
    ('status', {}, {'status.config.active': {'configMap': {'uid': '', 'resourceVersion': '', 'namespace': '', 'name': '', 'kubeletConfigKey': ''}}, 'status.config.lastKnownGood': {'configMap': {'uid': '', 'resourceVersion': '', 'namespace': '', 'name': '', 'kubeletConfigKey': ''}}}, ['status.config.active.configMap.uid: Required value: uid must be set in status', 'status.config.active.configMap.resourceVersion: Required value: resourceVersion must be set in status', 'status.config.active.configMap.namespace: Required value: namespace must be set', 'status.config.active.configMap.name: Required value: name must be set', 'status.config.active.configMap.kubeletConfigKey: Required value: kubeletConfigKey must be set', 'status.config.lastKnownGood.configMap.uid: Required value: uid must be set in status', 'status.config.lastKnownGood.configMap.resourceVersion: Required value: resourceVersion must be set in status', 'status.config.lastKnownGood.configMap.namespace: Required value: namespace must be set', 'status.config.lastKnownGood.configMap.name: Required value: name must be set', 'status.config.lastKnownGood.configMap.kubeletConfigKey: Required value: kubeletConfigKey must be set']),
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
            "status.nodeInfo": {"kubeletVersion": "v1.36.2", "osImage": "Linux"},
        }
    )
    assert (row["Status"], row["Roles"]) == ("Ready,SchedulingDisabled", "control-plane,worker")
    assert (row["Internal-IP"], row["External-IP"]) == ("192.0.2.1", "<none>")
    assert (row["Version"], row["OS-Image"], row["Kernel-Version"]) == ("v1.36.2", "Linux", "<unknown>")
    assert NODE.row({"status.conditions": [{"type": "Ready", "status": "Unknown"}]})["Status"] == "NotReady"
    assert NODE.bookmark_row()[:3] == ["", "Unknown", "<none>"]
