"""Deployment: its rules, its defaults, what its generation counts, its status, its table."""

import pytest

from rootspan_apiserver.resources.apps.deployment import definition
from tests.apiserver.resources.apps.templates import POD, SELECTOR, TEMPLATE, without_pods
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"spec": {"selector": SELECTOR, "template": TEMPLATE}})
ROLLING = "spec.strategy.rollingUpdate"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": {}}, [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
    ]),
    ({"spec.replicas": -1, "spec.minReadySeconds": -1}, [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    ({"spec.selector": {"matchExpressions": [{"key": "app", "operator": "Near"}]}}, [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Near"}]}: invalid label selector',
    ]),
    ({"spec.selector.matchLabels": {"app": "web", "a b": "c"}}, [
        "spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.selector: Invalid value: {"matchLabels":{"a b":"c","app":"web"}}: invalid label selector',
    ]),
    ({"spec.template.metadata.labels.app": "db"}, ['spec.template.metadata.labels: Invalid value: {"app":"db"}: `selector` does not match template `labels`']),
    ({f"{POD}.containers": []}, ["spec.template.spec.containers: Required value"]),
    ({f"{POD}.restartPolicy": "Never", f"{POD}.activeDeadlineSeconds": 5}, [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]),
    ({f"{POD}.restartPolicy": "Sometimes"}, [
        'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
        'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always"',
    ]),
    ({"spec.strategy": {"type": "Recreate"}}, []),
    ({"spec.strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}, ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]),
    ({"spec.strategy": {"type": "Blue"}}, ['spec.strategy: Unsupported value: {"Type":"Blue","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"']),
    ({ROLLING: {"maxUnavailable": "101%", "maxSurge": "101%"}}, ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%']),
    ({ROLLING: {"maxUnavailable": "x", "maxSurge": -1}}, [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        "spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({ROLLING: {"maxUnavailable": 0, "maxSurge": "0%"}}, ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"]),
    ({"spec.revisionHistoryLimit": -1}, ["spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"]),
    ({"spec.progressDeadlineSeconds": -1}, [
        "spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds",
    ]),
    ({"spec.progressDeadlineSeconds": 10, "spec.minReadySeconds": 10}, ["spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds"]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.replicas": 3}, []),
    ({"spec.selector": REMOVED}, [
        "spec.selector: Required value",
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
        "spec.selector: Invalid value: null: field is immutable",
    ]),
    ({"spec.selector": {"matchExpressions": [{"values": ["web", "x"], "operator": "In", "key": "app"}], "matchLabels": {"tier": "a", "app": "web"}}, "spec.template.metadata.labels.tier": "a"}, ['spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"},"matchExpressions":[{"key":"app","operator":"In","values":["web","x"]}]}: field is immutable']),
    ({"spec.selector.matchLabels.a": "b", "spec.template.metadata.labels.a": "b"}, ['spec.selector: Invalid value: {"matchLabels":{"a":"b","app":"web"}}: field is immutable']),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status": {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 1}}, []),
    ({"status": {"replicas": 1, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 4}}, [
        "status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.readyReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas",
    ]),
    ({"status": {"observedGeneration": -1, "unavailableReplicas": -1, "terminatingReplicas": -1, "collisionCount": -1}}, [
        "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
        "status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.collisionCount: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"status": {"replicas": -1, "updatedReplicas": -1, "readyReplicas": -1, "availableReplicas": -1}}, [
        "status.replicas: Invalid value: -1: must be greater than or equal to 0",
        "status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The selector stays."""
    assert KIND.update_refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The numbers of pods are not negative, and no part is greater than the whole."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    errors = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    errors += [KIND.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert without_pods(KIND.unchecked([changes for changes, _ in ROWS], errors)) == []


def test_collisions_do_not_shrink() -> None:
    """The count of collisions stays or grows."""
    old = {"status.collisionCount": 2}
    assert KIND.update_refusals({"status.collisionCount": 3}, "status", old=old) == []
    words = "status.collisionCount: Invalid value: 1: cannot be decremented"
    assert KIND.update_refusals({"status.collisionCount": 1}, "status", old=old) == [words]


def test_spec_is_filled_in() -> None:
    """Replicas, strategy, limits and the template have defaults; the status is the server's."""
    stored = KIND.stored({"status.replicas": 9})
    spec = {key: value for key, value in stored["spec"].items() if key not in ("selector", "template")}
    assert spec == {
        "replicas": 1,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    assert stored["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert stored["status"] == {}


def test_generation_counts_changes_of_annotations() -> None:
    """A change of the annotations counts as one of the spec does; one of the labels or of the status does not."""
    assert KIND.updated({"metadata.annotations": {"a": "b"}})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"spec.replicas": 2})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"metadata.labels": {"a": "b"}})[0]["metadata"]["generation"] == 1


def test_status_write_keeps_labels() -> None:
    """A write of the status changes the annotations, neither the labels nor the spec."""
    changes = {"metadata.labels": {"a": "b"}, "metadata.annotations": {"a": "b"}, "spec.replicas": 9}
    new, _ = KIND.updated({**changes, "status.replicas": 3}, "status")
    assert "labels" not in new["metadata"]
    assert (new["metadata"]["annotations"], new["metadata"]["generation"]) == ({"a": "b"}, 1)
    assert (new["spec"]["replicas"], new["status"]["replicas"]) == (1, 3)


def test_table_shows_pods() -> None:
    """Ready pods are shown of those that are wanted."""
    changes = {"spec.replicas": 3, "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}}
    assert list(KIND.row(changes).values()) == ["x", "2/3", 3, 1, "5m", "c", "nginx:1", "app=web"]
    assert KIND.bookmark_row() == ["", "0/0", 0, 0, "<unknown>", "", "", "<none>"]
