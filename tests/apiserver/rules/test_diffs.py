"""The difference of two structs, as kube-apiserver shows it."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules.diffs import struct_diff

STRUCT = "core/v1.CSIPersistentVolumeSource"


def test_struct_diff_is_unified_and_in_internal_form() -> None:
    """Fields have the names of Go; there are three lines around a change, and no header."""
    old: JSONObject = {"driver": "d", "volumeHandle": "v", "fsType": "ext4"}
    assert struct_diff(old, {**old, "fsType": "<x>"}, STRUCT) == (
        '@@ -2,7 +2,7 @@\n  "Driver": "d",\n  "VolumeHandle": "v",\n  "ReadOnly": false,\n- "FSType": "ext4",\n'
        '+ "FSType": "\\u003cx\\u003e",\n  "VolumeAttributes": null,\n  "ControllerPublishSecretRef": null,\n'
        '  "NodeStageSecretRef": null,\n'
    )
    assert struct_diff(old, old, STRUCT) == ""
