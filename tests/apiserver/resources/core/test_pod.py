"""Pod: its defaults, what the server sets in a new one, its table; and that each of its rules has a row."""

from copy import deepcopy
from typing import Any

import pytest

from tests.apiserver.resources.core import (
    test_pod_containers,
    test_pod_environment,
    test_pod_handlers,
    test_pod_mounts,
    test_pod_resources,
    test_pod_scheduling,
    test_pod_security,
    test_pod_spec,
    test_pod_updates,
    test_pod_volumes,
)
from tests.apiserver.resources.core.pod_objects import CONTAINER, POD, PREFERRED, REQUIRED
from tests.apiserver.resources.kind_checks import NONE, Changes

MODULES = (
    test_pod_containers,
    test_pod_environment,
    test_pod_handlers,
    test_pod_mounts,
    test_pod_resources,
    test_pod_scheduling,
    test_pod_security,
    test_pod_spec,
    test_pod_volumes,
)
DEFAULTED = {
    "spec.terminationGracePeriodSeconds",
    *(
        f"spec.{kind}[*].{handler}.httpGet.path"
        for kind in ("containers", "initContainers")
        for handler in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
    ),
}
"""Required fields that are never absent, since they have defaults."""
ARMOR = "container.apparmor.security.beta.kubernetes.io/c"


def _in_other(changes: Changes, place: str, container: Changes) -> Changes:
    """The changes of the first container, made to a container of another kind."""
    moved = {name.replace("spec.containers.0", f"spec.{place}.0"): value for name, value in changes.items()}
    return {f"spec.{place}.0": dict(container), **moved}


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses; those for each container hold in all lists of containers."""
    rows = [changes for module in MODULES for changes, _ in module.ROWS]
    of_containers = [changes for changes in rows if any(name.startswith("spec.containers.0") for name in changes)]
    sidecar = {"name": "i", "image": "x", "restartPolicy": "Always"}
    rows += [_in_other(changes, "initContainers", sidecar) for changes in of_containers]
    rows += [_in_other(changes, "ephemeralContainers", {"name": "e", "image": "x"}) for changes in of_containers]
    updates = [POD.updated(changes, old=old)[1] for old, changes, _ in test_pod_updates.ROWS]
    assert set(POD.unchecked(rows, updates)) == DEFAULTED


def test_pod_of_one_image_has_all_a_kubelet_asks_for() -> None:
    """A pod of a name and an image is stored with the defaults of its spec and of its container."""
    assert POD.stored({"spec": {"containers": [CONTAINER]}})["spec"] == {
        "containers": [
            {
                **CONTAINER,
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
        ("registry.example.com/a/b__c", "Always"),
        (f"nginx@sha256:{'0' * 64}", "IfNotPresent"),
        (f"nginx:latest@sha256:{'0' * 64}", "Always"),
        ("0" * 64, "IfNotPresent"),
        ("No_Image!", "IfNotPresent"),
        ("a" * 300, "IfNotPresent"),
    ],
)
def test_only_latest_image_is_pulled_always(image: str, policy: str) -> None:
    """An image without a fixed tag is pulled each time; what is no name of an image is not."""
    stored = POD.stored(
        {"spec.containers.0.image": image, "spec.volumes": [{"name": "v", "image": {"reference": image}}]}
    )
    assert stored["spec"]["containers"][0]["imagePullPolicy"] == policy
    assert stored["spec"]["volumes"][0]["image"]["pullPolicy"] == policy


@pytest.mark.parametrize(
    ("container", "place", "value"),
    [
        ({"resources": {"limits": {"cpu": "1"}}}, "resources", {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}),
        ({"ports": [{"containerPort": 80}]}, "ports", [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]),
        ({"livenessProbe": {"grpc": {"port": 1}}}, "livenessProbe", {"grpc": {"port": 1, "service": ""}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}),
        ({"lifecycle": {"preStop": {"httpGet": {"port": 1}}}}, "lifecycle", {"preStop": {"httpGet": {"port": 1, "path": "/", "scheme": "HTTP"}}}),
        ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}, "env", [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}}]),
    ],
)  # fmt: skip
def test_container_has_defaults(container: Changes, place: str, value: Any) -> None:
    """What a container in the node's network leaves open is filled in."""
    stored = POD.stored({"spec": {"hostNetwork": True, "containers": [{**CONTAINER, **container}]}})
    assert stored["spec"]["containers"][0][place] == value


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({}, {"emptyDir": {}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"hostPath": {"path": "/"}}, {"hostPath": {"path": "/", "type": ""}}),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, {"projected": {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}], "defaultMode": 420}}),
        ({"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}]}}, {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}], "defaultMode": 420}}),
    ],
)  # fmt: skip
def test_volume_has_defaults(given: Changes, stored: Changes) -> None:
    """A volume without a source is an empty directory; files can be read by all."""
    assert POD.stored({"spec.volumes": [{"name": "v", **given}]})["spec"]["volumes"] == [{"name": "v", **stored}]


