"""Pod: how containers are named, started and reached."""

import pytest

from tests.apiserver.resources.core.pod_objects import LABEL, POD
from tests.apiserver.resources.kind_checks import Changes

RESTART = {"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({'spec.containers': []}, [
        'spec.containers: Required value',
    ]),
    ({'spec.containers.0.name': ''}, [
        'spec.containers[0].name: Required value',
    ]),
    ({'spec.containers.0.name': 'C_'}, [
        'spec.containers[0].name: Invalid value: "C_": ' + LABEL,
    ]),
    ({'spec.containers.0.image': ''}, [
        'spec.containers[0].image: Required value',
    ]),
    ({'spec.containers.0.image': ' nginx'}, [
        'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ]),
    ({'spec.containers.0.terminationMessagePolicy': 'Nowhere'}, [
        'spec.containers[0].terminationMessagePolicy: Unsupported value: "Nowhere": supported values: "File", "FallbackToLogsOnError"',
    ]),
    ({'spec.containers.0.imagePullPolicy': 'Sometimes'}, [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ]),
    ({'spec.containers': [{'name': 'c', 'image': 'nginx'}, {'name': 'c', 'image': 'nginx'}]}, [
        'spec.containers[1].name: Duplicate value: "c"',
    ]),
    ({'spec.containers.0.ports': [{'containerPort': 80, 'name': 'web'}, {'containerPort': 81, 'name': 'web'}]}, [
        'spec.containers[0].ports[1].name: Duplicate value: "web"',
    ]),
    ({'spec.containers.0.ports': [{'containerPort': 0, 'name': 'toolongforaportname', 'hostPort': -1, 'protocol': 'ICMP'}]}, [
        'spec.containers[0].ports[0].name: Invalid value: "toolongforaportname": must be no more than 15 characters',
        'spec.containers[0].ports[0].containerPort: Required value',
        'spec.containers[0].ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive',
        'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ]),
    ({'spec.containers.0.ports': [{'containerPort': 70000}]}, [
        'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ]),
    ({'spec.containers.0.ports': [{'containerPort': 80, 'hostPort': 8080}, {'containerPort': 81, 'hostPort': 8080}]}, [
        'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8080"',
    ]),
    ({'spec.containers.0.restartPolicy': 'Sometimes'}, [
        'spec.containers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ]),
    ({'spec.containers.0.restartPolicyRules': [{'action': 'Restart', 'exitCodes': {'operator': 'In', 'values': [1]}}]}, [
        'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
    ]),
    ({'spec.containers.0.restartPolicy': 'Never', 'spec.containers.0.restartPolicyRules': [{'action': 'Stop', 'exitCodes': {'operator': 'Is'}}]}, [
        'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"',
        'spec.containers[0].restartPolicyRules[0].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"',
    ]),
    ({'spec.containers.0.restartPolicy': 'Never', 'spec.containers.0.restartPolicyRules': [{'action': 'Restart'}]}, [
        'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
    ]),
    ({'spec.containers.0.restartPolicy': 'Never', 'spec.containers.0.restartPolicyRules': [{'action': 'Restart', 'exitCodes': {'operator': 'In', 'values': [1] * 256}}]}, [
        'spec.containers[0].restartPolicyRules[0].exitCodes.values: Too many: 256: must have at most 255 items',
    ]),
    ({'spec.containers.0.restartPolicy': 'Never', 'spec.containers.0.restartPolicyRules': [RESTART] * 21}, [
        'spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items',
    ]),
    ({'spec.initContainers': [{'name': 'i', 'image': 'x', 'startupProbe': {'exec': {'command': ['x']}}, 'livenessProbe': {'exec': {'command': ['x']}}, 'readinessProbe': {'exec': {'command': ['x']}}, 'lifecycle': {'preStop': {'sleep': {'seconds': 1}}}}]}, [
        'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
        'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ]),
    ({'spec.initContainers': [{'name': 'i', 'image': 'x', 'restartPolicy': 'Always', 'startupProbe': {'exec': {'command': ['x']}}, 'lifecycle': {'preStop': {'sleep': {'seconds': 1}}}}]}, []),
    ({'spec.initContainers': [{'name': 'c', 'image': 'x'}, {'name': '', 'image': 'x'}, {'name': 'i', 'image': ' x'}]}, [
        'spec.initContainers[0].name: Duplicate value: "c"',
        'spec.initContainers[1].name: Required value',
        'spec.initContainers[2].image: Invalid value: " x": must not have leading or trailing whitespace',
    ]),
    ({'spec.initContainers': [{'name': 'i', 'image': 'x', 'restartPolicy': 'Always', 'startupProbe': {}}]}, [
        'spec.initContainers[0].startupProbe: Required value: must specify a handler type',
    ]),
    ({'spec.initContainers': [{'name': 'i', 'image': 'x', 'ports': [{'containerPort': 1, 'hostPort': 9}, {'containerPort': 2, 'hostPort': 9}]}]}, [
        'spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//9"',
    ]),
    ({'spec.ephemeralContainers': [{'name': 'e', 'image': 'x'}]}, [
        'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]),
    ({'spec.ephemeralContainers': [{'name': 'c', 'image': 'x ', 'targetContainerName': 'd', 'ports': [{'containerPort': 1}], 'volumeMounts': [{'name': 'data', 'mountPath': '/x', 'subPath': 'a'}]}]}, [
        'spec.ephemeralContainers[0].image: Invalid value: "x ": must not have leading or trailing whitespace',
        'spec.ephemeralContainers[0].name: Duplicate value: "c"',
        'spec.ephemeralContainers[0].targetContainerName: Not found: "d"',
        'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
        'spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container',
        'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_containers_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
