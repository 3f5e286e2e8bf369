"""What a pod or a service is refused for, and in which words."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, refusals

CONTAINER = {"name": "c", "image": "nginx"}
NODES = "requiredDuringSchedulingIgnoredDuringExecution"


def of_pod(**spec: Any) -> list[str]:
    return refusals(an_object("v1", "Pod", spec={"containers": [CONTAINER], **spec}))


def of_container(**fields: Any) -> list[str]:
    return refusals(an_object("v1", "Pod", spec={"containers": [{**CONTAINER, **fields}]}))


def variable(**source: Any) -> list[JSONObject]:
    return [{"name": "A", "valueFrom": source}]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (
            {"lifecycle": {"preStop": {}}},
            "lifecycle.preStop: Required value: must specify a handler type",
        ),
        ({"livenessProbe": {"exec": {}}}, "livenessProbe.exec.command: Required value"),
        (
            {"readinessProbe": {"tcpSocket": {"port": 0}}},
            "readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            {"securityContext": {"runAsUser": -1}},
            "securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
            "securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
        ),
        (
            {"env": variable(fieldRef={"apiVersion": "v1", "fieldPath": "spec.foo"})},
            (
                'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: '
                "field label not supported: spec.foo"
            ),
        ),
        ({"env": variable(secretKeyRef={"name": "s", "key": ""})}, "env[0].valueFrom.secretKeyRef.key: Required value"),
        (
            {"resources": {"limits": {"example.com/gpu": 2}, "requests": {"example.com/gpu": 1}}},
            'resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
        ),
        (
            {"resources": {"requests": {"example.com/gpu": 1}}},
            "resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            {"resources": {"requests": {"pods": 1}}},
            'resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers',
        ),
    ],
)
def test_refuses_a_container(fields: JSONObject, why: str) -> None:
    """Each with the path of what is wrong."""
    assert of_container(**fields) == [f"spec.containers[0].{why}"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"affinity": {"nodeAffinity": {NODES: {"nodeSelectorTerms": []}}}},
            f"affinity.nodeAffinity.{NODES}.nodeSelectorTerms: Required value: must have at least one node selector term",
        ),
        (
            {"topologySpreadConstraints": [{"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}]},
            "topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
        ),
        (
            {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "x", "whenUnsatisfiable": "DoNotSchedule"}]},
            "topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
        ({"dnsPolicy": "None"}, "dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
        (
            {"hostAliases": [{"ip": "x"}]},
            'hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ),
        (
            {"initContainers": [{"name": "i", "image": "x", "startupProbe": {"exec": {"command": ["x"]}}}]},
            "initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
        ),
        (
            {"ephemeralContainers": [{"name": "e", "image": "x"}]},
            "ephemeralContainers: Forbidden: cannot be set on create",
        ),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 3}]},
            "tolerations[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
        (
            {
                "hostNetwork": True,
                "containers": [{**CONTAINER, "ports": [{"containerPort": 80, "hostPort": 81}]}],
            },
            "containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
        ),
    ],
)
def test_refuses_a_pod(spec: JSONObject, why: str) -> None:
    """Where it may run, what it can reach, and what only an update may give it."""
    assert of_pod(**spec) == [f"spec.{why}"]


def test_lets_a_helper_be_asked_whether_it_is_well() -> None:
    """An init container that stays may have probes; so may any name of a resource with a domain be asked for."""
    probe = {"exec": {"command": ["x"]}}
    helper = {
        "name": "i",
        "image": "x",
        "restartPolicy": "Always",
        "startupProbe": probe,
        "lifecycle": {"preStop": probe},
    }
    assert of_pod(initContainers=[helper]) == []
    assert of_container(resources={"limits": {"example.com/gpu": 1, "hugepages-2Mi": "4Mi", "memory": "1Gi"}}) == []