@pytest.mark.parametrize(
    ("resources", "quality"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "0"}}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1000m", "memory": "1Gi"}, "requests": {"cpu": "1"}}, "Guaranteed"),
    ],
)
def test_new_pod_has_quality_of_its_resources(resources: Changes, quality: str) -> None:
    """A new pod is pending and has the quality of service that its requests and limits give it."""
    stored = POD.stored({"spec.containers.0.resources": resources, "status": {"phase": "Running"}})
    assert stored["status"] == {"phase": "Pending", "qosClass": quality}
    of_pod = POD.stored(
        {"spec.resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}}
    )
    assert of_pod["status"]["qosClass"] == "Guaranteed"


@pytest.mark.parametrize(
    ("resources", "of_container", "stored"),
    [
        ({"limits": {"cpu": "3"}}, {}, {"limits": {"cpu": "3"}, "requests": {"cpu": "3"}}),
        (
            {"limits": {"cpu": "3", "memory": "1Gi"}, "requests": {"memory": "1Mi"}},
            {"requests": {"cpu": "250m"}},
            {"limits": {"cpu": "3", "memory": "1Gi"}, "requests": {"cpu": "250m", "memory": "1Mi"}},
        ),
        (
            {"requests": {"cpu": "1"}},
            {"limits": {"hugepages-2Mi": "4Mi"}},
            {
                "limits": {"hugepages-2Mi": "4Mi"},
                "requests": {"cpu": "1", "hugepages-2Mi": "4Mi"},
            },
        ),
        ({"requests": {"cpu": "1"}}, {"requests": {"memory": "1Mi"}}, {"requests": {"cpu": "1"}}),
    ],
)
def test_pod_as_whole_requests_what_its_containers_do(
    resources: Changes, of_container: Changes, stored: Changes
) -> None:
    """Requests come from the containers, then from the limits; limits of huge pages from the containers."""
    pod = POD.stored({"spec.resources": resources, "spec.containers.0.resources": of_container})
    assert pod["spec"]["resources"] == stored


def test_gated_pod_says_that_it_waits() -> None:
    """A condition with the present time explains why the pod is not scheduled."""
    (condition,) = POD.stored({"spec.schedulingGates": [{"name": "a/b"}]})["status"]["conditions"]
    assert condition.pop("lastTransitionTime").endswith("Z")
    assert condition == {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def test_keys_of_labels_are_merged_into_selectors() -> None:
    """A term that is for pods with the pod's own value of a label selects that value."""
    term = {"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["a", "none"], "mismatchLabelKeys": ["b"]}
    stored = POD.stored(
        {
            "metadata.labels": {"a": "1", "b": "2"},
            "spec.affinity": {
                "podAffinity": {REQUIRED: [term]},
                "podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": deepcopy(term)}]},
            },
        }
    )["spec"]["affinity"]
    expressions = [{"key": "a", "operator": "In", "values": ["1"]}, {"key": "b", "operator": "NotIn", "values": ["2"]}]
    assert stored["podAffinity"][REQUIRED][0]["labelSelector"]["matchExpressions"] == expressions
    weighed = stored["podAntiAffinity"][PREFERRED][0]["podAffinityTerm"]
    assert weighed["labelSelector"]["matchExpressions"] == expressions


