"""What updates of a pod may change: of the pod itself, its ephemeral containers, its resources and its status."""

import pytest

from rootspan_apiserver.resources.core.pod.updates import ONLY_THESE_CHANGE
from tests.apiserver.resources.core.pod_objects import CONTAINER, POD, REQUIRED
from tests.apiserver.resources.kind_checks import NONE, REMOVED, Changes

GATED: Changes = {
    "spec.schedulingGates": [{"name": "a"}, {"name": "b"}],
    "spec.nodeSelector": {"disk": "ssd"},
    "spec.affinity.nodeAffinity": {
        REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}
    },
}
TERMS = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
MIRROR = "kubernetes.io/config.mirror"
ARMOR = "container.apparmor.security.beta.kubernetes.io/c"
TOLERATION = {"key": "a", "operator": "Exists"}
ROWS: list[tuple[Changes, Changes, list[str]]] = [
    (NONE, {"metadata.labels": {"a": "b"}, "spec.containers.0.image": "nginx:2", "spec.activeDeadlineSeconds": 5, "spec.tolerations": [TOLERATION]}, []),
    (NONE, {"spec.containers.1": {"name": "d", "image": "x"}}, ["spec.containers: Forbidden: pod updates may not add or remove containers"]),
    (NONE, {"spec.initContainers": [{"name": "d", "image": "x"}]}, ["spec.initContainers: Forbidden: pod updates may not add or remove containers"]),
    (NONE, {"spec.containers.0.image": " x"}, ["spec.containers[0].image: Invalid value: \" x\": must not have leading or trailing whitespace"] * 2),
    ({"spec.activeDeadlineSeconds": 5}, {"spec.activeDeadlineSeconds": 4}, []),
    ({"spec.activeDeadlineSeconds": 5}, {"spec.activeDeadlineSeconds": 6}, ["spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"]),
    ({"spec.activeDeadlineSeconds": 5}, {"spec.activeDeadlineSeconds": REMOVED}, ["spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"]),
    ({"spec.tolerations": [TOLERATION]}, {"spec.tolerations": [{**TOLERATION, "effect": "NoExecute", "tolerationSeconds": 3}]}, ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"]),
    (NONE, {"spec.schedulingGates": [{"name": "a"}]}, ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a'"]),
    (GATED, {"spec.schedulingGates": [{"name": "a"}], "spec.nodeSelector.zone": "z"}, []),
    (GATED, {"spec.nodeSelector": {"disk": "hdd"}}, ['spec.nodeSelector: Invalid value: {"disk":"hdd"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)']),
    (GATED, {f"{TERMS}.0.matchExpressions.1": {"key": "b", "operator": "Exists"}}, []),
    (GATED, {f"{TERMS}.0.matchExpressions.0.key": "b"}, [f'{TERMS}[0]: Invalid value: {{"MatchExpressions":[{{"Key":"b","Operator":"Exists","Values":null}}],"MatchFields":null}}: only additions are allowed (no mutations or deletions)']),
    (GATED, {"spec.affinity": REMOVED}, [f"{TERMS}: Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed"]),
    ({"metadata.annotations": {MIRROR: "x", ARMOR: "unconfined"}, "spec.nodeName": "n"}, {"metadata.annotations": {}}, [
        f"metadata.annotations[{ARMOR}]: Forbidden: may not remove or update AppArmor annotations",
        f"metadata.annotations[{MIRROR}]: Forbidden: may not remove or update mirror pod annotation",
    ]),
    ({"spec.nodeName": "n"}, {"metadata.annotations": {MIRROR: "x", ARMOR: "unconfined"}}, [
        f"metadata.annotations[{ARMOR}]: Forbidden: may not add AppArmor annotations",
        f"metadata.annotations[{MIRROR}]: Forbidden: may not add mirror pod annotation",
    ]),
]  # fmt: skip
EPHEMERAL = {"name": "e", "image": "x"}
RESIZED: Changes = {"spec.containers.0.resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}


@pytest.mark.parametrize(("old", "changes", "errors"), ROWS)
def test_update_is_checked(old: Changes, changes: Changes, errors: list[str]) -> None:
    """What may change is checked for how; a gated pod may still be told where not to run."""
    assert POD.update_refusals(changes, old=old) == errors


def test_refusal_of_other_changes_shows_difference() -> None:
    """Any other change is refused with a unified diff of the internal form of the spec."""
    (error,) = POD.update_refusals({"spec.hostname": "web"})
    lines = error.removeprefix(f"spec: Forbidden: {ONLY_THESE_CHANGE}\n").splitlines()
    assert lines[0].startswith("@@ -")
    assert lines[1:] == [
        '   "SELinuxChangePolicy": null',
        "  },",
        '  "ImagePullSecrets": null,',
        '- "Hostname": "",',
        '+ "Hostname": "web",',
        '  "Subdomain": "",',
        '  "SetHostnameAsFQDN": null,',
        '  "Affinity": null,',
    ]


def test_grace_period_may_become_one_from_negative() -> None:
    """A negative grace period, that older servers stored, is the only one that may change."""
    assert POD.update_refusals({"spec.terminationGracePeriodSeconds": 5}) != []
    assert POD.stored({"spec.terminationGracePeriodSeconds": -5})["spec"]["terminationGracePeriodSeconds"] == 1


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        ([], [EPHEMERAL], []),
        ([EPHEMERAL], [], ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n']),
        ([EPHEMERAL], [{**EPHEMERAL, "image": "y"}], ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed\n']),
        ([], [{**EPHEMERAL, "name": "c"}], ['spec.ephemeralContainers[0].name: Duplicate value: "c"']),
    ],
)  # fmt: skip
def test_ephemeral_containers_are_added_only(old: list[Changes], new: list[Changes], errors: list[str]) -> None:
    """Through their subresource containers are added to a pod, and nothing else changes."""
    changes = {"spec.ephemeralContainers": new, "spec.hostname": "other"}
    stored, found = POD.updated(changes, "ephemeralcontainers", old={"spec.ephemeralContainers": old})
    assert list(map(str, found)) == errors
    assert "hostname" not in stored["spec"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"spec.containers.0.resources.limits.cpu": "2", "spec.containers.0.resources.requests.cpu": "2"}, []),
        ({"spec.containers.0.image": "other"}, []),
        ({"spec.containers.0.resources": {}}, [
            'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
            "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
        ]),
        ({"spec.containers.0.resources.limits.memory": "1Mi", "spec.containers.0.resources.requests.memory": "1Mi"}, [
            "spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer",
        ]),
        ({"spec.containers.0.resources.requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1"}}, [
            "spec: Forbidden: only cpu and memory resources are mutable",
        ]),
    ],
)  # fmt: skip
def test_resize_changes_resources_only(changes: Changes, errors: list[str]) -> None:
    """Through its subresource the resources of containers change, within the class of the pod."""
    stored, found = POD.updated(changes, "resize", old=RESIZED)
    assert list(map(str, found)) == errors
    assert stored["spec"]["containers"][0]["image"] == CONTAINER["image"]


