"""Pod: where volumes are in containers."""

import pytest

from tests.apiserver.resources.core.pod_objects import POD
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a'}, {'name': 'data', 'mountPath': '/b', 'subPath': 'x'}]}, []),
    ({'spec.containers.0.volumeMounts': [{'name': '', 'mountPath': ''}]}, [
        'spec.containers[0].volumeMounts[0].name: Required value',
        'spec.containers[0].volumeMounts[0].name: Not found: ""',
        'spec.containers[0].volumeMounts[0].mountPath: Required value',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a'}, {'name': 'data', 'mountPath': '/a'}]}, [
        'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'subPath': '../x', 'subPathExpr': '/y'}]}, [
        'spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain \'..\'',
        'spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: "/y": subPathExpr and subPath are mutually exclusive',
        'spec.containers[0].volumeMounts.subPathExpr: Invalid value: "/y": must be a relative path',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'image', 'mountPath': '/a', 'subPath': 'x'}]}, [
        'spec.containers[0].volumeMounts[0].subPath: Invalid value: "x": not allowed in image volume sources',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'mountPropagation': 'Up'}]}, [
        'spec.containers[0].volumeMounts.mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'mountPropagation': 'Bidirectional'}]}, [
        'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'recursiveReadOnly': 'Maybe'}]}, [
        'spec.containers[0].volumeMounts.recursiveReadOnly: Unsupported value: "Maybe": supported values: "Disabled", "Enabled", "IfPossible"',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'recursiveReadOnly': 'Enabled', 'mountPropagation': 'HostToContainer'}]}, [
        'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
        'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
    ]),
    ({'spec.containers.0.volumeMounts': [{'name': 'data', 'mountPath': '/a', 'readOnly': True, 'recursiveReadOnly': 'Enabled'}]}, []),
    ({'spec.containers.0.volumeDevices': [{'name': 'claim', 'devicePath': '/dev/a'}]}, []),
    ({'spec.containers.0.volumeDevices': [{'name': '', 'devicePath': ''}]}, [
        'spec.containers[0].volumeDevices[0].name: Required value',
        'spec.containers[0].volumeDevices[0].name: Not found: ""',
        'spec.containers[0].volumeDevices[0].devicePath: Required value',
    ]),
    ({'spec.containers.0.volumeDevices': [{'name': 'data', 'devicePath': '/dev/../a'}]}, [
        'spec.containers[0].volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/dev/../a": can not contain backsteps (\'..\')',
    ]),
    ({'spec.containers.0.volumeDevices': [{'name': 'claim', 'devicePath': '/a'}, {'name': 'claim', 'devicePath': '/a'}]}, [
        'spec.containers[0].volumeDevices[1].name: Invalid value: "claim": must be unique',
        'spec.containers[0].volumeDevices[1].devicePath: Invalid value: "/a": must be unique',
    ]),
    ({'spec.containers.0.volumeDevices': [{'name': 'claim', 'devicePath': '/a'}], 'spec.containers.0.volumeMounts': [{'name': 'claim', 'mountPath': '/a'}]}, [
        'spec.containers[0].volumeMounts[0].name: Invalid value: "claim": must not already exist in volumeDevices',
        'spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices',
        'spec.containers[0].volumeDevices[0].name: Invalid value: "claim": must not already exist in volumeMounts',
        'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_mounts_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
