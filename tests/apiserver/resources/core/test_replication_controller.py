"""ReplicationController: its rules, its defaults, its status, its table."""

import pytest

from rootspan_apiserver.resources.core.replication_controller import definition
from tests.apiserver.resources.apps.templates import POD, TEMPLATE, without_pods
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"spec": {"selector": {"app": "web"}, "template": TEMPLATE}})
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": {}}, [
        "spec.selector: Required value",
        "spec.template: Required value",
    ]),
    ({"spec.replicas": -1, "spec.minReadySeconds": -1}, [
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.selector": {"a b": "!"}}, ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
    ({"spec.template": REMOVED}, ["spec.template: Required value"]),
    ({f"{POD}.containers": []}, ["spec.template.spec.containers: Required value"]),
    ({f"{POD}.restartPolicy": "OnFailure", f"{POD}.activeDeadlineSeconds": 5}, [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported",
    ]),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status": {"replicas": 1, "fullyLabeledReplicas": 2, "readyReplicas": 3, "availableReplicas": 4}}, [
        "status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.readyReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than readyReplicas",
    ]),
    ({"status": {"replicas": -1, "fullyLabeledReplicas": -1, "readyReplicas": -1, "availableReplicas": -1, "observedGeneration": -1}}, [
        "status.replicas: Invalid value: -1: must be greater than or equal to 0",
        "status.fullyLabeledReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order; the selector only has to match."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The numbers of pods are not negative, and no part is greater than the whole."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [KIND.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert without_pods(KIND.unchecked([changes for changes, _ in ROWS], statuses)) == []


def test_selector_may_change() -> None:
    """Unlike those of other workloads."""
    labels = {"spec.template.metadata.labels": {"app": "db"}}
    assert KIND.update_refusals({**labels, "spec.selector": {"app": "db"}}) == []


def test_labels_are_those_of_template() -> None:
    """A controller without selector and labels has those of its template."""
    stored = KIND.stored({"spec.selector": REMOVED})
    assert stored["spec"]["selector"] == stored["metadata"]["labels"] == {"app": "web"}
    assert stored["spec"]["replicas"] == 1


def test_table_shows_pods() -> None:
    """The pods that are wanted, that there are, and that are ready."""
    changes = {"spec.replicas": 3, "status": {"replicas": 2, "readyReplicas": 1}}
    assert list(KIND.row(changes).values()) == ["x", 3, 2, 1, "5m", "c", "nginx:1", "app=web"]
    assert KIND.bookmark_row() == ["", 0, 0, 0, "<unknown>", "", "", "<none>"]
