"""Pod: what containers and pods ask for."""

import pytest

from tests.apiserver.resources.core.pod_objects import LABEL, POD, SUBDOMAIN
from tests.apiserver.resources.kind_checks import Changes

ROWS: list[tuple[Changes, list[str]]] = [
    ({'spec.containers.0.resources': {'limits': {'cpu': 1, 'memory': '1Gi', 'example.com/gpu': 1, 'hugepages-2Mi': '4Mi'}}}, []),
    ({'spec.containers.0.resources': {'limits': {'cpu': '-1'}, 'requests': {'pods': '1'}}}, [
        'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        'spec.containers[0].resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers',
    ]),
    ({'spec.containers.0.resources': {'requests': {'cpu': '2'}, 'limits': {'cpu': '1500m'}}}, [
        'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
    ]),
    ({'spec.containers.0.resources': {'limits': {'example.com/gpu': 2}, 'requests': {'example.com/gpu': 1}}}, [
        'spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
    ]),
    ({'spec.containers.0.resources': {'requests': {'example.com/gpu': '1500m'}}}, [
        'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "1500m": must be an integer',
        'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ]),
    ({'spec.containers.0.resources': {'limits': {'hugepages-2Mi': '3Mi'}}}, [
        'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
        'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
        'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
    ]),
    ({'spec.containers.0.resources': {'claims': [{'name': 'gpu'}]}, 'spec.resourceClaims': [{'name': 'gpu', 'resourceClaimName': 'x'}]}, []),
    ({'spec.containers.0.resources': {'claims': [{'name': ''}, {'name': 'gpu', 'request': 'A_'}, {'name': 'gpu', 'request': 'A_'}, {'name': 'gpu'}, {'name': 'none'}]}, 'spec.resourceClaims': [{'name': 'gpu', 'resourceClaimTemplateName': 'x'}]}, [
        'spec.containers[0].resources.claims[0]: Required value',
        'spec.containers[0].resources.claims[1].request: Invalid value: "A_": ' + LABEL,
        'spec.containers[0].resources.claims[2].request: Invalid value: "A_": ' + LABEL,
        'spec.containers[0].resources.claims[2]: Duplicate value: "gpu/A_"',
        'spec.containers[0].resources.claims[3]: Duplicate value: "gpu"',
        'spec.containers[0].resources.claims[4]: Not found: "none": must be one of the names in pod.spec.resourceClaims: gpu',
    ]),
    ({'spec.containers.0.resources': {'claims': [{'name': 'gpu'}]}}, [
        'spec.containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
    ]),
    ({'spec.resourceClaims': [{'name': '', 'resourceClaimName': 'a', 'resourceClaimTemplateName': 'b'}, {'name': 'a'}, {'name': 'a', 'resourceClaimName': 'A_'}, {'name': 'b', 'resourceClaimTemplateName': 'B_'}]}, [
        'spec.resourceClaims[0].name: Required value',
        'spec.resourceClaims[0]: Invalid value: {"Name":"","ResourceClaimName":"a","ResourceClaimTemplateName":"b"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
        'spec.resourceClaims[1]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        'spec.resourceClaims[2].resourceClaimName: Invalid value: "A_": ' + SUBDOMAIN,
        'spec.resourceClaims[3].resourceClaimTemplateName: Invalid value: "B_": ' + SUBDOMAIN,
        'spec.resourceClaims[2].name: Duplicate value: "a"',
    ]),
    ({'spec.containers.0.resizePolicy': [{'resourceName': 'cpu', 'restartPolicy': 'NotRequired'}]}, []),
    ({'spec.containers.0.resizePolicy': [{'resourceName': 'gpu', 'restartPolicy': 'Maybe'}, {'resourceName': 'cpu'}, {'resourceName': 'cpu', 'restartPolicy': 'NotRequired'}]}, [
        'spec.containers[0].resizePolicy: Unsupported value: "gpu": supported values: "cpu", "memory"',
        'spec.containers[0].resizePolicy: Unsupported value: "Maybe": supported values: "NotRequired", "RestartContainer"',
        'spec.containers[0].resizePolicy: Required value',
        'spec.containers[0].resizePolicy[2]: Duplicate value: "cpu"',
    ]),
    ({'spec.containers.0.resizePolicy': [{'resourceName': 'cpu', 'restartPolicy': 'RestartContainer'}], 'spec.restartPolicy': 'Never'}, [
        'spec.containers[0].resizePolicy: Invalid value: "RestartContainer": must be \'NotRequired\' when `restartPolicy` is \'Never\'',
    ]),
    ({'spec.resources': {'requests': {'cpu': '2'}, 'limits': {'cpu': '2'}}}, []),
    ({'spec.resources': {'requests': {'cpu': '1', 'pods': '1'}, 'limits': {'cpu': '1'}, 'claims': [{'name': 'a'}]}, 'spec.containers.0.resources': {'requests': {'cpu': '2'}, 'limits': {'cpu': '2'}}}, [
        'spec.resources.claims: Forbidden: claims cannot be set for Resources at pod-level',
        'spec.resources.requests[pods]: Unsupported value: "pods": supported values: "cpu", "hugepages-", "memory"',
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
        'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ]),
    ({'spec.resources': {'requests': {'cpu': '1'}}, 'spec.containers.0.resources': {'requests': {'memory': '1Gi'}}}, []),
    ({'spec.resources': {'requests': {'memory': '1Gi'}}, 'spec.containers.0.resources': {'requests': {'memory': '1537Mi'}}}, [
        'spec.resources.requests[memory]: Invalid value: "1Gi": must be greater than or equal to aggregate container requests of 1537Mi',
    ]),
    ({'spec.resources': {'requests': {'cpu': '2'}}, 'spec.initContainers': [{'name': 'i', 'image': 'i', 'imagePullPolicy': 'Always', 'terminationMessagePolicy': 'File', 'resources': {'requests': {'cpu': '3'}}}]}, [
        'spec.resources.requests[cpu]: Invalid value: "2": must be greater than or equal to aggregate container requests of 3',
    ]),
    ({'spec.resources': {'limits': {'ephemeral-storage': '1'}}}, [
        'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
    ]),
    ({'spec.overhead': {'cpu': '10m'}}, []),
    ({'spec.overhead': {'cpu': '-1'}}, [
        'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_resources_are_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what is valid passes."""
    assert POD.refusals(changes) == errors
