"""Pod: the variables of containers."""

import pytest

from tests.apiserver.resources.core.pod_objects import KEY, POD, QUALIFIED, SUBDOMAIN
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.containers.0.env': [{'name': 'A', 'value': 'b'}]}, []),
    ({'spec.containers.0.env': [{'name': ''}, {'name': 'A=B'}]}, [
        'spec.containers[0].env[0].name: Required value',
        'spec.containers[0].env[1].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {}}]}, [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': 'metadata.name'}}}]}, []),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Required value',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': 'spec.foo'}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': 'metadata.labels'}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': "metadata.labels['a!']"}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: "a!": ' + QUALIFIED,
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': "spec.nodeName['x']"}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nodeName[\'x\']": error converting fieldPath: field label does not support subscript: spec.nodeName[\'x\']',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fieldRef': {'apiVersion': 'v2', 'fieldPath': 'metadata.name'}}}]}, [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.cpu', 'divisor': '1m'}}}]}, []),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Required value',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.gpu'}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.cpu', 'divisor': '2'}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.memory', 'divisor': '2Mi'}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'requests.ephemeral-storage', 'divisor': '3'}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.ephemeral-storage": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'resourceFieldRef': {'resource': 'limits.hugepages-2Mi', 'divisor': '3'}}}]}, [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.hugepages-2Mi": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the hugepages resource',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'configMapKeyRef': {'name': '', 'key': ''}}}]}, [
        'spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "": ' + SUBDOMAIN,
        'spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Required value',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'configMapKeyRef': {'name': 'a', 'key': 'b'}}}]}, []),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'secretKeyRef': {'name': 'A_', 'key': '!'}}}]}, [
        'spec.containers[0].env[0].valueFrom.secretKeyRef.name: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.containers[0].env[0].valueFrom.secretKeyRef.key: Invalid value: "!": ' + KEY,
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'configMapKeyRef': {'name': 'a', 'key': 'b'}, 'secretKeyRef': {'name': 'a', 'key': 'b'}}}]}, [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'value': 'x', 'valueFrom': {'secretKeyRef': {'name': 'a', 'key': 'b'}}}]}, [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fileKeyRef': {'volumeName': 'data', 'path': 'a/b', 'key': 'K'}}}]}, []),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fileKeyRef': {'volumeName': 'none', 'path': '/a', 'key': 'a=b'}}}]}, [
        'spec.containers[0].env[0].valueFrom.fileKeyRef.key: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
        'spec.containers[0].env[0].valueFrom.fileKeyRef.path: Invalid value: "/a": must be a relative path',
        'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "none"',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fileKeyRef': {}}}]}, [
        'spec.containers[0].env[0].valueFrom.fileKeyRef.key: Required value',
        'spec.containers[0].env[0].valueFrom.fileKeyRef.path: Required value',
        'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Required value',
    ]),
    ({'spec.containers.0.env': [{'name': 'A', 'valueFrom': {'fileKeyRef': {'volumeName': 'claim', 'path': 'a', 'key': 'K'}}}]}, [
        'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "claim": referenced volume must be of type emptyDir',
    ]),
    ({'spec.containers.0.envFrom': [{'prefix': 'P_', 'configMapRef': {'name': 'a'}}]}, []),
    ({'spec.containers.0.envFrom': [{'prefix': 'a=', 'configMapRef': {'name': 'A_'}}, {'secretRef': {}}, {}]}, [
        'spec.containers[0].envFrom[0].prefix: Invalid value: "a=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
        'spec.containers[0].envFrom[0].configMapRef.name: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.containers[0].envFrom[1].secretRef.name: Required value',
        'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ]),
    ({'spec.containers.0.envFrom': [{'configMapRef': {'name': 'a'}, 'secretRef': {'name': 'a'}}]}, [
        'spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_environment_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
