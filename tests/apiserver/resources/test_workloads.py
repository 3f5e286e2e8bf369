"""Pods and what makes them: defaults, rules, and what an update may change."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, created, refusals, updated

CONTAINER = {"name": "c", "image": "nginx"}
TEMPLATE = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [CONTAINER]}}
SELECTOR = {"matchLabels": {"app": "d"}}


def a_pod(**spec: object) -> JSONObject:
    return an_object("v1", "Pod", spec={"containers": [CONTAINER], **spec})


def test_defaults_a_pod() -> None:
    """A pod of a name and an image is stored with everything a kubelet asks for."""
    assert created(a_pod())["spec"] == {
        "containers": [
            {
                "name": "c",
                "image": "nginx",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "Always",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("nginx@sha256:00", "IfNotPresent"),
    ],
)
def test_pulls_by_the_tag(image: str, policy: str) -> None:
    """Only an image without a fixed tag is pulled each time."""
    pod = created(an_object("v1", "Pod", spec={"containers": [{"name": "c", "image": image}]}))
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == policy


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
    ],
)
def test_classes_a_pod_by_its_resources(resources: JSONObject, quality: str) -> None:
    """A new pod is pending and has the quality of service that its requests and limits give it."""
    pod = created(a_pod(containers=[{**CONTAINER, "resources": resources}]))
    assert pod["status"] == {"phase": "Pending", "qosClass": quality}


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        ({"containers": []}, "spec.containers: Required value"),
        ({"containers": [{"name": "c"}]}, "spec.containers[0].image: Required value"),
        ({"containers": [CONTAINER, CONTAINER]}, 'spec.containers[1].name: Duplicate value: "c"'),
        (
            {"restartPolicy": "Maybe"},
            'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
        ),
        (
            {"containers": [{**CONTAINER, "ports": [{"containerPort": 70000}]}]},
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            {"containers": [{**CONTAINER, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ),
        (
            {"containers": [{**CONTAINER, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}]},
            (
                'spec.containers[0].resources.requests: Invalid value: "2":'
                " must be less than or equal to cpu limit of 1500m"
            ),
        ),
        (
            {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]},
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
        ),
    ],
)
def test_refuses_a_pod(spec: JSONObject, refusal: str) -> None:
    """Each rule says which field is wrong and why."""
    assert refusals(a_pod(**spec)) == [refusal]


def test_lets_only_the_image_of_a_container_change() -> None:
    """A running pod takes a new image, and no other command."""
    pod = created(a_pod())
    _, errors = updated(pod, {"spec": {"containers": [{**CONTAINER, "image": "nginx:2", "imagePullPolicy": "Always"}]}})
    assert errors == []
    _, errors = updated(pod, {"spec": {"containers": [{**CONTAINER, "command": ["sh"]}]}})
    assert errors[0].startswith("spec: Forbidden: pod updates may not change fields other than")
