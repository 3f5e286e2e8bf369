"""VolumeAttachment: its rules, its status, its table."""

import pytest

from rootspan_apiserver.resources.storage.volume_attachment import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

SPEC = {"attacher": "disks.example.org", "nodeName": "n1", "source": {"persistentVolumeName": "v1"}}
ATTACHMENT = KindCheck(definition, {"spec": SPEC})
SUBDOMAIN = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
ONE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
INLINE = {"csi": {"driver": "d.example.com", "volumeHandle": "h"}, "accessModes": ["ReadWriteOnce"]}
PLACE, IN_CONTEXT = "spec.source.inlineVolumeSpec", "in the context of inline volumes"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.attacher": REMOVED}, ["spec.attacher: Required value"]),
    ({"spec.attacher": "a" * 64}, ["spec.attacher: Too long: may not be more than 63 bytes"]),
    ({"spec.nodeName": REMOVED}, [f'spec.nodeName: Invalid value: "": {SUBDOMAIN}']),
    ({"spec.source": {}}, [f"spec.source: Required value: {ONE}"]),
    ({"spec.source": {"inlineVolumeSpec": INLINE}}, []),
    ({"spec.source": {"inlineVolumeSpec": {"hostPath": {"path": "/a"}, "capacity": {"storage": "1Gi"}, "claimRef": {}, "nodeAffinity": {}}}}, [
        f"{PLACE}.claimRef: Forbidden: may not be specified {IN_CONTEXT}",
        f"{PLACE}.capacity: Forbidden: may not be specified {IN_CONTEXT}",
        f"{PLACE}.csi: Required value: has to be specified {IN_CONTEXT}",
        f"{PLACE}.accessModes: Required value",
        f"{PLACE}.nodeAffinity: Forbidden: may not be specified {IN_CONTEXT}",
    ]),
    ({"spec.source": {"inlineVolumeSpec": {**INLINE, "persistentVolumeReclaimPolicy": "Delete", "volumeMode": "Block", "storageClassName": "c"}}}, [
        f"{PLACE}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain {IN_CONTEXT}",
        f"{PLACE}.storageClassName: Forbidden: may not be specified {IN_CONTEXT}",
        f"{PLACE}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem {IN_CONTEXT}",
    ]),
    ({"spec.source.inlineVolumeSpec": {"capacity": {"storage": "1Gi"}}}, [f"spec.source: Forbidden: {ONE}"]),
    ({"spec.source.persistentVolumeName": ""}, [
        "spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName",
        f'spec.source.persistentVolumeName: Invalid value: "": {SUBDOMAIN}',
    ]),
]  # fmt: skip
TOO_LONG = "Too long: may not be more than 262144 bytes"
STATUS: list[tuple[Changes, list[str]]] = [
    ({"status": {"attached": True, "attachmentMetadata": {"device": "/dev/x"}, "attachError": {"message": "m" * 1024}}}, []),
    ({"status": {"attachmentMetadata": {"k": "x" * 262144}}}, [f"status.attachmentMetadata: {TOO_LONG}"]),
    ({"status": {"attachError": {"message": "m" * 1025}}}, [f"status.attachError.message: {TOO_LONG}"]),
    ({"status": {"detachError": {"message": "m" * 1025, "errorCode": -1}}}, [
        f"status.detachError.message: {TOO_LONG}",
        "status.detachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    ]),
    ({"status": {"attachError": {"errorCode": -1}}}, ["status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive"]),
]  # fmt: skip
SHOWN = (
    '{"Attacher":"disks.example.org","Source":{"PersistentVolumeName":"v1","InlineVolumeSpec":null},"NodeName":"n2"}'
)


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words."""
    assert ATTACHMENT.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS)
def test_status_is_checked(changes: Changes, errors: list[str]) -> None:
    """What the driver reports has its limits."""
    assert ATTACHMENT.update_refusals({"status.attached": False, **changes}, "status") == errors


def test_update_changes_no_spec() -> None:
    """The error shows the spec as the server has it internally."""
    assert ATTACHMENT.update_refusals({"metadata.labels": {"a": "b"}}) == []
    assert ATTACHMENT.update_refusals({"spec.nodeName": "n2"}) == [f"spec: Invalid value: {SHOWN}: field is immutable"]


def test_update_checks_whole_attachment() -> None:
    """The names of driver and volume, too, though they cannot change."""
    (refusal,) = ATTACHMENT.update_refusals({"metadata.labels": {"a": "b"}}, old={"spec.attacher": "A_b"})
    assert refusal.startswith('spec.attacher: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of')


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [ATTACHMENT.updated(changes, "status")[1] for changes, _ in STATUS]
    updates.append(ATTACHMENT.updated({"spec.nodeName": "n2"})[1])
    assert ATTACHMENT.unchecked([changes for changes, _ in ROWS], updates) == []


def test_write_of_status_keeps_labels() -> None:
    """A driver that reports cannot label."""
    updated, _ = ATTACHMENT.updated({"status.attached": True, "metadata.labels": {"a": "b"}}, "status")
    assert updated["status"]["attached"] is True
    assert "labels" not in updated["metadata"]


def test_table_shows_where_volume_is() -> None:
    """A bookmark has empty cells."""
    cells = {"Name": "x", "Attacher": "disks.example.org", "PV": "v1", "Node": "n1", "Attached": True, "Age": "5m"}
    assert ATTACHMENT.row({"status": {"attached": True}}) == cells
    assert ATTACHMENT.bookmark_row() == ["", "", "", "", False, "<unknown>"]