@pytest.mark.parametrize(
    ("annotation", "profile"),
    [
        ("unconfined", {"type": "Unconfined"}),
        ("localhost/mine", {"type": "Localhost", "localhostProfile": "mine"}),
        ("half", None),
    ],
)
def test_profile_of_annotation_is_set(annotation: str, profile: Changes | None) -> None:
    """An AppArmor profile that only an annotation gives is written to the field of the container."""
    stored = POD.stored({"metadata.annotations": {ARMOR: annotation}})
    assert stored["spec"]["containers"][0].get("securityContext", {}).get("appArmorProfile") == profile


def test_requests_may_be_as_large_as_limits() -> None:
    """Amounts beyond all floats are compared exactly."""
    amounts = {"cpu": "1e400", "example.com/gpu": "1e30"}
    resources = {"limits": amounts, "requests": {**amounts, "memory": "1e400"}}
    assert POD.refusals({"spec.containers.0.resources": resources}) == []


RUNNING = {"name": "c", "ready": True, "state": {"running": {}}}
ENDED = {"lastState": {"terminated": {"finishedAt": "2026-01-01T00:03:00Z"}}}
SIDECAR = {"name": "s", "restartPolicy": "Always"}
CELLS: list[tuple[Changes, tuple[str, str, str]]] = [
    ({"status": {"phase": "Pending"}}, ("Pending", "0/1", "0")),
    ({"status": {"phase": "Running", "containerStatuses": [RUNNING]}}, ("Running", "1/1", "0")),
    ({"status": {"phase": "Running", "containerStatuses": [{**RUNNING, **ENDED, "restartCount": 2}]}}, ("Running", "1/1", "2 (2m ago)")),
    ({"status": {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}}, ("ErrImagePull", "0/1", "0")),
    ({"status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}}, ("ExitCode:3", "0/1", "0")),
    ({"status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}}, ("Signal:9", "0/1", "0")),
    ({"status": {"phase": "Running", "containerStatuses": [RUNNING, {"state": {"terminated": {"reason": "Completed"}}}]}}, ("NotReady", "1/1", "0")),
    ({"status": {"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}, "restartCount": 1}]}, "spec.initContainers": [{"name": "i"}]}, ("Init:0/1", "0/1", "1")),
    ({"status": {"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}}, ("Init:Error", "0/1", "0")),
    ({"status": {"phase": "Running", "initContainerStatuses": [{**RUNNING, "name": "s", "started": True, "restartCount": 1}], "containerStatuses": [RUNNING]}, "spec.initContainers": [SIDECAR]}, ("Running", "2/2", "1")),
    ({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}}, ("SchedulingGated", "0/1", "0")),
    ({"metadata.deletionTimestamp": "2026-01-01T00:00:00Z", "status": {"phase": "Running"}}, ("Terminating", "0/1", "0")),
    ({"metadata.deletionTimestamp": "2026-01-01T00:00:00Z", "status": {"phase": "Running", "reason": "NodeLost"}}, ("Unknown", "0/1", "0")),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "cells"), CELLS)
def test_row_shows_progress(changes: Changes, cells: tuple[str, str, str]) -> None:
    """The table tells more than the phase, and counts sidecars."""
    row = POD.row(changes)
    assert (row["Status"], row["Ready"], row["Restarts"]) == cells


def test_row_shows_place() -> None:
    """The wide table has addresses, nodes and gates; a bookmark has a row too."""
    status = {"podIPs": [{"ip": "10.0.0.1"}], "conditions": [{"type": "a/b", "status": "True"}]}
    gates = [{"conditionType": "a/b"}, {"conditionType": "c/d"}]
    row = POD.row({"spec.nodeName": "n", "spec.readinessGates": gates, "status": status})
    assert (row["IP"], row["Node"], row["Nominated Node"], row["Readiness Gates"]) == ("10.0.0.1", "n", "<none>", "1/2")
    assert len(POD.bookmark_row()) == len(POD.row(NONE))


@pytest.mark.parametrize(("phase", "reason"), [("Succeeded", "Succeeded"), ("Failed", "Failed"), ("Running", None)])
def test_row_of_pod_that_ended_says_so(phase: str, reason: str | None) -> None:
    """Clients read from the conditions of a row that a pod has ended."""
    assert POD.definition.row_conditions is not None
    found = POD.definition.row_conditions({"status": {"phase": phase}})
    assert [condition["reason"] for condition in found] == ([reason] if reason else [])
