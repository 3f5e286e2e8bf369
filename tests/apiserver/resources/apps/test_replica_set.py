"""ReplicaSet: its rules, its status, its labels of field selectors, its table."""

import pytest

from rootspan_apiserver.resources.apps.replica_set import definition
from rootspan_apiserver.resources.catalogue import builtin_resources
from tests.apiserver.resources.apps.templates import POD, SELECTOR, TEMPLATE, without_pods
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"spec": {"selector": SELECTOR, "template": TEMPLATE}})
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
    ({"spec.selector": {"matchLabels": {"a b": ""}, "matchExpressions": [{"key": "app", "operator": "In"}]}}, [
        "spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        'spec.selector: Invalid value: {"matchLabels":{"a b":""},"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
    ]),
    ({"spec.template.metadata": REMOVED}, ["spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]),
    ({f"{POD}.restartPolicy": "OnFailure", f"{POD}.activeDeadlineSeconds": 5}, [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.replicas": 3}, []),
    ({"spec.selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}, ['spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Exists"}]}: field is immutable']),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status": {"replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 2, "availableReplicas": 1}}, []),
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


def test_replicas_are_selectable() -> None:
    """A field selector finds sets by the number of their pods, 0 where there is none."""
    strategy = next(iter(builtin_resources(definition))).strategy
    assert strategy.selectable_fields(KIND.valid)["status.replicas"] == "0"
    assert strategy.selectable_fields({**KIND.valid, "status": {"replicas": 2}})["status.replicas"] == "2"


def test_table_shows_pods() -> None:
    """The pods that are wanted, that there are, and that are ready."""
    changes = {"spec.replicas": 3, "status": {"replicas": 2, "readyReplicas": 1}}
    assert list(KIND.row(changes).values()) == ["x", 3, 2, 1, "5m", "c", "nginx:1", "app=web"]
    assert KIND.bookmark_row() == ["", 0, 0, 0, "<unknown>", "", "", "<none>"]
