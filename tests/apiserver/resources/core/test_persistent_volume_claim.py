"""PersistentVolumeClaim: its source, what may change once it is bound, its table."""

from typing import Any

import pytest

from rootspan_apiserver.resources.core.persistent_volume_claim import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PERSISTENT_VOLUME_CLAIM = KindCheck(
    definition, {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}}
)
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.accessModes': []}, ['spec.accessModes: Required value: at least 1 access mode is required']),
    ({'spec.accessModes': ['Some']}, ['spec.accessModes: Unsupported value: "Some": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"']),
    ({'spec.accessModes': ['ReadWriteOncePod', 'ReadOnlyMany']}, ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes']),
    ({'spec.selector': {'matchLabels': {'a': 'b c'}}}, ['spec.selector.matchLabels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')']),
    ({'spec.resources': {}}, ['spec.resources[storage]: Required value']),
    ({'spec.resources.requests.storage': '0'}, ['spec.resources[storage]: Invalid value: "0": must be greater than zero']),
    ({'spec.storageClassName': ''}, []),
    ({'spec.storageClassName': 'A'}, ['spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
    ({'spec.volumeMode': 'Tape'}, ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"']),
    ({'spec.dataSource': {'apiGroup': 'snapshot.storage.k8s.io', 'kind': 'VolumeSnapshot', 'name': 's'}}, []),
    ({'spec.dataSourceRef': {'kind': 'Thing', 'apiGroup': 'example.com', 'name': 't'}}, []),
    ({'spec.dataSourceRef': {'kind': 'Thing', 'name': 't'}}, ['spec.dataSource: Invalid value: "Thing": must be \'PersistentVolumeClaim\' when referencing the default apiGroup', 'spec.dataSourceRef: Invalid value: "Thing": must be \'PersistentVolumeClaim\' when referencing the default apiGroup']),
    ({'spec.dataSourceRef': {'apiGroup': 'Example', 'kind': 'T'}}, ['spec.dataSource.name: Required value', 'spec.dataSource.apiGroup: Invalid value: "Example": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')', 'spec.dataSourceRef.name: Required value', 'spec.dataSourceRef.apiGroup: Invalid value: "Example": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
    ({'spec.dataSource': {'apiGroup': 'snapshot.storage.k8s.io', 'kind': 'VolumeSnapshot', 'name': 's'}, 'spec.dataSourceRef': {'apiGroup': 'snapshot.storage.k8s.io', 'kind': 'VolumeSnapshot', 'name': 't'}}, ['spec: Invalid value: {}: must match dataSourceRef']),
    ({'spec.volumeAttributesClassName': 'A'}, ['spec.volumeAttributesClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'metadata.labels': {'a': 'b'}}, []),
    ('', {}, {'spec.volumeName': 'v'}, []),
    ('', {}, {'spec.storageClassName': 'fast'}, []),
    ('', {}, {'spec.resources.requests.storage': '3Gi'}, ['spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -6,7 +6,7 @@\n  "Resources": {\n   "Limits": null,\n   "Requests": {\n-   "storage": "2Gi"\n+   "storage": "3Gi"\n   }\n  },\n  "VolumeName": "",\n']),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}}, {'spec.resources.requests.storage': '3Gi'}, []),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}}, {'spec.resources.requests.storage': '1Gi'}, ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}}, {'spec.resources.requests.storage': '1500Mi'}, []),
    ('', {}, {'spec.volumeMode': 'Block'}, ['spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -11,7 +11,7 @@\n  },\n  "VolumeName": "",\n  "StorageClassName": null,\n- "VolumeMode": "Filesystem",\n+ "VolumeMode": "Block",\n  "DataSource": null,\n  "DataSourceRef": null,\n  "VolumeAttributesClassName": null\n', 'volumeMode: Invalid value: "Block": field is immutable']),
    ('', {'spec.dataSource': {'apiGroup': 'snapshot.storage.k8s.io', 'kind': 'VolumeSnapshot', 'name': 's'}}, {'spec.dataSource.name': ''}, ['spec.dataSource.name: Required value', 'spec: Invalid value: {}: must match dataSourceRef', 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n@@ -15,7 +15,7 @@\n  "DataSource": {\n   "APIGroup": "snapshot.storage.k8s.io",\n   "Kind": "VolumeSnapshot",\n-  "Name": "s"\n+  "Name": ""\n  },\n  "DataSourceRef": {\n   "APIGroup": "snapshot.storage.k8s.io",\n']),
    ('', {'metadata.annotations': {'volume.beta.kubernetes.io/storage-class': 'old'}}, {'spec.storageClassName': 'old'}, []),
    ('', {'metadata.annotations': {'volume.beta.kubernetes.io/storage-class': 'old'}}, {'metadata.annotations': {}}, ['metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "": field is immutable']),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}, 'spec.volumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': 'b'}, []),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}, 'spec.volumeAttributesClassName': 'a', 'status.currentVolumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': ''}, ['spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil']),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}, 'spec.volumeAttributesClassName': 'a', 'status.currentVolumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': REMOVED}, ['spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil']),
    ('', {'status.phase': 'Bound', 'status.capacity': {'storage': '1Gi'}, 'spec.volumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': REMOVED}, []),
    ('status', {}, {'status.capacity': {'storage': '1Gi'}, 'status.allocatedResources': {'storage': '1Gi'}, 'status.allocatedResourceStatuses': {'storage': 'NodeResizePending'}}, []),
    ('status', {}, {'status.capacity': {'storage': '-1'}, 'status.allocatedResources': {'cpu': '1', 'storage': '-2'}, 'status.allocatedResourceStatuses': {'a b': 'Some'}}, ['status.capacity[storage]: Invalid value: -1: must be a valid resource quantity', 'status.allocatedResourceStatus: Invalid value: "a b": name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyName\',  or \'my.name\',  or \'123-abc\', regex used for validation is \'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\')', 'status.allocatedResourceStatus: Unsupported value: "a b": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"', 'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"', 'status.allocatedResources[storage]: Invalid value: -2: must be a valid resource quantity']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert PERSISTENT_VOLUME_CLAIM.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert PERSISTENT_VOLUME_CLAIM.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [
        PERSISTENT_VOLUME_CLAIM.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES
    ]
    assert PERSISTENT_VOLUME_CLAIM.unchecked([changes for changes, _ in ROWS], updates) == []


CLAIM = {"apiGroup": None, "kind": "PersistentVolumeClaim", "name": "c"}
THING = {"apiGroup": "example.com", "kind": "Thing", "name": "t"}


@pytest.mark.parametrize(
    ("changes", "local", "reference"),
    [
        ({"spec.dataSource": {"kind": "PersistentVolumeClaim", "name": "c"}}, CLAIM, CLAIM),
        ({"spec.dataSourceRef": THING}, THING, THING),
        ({"spec.dataSource": THING}, None, None),
        ({"spec.dataSourceRef": {**THING, "namespace": "n"}}, None, None),
    ],
)  # fmt: skip
def test_sources_are_the_same(changes: Changes, local: Any, reference: Any) -> None:
    """Each field is filled in from the other; what the old field cannot name is dropped, as is another namespace."""
    spec = PERSISTENT_VOLUME_CLAIM.stored(changes)["spec"]
    assert (spec.get("dataSource"), spec.get("dataSourceRef")) == (local, reference)


def test_fraction_of_byte_is_warned_of() -> None:
    """So is the annotation that was the class before 1.6."""
    changes = {
        "spec.resources.requests.storage": "1.5",
        "metadata.annotations": {"volume.beta.kubernetes.io/storage-class": "a"},
    }
    assert definition.warnings is not None
    assert definition.warnings(PERSISTENT_VOLUME_CLAIM.stored(changes), None) == [
        'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
        'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ]
    assert definition.warnings(PERSISTENT_VOLUME_CLAIM.stored(), None) == []


def test_table_shows_volume_of_bound_claim() -> None:
    """Size and modes are those of the volume, once there is one."""
    changes = {
        "spec.volumeName": "v",
        "status.phase": "Bound",
        "status.capacity": {"storage": "4Gi"},
        "status.accessModes": ["ReadWriteOnce"],
    }
    row = PERSISTENT_VOLUME_CLAIM.row(changes)
    assert (row["Status"], row["Volume"], row["Capacity"], row["Access Modes"]) == ("Bound", "v", "4Gi", "RWO")
    row = PERSISTENT_VOLUME_CLAIM.row({"status.capacity": {"storage": "4Gi"}})
    assert (row["Capacity"], row["Access Modes"]) == ("", "")
    assert PERSISTENT_VOLUME_CLAIM.bookmark_row()[-2:] == ["<unknown>", "<unset>"]