STATUS_ROWS: list[tuple[Changes, Changes, list[str]]] = [
    (NONE, {"status.phase": "Running", "status.podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "status.conditions": [{"type": "Ready", "status": "True"}]}, []),
    (NONE, {"status.qosClass": "Guaranteed"}, ['status.qosClass: Invalid value: "Guaranteed": field is immutable']),
    (NONE, {"status.nominatedNodeName": "n"}, []),
    (NONE, {"status.podIPs": [{"ip": "x"}]}, ['status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']),
    (NONE, {"status.podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}, ['status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family']),
    (NONE, {"status.hostIPs": [{"ip": "10.0.0.1"}]}, ['status.hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`']),
    (NONE, {"status.resourceClaimStatuses": [{"name": "a"}]}, ['status.resourceClaimStatuses[0].name: Invalid value: "a": must match the name of an entry in `spec.resourceClaims`']),
    ({"spec.restartPolicy": "Never", "status.containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}]},
     {"status.containerStatuses": [{"name": "c", "state": {"running": {}}}]},
     ["status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"]),
    ({"status.containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 1}}}]}, {"status.containerStatuses": [{"name": "c", "state": {"running": {}}}]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("old", "changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(old: Changes, changes: Changes, errors: list[str]) -> None:
    """Addresses are valid, and what has ended for good does not run again."""
    assert POD.update_refusals(changes, "status", old=old) == errors


def test_status_update_keeps_quality() -> None:
    """A status without the class of the pod keeps it, and the generation counts none of its changes."""
    stored, _ = POD.updated({"status": {"phase": "Running"}, "spec.hostname": "other"}, "status")
    assert stored["status"] == {"phase": "Running", "qosClass": "BestEffort"}
    assert (stored["metadata"]["generation"], "hostname" in stored["spec"]) == (1, False)
