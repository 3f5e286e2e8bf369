"""PersistentVolume: its source, what stays of it, its table."""

import pytest

from rootspan_apiserver.resources.core.persistent_volume import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PERSISTENT_VOLUME = KindCheck(
    definition, {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}}
)
# What is created, and why it is refused.
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.accessModes': []}, ['spec.accessModes: Required value']),
    ({'spec.accessModes': ['Some']}, ['spec.accessModes: Unsupported value: "Some": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"']),
    ({'spec.accessModes': ['ReadWriteOncePod', 'ReadOnlyMany']}, ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes']),
    ({'spec.capacity': {}}, ['spec.capacity: Required value', 'spec.capacity: Unsupported value: {}: supported values: "storage"']),
    ({'spec.capacity': {'storage': '1', 'cpu': '1'}}, ['spec.capacity: Unsupported value: {"cpu":"1","storage":"1"}: supported values: "storage"']),
    ({'spec.capacity': {'storage': '0'}}, ['spec.capacity[storage]: Invalid value: "0": must be greater than zero']),
    ({'spec.capacity': {'storage': '-1e30'}}, ['spec.capacity[storage]: Invalid value: -9223372036854775808: must be a valid resource quantity', 'spec.capacity[storage]: Invalid value: "-1e30": must be greater than zero']),
    ({'spec.persistentVolumeReclaimPolicy': 'Keep'}, ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"']),
    ({'spec.nodeAffinity': {}}, ['spec.nodeAffinity.required: Required value: must specify required node constraints']),
    ({'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'a', 'operator': 'In'}]}]}}}, ["spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
    ({'spec.hostPath': REMOVED}, ['spec: Required value: must specify a volume type']),
    ({'spec.nfs': {'server': 's', 'path': '/'}}, ['spec.nfs: Forbidden: may not specify more than 1 volume type']),
    ({'spec.cephfs': {}}, ['spec.cephFS: Forbidden: may not specify more than 1 volume type']),
    ({'spec.hostPath.path': '/a/../b'}, ['spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'']),
    ({'spec.hostPath.path': '/a/..', 'spec.persistentVolumeReclaimPolicy': 'Recycle'}, ['spec.hostPath.path: Invalid value: "/a/..": must not contain \'..\'', "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"]),
    ({'spec.hostPath.path': '/', 'spec.persistentVolumeReclaimPolicy': 'Recycle'}, ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"]),
    ({'spec.hostPath': REMOVED, 'spec.local': {'path': '/l'}}, ['spec.nodeAffinity: Required value: Local volume requires node affinity']),
    ({'spec.hostPath': REMOVED, 'spec.local': {'path': '/l'}, 'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'beta.kubernetes.io/os', 'operator': 'In', 'values': ['a']}]}]}}}, []),
    ({'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}}, []),
    ({'spec.hostPath': REMOVED, 'spec.csi': {'nodeExpandSecretRef': {'name': 'S'}}}, ['spec.csi.driver: Required value', 'spec.csi.volumeHandle: Required value', 'spec.csi.nodeExpandSecretRef.name: Invalid value: "S": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')', 'spec.csi.nodeExpandSecretRef.namespace: Required value']),
    ({'spec.hostPath': REMOVED, 'spec.iscsi': {'lun': 256, 'chapAuthSession': True}}, ['spec.iscsi.targetPortal: Required value', 'spec.iscsi.iqn: Required value', 'spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive', 'spec.iscsi.secretRef: Required value']),
    ({'spec.hostPath': REMOVED, 'spec.iscsi': {'targetPortal': 'p' * 63, 'iqn': 'foo', 'initiatorName': 'bar', 'secretRef': {}}}, [f'spec.iscsi.targetportal: Invalid value: "{"p" * 63}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.', 'spec.iscsi.iqn: Invalid value: "foo": must be valid format', 'spec.iscsi.secretRef.name: Required value', 'spec.iscsi.initiatorname: Invalid value: "bar": must be valid format']),
    ({'spec.hostPath': REMOVED, 'spec.iscsi': {'targetPortal': 'p', 'iqn': 'iqn.2001-04.com.x:s'}}, []),
    ({'spec.hostPath': REMOVED, 'spec.flocker': {}}, ['spec.flocker: Required value: one of datasetName and datasetUUID is required']),
    ({'spec.hostPath': REMOVED, 'spec.flocker': {'datasetName': 'a/b', 'datasetUUID': 'u'}}, ['spec.flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously', 'spec.flocker.datasetName: Invalid value: "a/b": must not contain \'/\'']),
    ({'spec.hostPath': REMOVED, 'spec.glusterfs': {'endpoints': 'e', 'path': 'p', 'endpointsNamespace': ''}}, ['spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name']),
    ({'spec.hostPath': REMOVED, 'spec.glusterfs': {'endpoints': 'e', 'path': 'p', 'endpointsNamespace': 'N'}}, ['spec.glusterfs.endpointsNamespace: Invalid value: "N": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\', and must start and end with an alphanumeric character (e.g. \'my-name\',  or \'123-abc\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?\')']),
    ({'spec.hostPath': REMOVED, 'spec.cinder': {'volumeID': 'v', 'secretRef': {}}}, ['spec.cinder.secretRef.name: Required value', 'spec.cinder.secretRef.namespace: Required value']),
    ({'spec.hostPath': REMOVED, 'spec.azureFile': {'secretNamespace': ''}}, ['spec.azureFile.secretName: Required value', 'spec.azureFile.shareName: Required value', 'spec.azureFile.secretNamespace: Required value']),
    ({'spec.storageClassName': 'A'}, ['spec.storageClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
    ({'spec.volumeMode': 'Tape'}, ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"']),
    ({'spec.volumeAttributesClassName': ''}, ['spec.volumeAttributesClassName: Required value: an empty string is disallowed', 'spec.csi: Required value: has to be specified when using volumeAttributesClassName']),
    ({'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}, 'spec.volumeAttributesClassName': 'A'}, ['spec.volumeAttributesClassName: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']),
]  # fmt: skip
# The subresource, the object before the update, what the update changes, and why it is refused.
UPDATES: list[tuple[str, Changes, Changes, list[str]]] = [
    ('', {}, {'spec.persistentVolumeReclaimPolicy': 'Delete'}, []),
    ('', {}, {'spec.hostPath.path': '/y'}, ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n  "HostPath": {\n-  "Path": "/x",\n+  "Path": "/y",\n   "Type": ""\n  },\n  "Glusterfs": null,\n']),
    ('', {}, {'spec.volumeMode': 'Block'}, ['volumeMode: Invalid value: "Block": field is immutable']),
    ('', {}, {'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'beta.kubernetes.io/os', 'operator': 'In', 'values': ['a']}]}]}}}, []),
    ('', {'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'beta.kubernetes.io/os', 'operator': 'In', 'values': ['a']}]}]}}}, {'spec.nodeAffinity': REMOVED}, ['nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA']),
    ('', {'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'beta.kubernetes.io/os', 'operator': 'In', 'values': ['a']}]}]}}}, {'spec.nodeAffinity.required.nodeSelectorTerms.0.matchExpressions.0.key': 'kubernetes.io/os'}, []),
    ('', {'spec.nodeAffinity': {'required': {'nodeSelectorTerms': [{'matchExpressions': [{'key': 'beta.kubernetes.io/os', 'operator': 'In', 'values': ['a']}]}]}}}, {'spec.nodeAffinity.required.nodeSelectorTerms.0.matchExpressions.0.key': 'b'}, ['nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"b","Operator":"In","Values":["a"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA']),
    ('', {'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}}, {'spec.csi.controllerExpandSecretRef': {'name': 's', 'namespace': 'n'}}, []),
    ('', {'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}}, {'spec.csi.fsType': 'xfs'}, ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -24,7 +24,7 @@\n   "Driver": "d.example.com",\n   "VolumeHandle": "v",\n   "ReadOnly": false,\n-  "FSType": "",\n+  "FSType": "xfs",\n   "VolumeAttributes": null,\n   "ControllerPublishSecretRef": null,\n   "NodeStageSecretRef": null,\n']),
    ('', {'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}, 'spec.volumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': 'b'}, []),
    ('', {'spec.hostPath': REMOVED, 'spec.csi': {'driver': 'd.example.com', 'volumeHandle': 'v'}, 'spec.volumeAttributesClassName': 'a'}, {'spec.volumeAttributesClassName': REMOVED}, ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden']),
    ('', {}, {'spec.accessModes': []}, ['spec.accessModes: Required value', 'spec.accessModes: Required value']),
    ('status', {}, {'status.phase': 'Bound'}, []),
    ('status', {}, {'metadata.labels': {'a': 'b c'}}, ['metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character (e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')']),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert PERSISTENT_VOLUME.refusals(changes) == errors


@pytest.mark.parametrize(("subresource", "old", "changes", "errors"), UPDATES)
def test_update_is_checked(subresource: str, old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may not change is refused, and what is invalid as on create."""
    assert PERSISTENT_VOLUME.update_refusals(changes, subresource, old=old) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [PERSISTENT_VOLUME.updated(changes, subresource, old=old)[1] for subresource, old, changes, _ in UPDATES]
    assert PERSISTENT_VOLUME.unchecked([changes for changes, _ in ROWS], updates) == []


def test_new_volume_is_pending() -> None:
    """Its phase is Pending since its creation; reclaim policy and mode have defaults."""
    stored = PERSISTENT_VOLUME.stored({"status.phase": "Bound"})
    assert stored["status"]["phase"] == "Pending"
    assert stored["status"]["lastPhaseTransitionTime"].endswith("Z")
    assert (stored["spec"]["persistentVolumeReclaimPolicy"], stored["spec"]["volumeMode"]) == ("Retain", "Filesystem")
    assert stored["spec"]["hostPath"]["type"] == ""


def test_time_of_phase_is_kept_until_it_changes() -> None:
    """A change of the phase is dated, unless the client does that."""
    key, old = "status.lastPhaseTransitionTime", {"status.lastPhaseTransitionTime": "2020-01-01T00:00:00Z"}
    assert (
        PERSISTENT_VOLUME.updated({key: REMOVED}, "status", old=old)[0]["status"]["lastPhaseTransitionTime"] == old[key]
    )
    changed = PERSISTENT_VOLUME.updated({"status.phase": "Bound"}, "status", old=old)[0]["status"]
    assert changed["lastPhaseTransitionTime"] > old[key]
    dated = {"status.phase": "Bound", key: "2021-01-01T00:00:00Z"}
    assert PERSISTENT_VOLUME.updated(dated, "status", old=old)[0]["status"]["lastPhaseTransitionTime"] == dated[key]


def test_table_shows_claim() -> None:
    """Its claim, its class and its size are shown."""
    row = PERSISTENT_VOLUME.row(
        {"spec.claimRef": {"namespace": "n", "name": "c"}, "spec.storageClassName": "fast", "status.phase": "Bound"}
    )
    assert (row["Claim"], row["StorageClass"], row["Capacity"]) == ("n/c", "fast", "1Gi")
    assert (row["Access Modes"], row["Status"], row["VolumeMode"]) == ("RWO", "Bound", "<unset>")
    assert PERSISTENT_VOLUME.row({"metadata.deletionTimestamp": "2026-01-01T00:00:00Z"})["Status"] == "Terminating"
    assert PERSISTENT_VOLUME.bookmark_row()[-2:] == ["<unknown>", "<unset>"]
