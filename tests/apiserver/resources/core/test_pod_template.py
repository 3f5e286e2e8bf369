"""PodTemplate, and the template that workloads share: its rules, defaults and table."""

import pytest

from rootspan_apiserver.kube import names
from rootspan_apiserver.resources.core.pod_template import definition
from tests.apiserver.resources.core.pod_objects import CONTAINER
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

TEMPLATE = KindCheck(
    definition, {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [CONTAINER]}}}
)
QUALIFIED = names.qualified_name("!")[0]
SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"template": REMOVED}, ["template.spec.containers: Required value"]),
    ({"template.metadata.labels": {"!": ""}}, [f'template.labels: Invalid value: "!": {QUALIFIED}']),
    ({"template.metadata.annotations": {"!": ""}}, [f'template.annotations: Invalid value: "!": {QUALIFIED}']),
    ({"template.metadata.annotations": {SECCOMP: "half"}}, [f'template.annotations.{SECCOMP}: Invalid value: "half": must be a valid seccomp profile']),
    ({"template.metadata.annotations": {SECCOMP: "unconfined"}, "template.spec.securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, [
        "template.spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
    ]),
    ({"template.spec.containers.0.image": " nginx "}, []),
    ({"template.spec.hostNetwork": True, "template.spec.containers.0.ports": [{"containerPort": 80}]}, []),
    ({"template.spec.hostNetwork": True, "template.spec.containers.0.ports": [{"containerPort": 80, "hostPort": 81}]}, [
        "template.spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
    ]),
    ({"template.spec.ephemeralContainers": [{"name": "e", "image": "x"}]}, [
        "template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """A template has the rules of a pod, but for those that wait until the pod is made."""
    assert TEMPLATE.refusals(changes) == errors


def test_update_is_checked() -> None:
    """All of a template may change, to what is valid."""
    assert TEMPLATE.update_refusals({"template.spec.containers.0.command": ["x"]}) == []
    assert TEMPLATE.update_refusals({"template.spec.containers": []}) == ["template.spec.containers: Required value"]


def test_change_of_template_counts_generation() -> None:
    """The generation is 1 at first, and one more for each other template."""
    assert TEMPLATE.stored()["metadata"]["generation"] == 1
    assert TEMPLATE.updated({"template.spec.hostname": "h"})[0]["metadata"]["generation"] == 2
    assert TEMPLATE.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 1


def test_template_has_no_defaults_of_pods() -> None:
    """What holds in pods themselves only is not set in a template."""
    limits = {"resources": {"limits": {"cpu": "1"}}, "ports": [{"containerPort": 80}]}
    changes = {"template.spec.hostNetwork": True, "template.spec.containers": [{**CONTAINER, **limits}]}
    spec = TEMPLATE.stored(changes)["template"]["spec"]
    assert "enableServiceLinks" not in spec
    assert "requests" not in spec["containers"][0]["resources"]
    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_row_shows_containers() -> None:
    """The table names the containers, their images and the labels; a bookmark has a row too."""
    assert TEMPLATE.row() == {"Name": "x", "Containers": "c", "Images": "nginx", "Pod Labels": "a=b"}
    assert TEMPLATE.bookmark_row() == ["", "", "", "<none>"]
