"""DaemonSet: its rules, its defaults, the generation of its template, its status, its table."""

import pytest

from rootspan_apiserver.resources.apps.daemon_set import TEMPLATE_GENERATION, definition
from tests.apiserver.resources.apps.templates import POD, SELECTOR, TEMPLATE, without_pods
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

KIND = KindCheck(definition, {"spec": {"selector": SELECTOR, "template": TEMPLATE}})
ROLLING = "spec.updateStrategy.rollingUpdate"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": {}}, [
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
    ]),
    ({"spec.selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]),
    ({"spec.selector": {"matchLabels": {"a b": ""}, "matchExpressions": [{"key": "app", "operator": "In"}]}}, [
        "spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ]),
    ({"spec.template.metadata": REMOVED}, ["spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]),
    ({f"{POD}.restartPolicy": "OnFailure", f"{POD}.activeDeadlineSeconds": 5}, [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported",
    ]),
    ({"spec.minReadySeconds": -1, "spec.revisionHistoryLimit": -1}, [
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.updateStrategy": {"type": "OnDelete"}}, []),
    ({"spec.updateStrategy": {"type": "Blue"}}, ['spec.updateStrategy: Unsupported value: {"Type":"Blue","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"']),
    ({ROLLING: {"maxSurge": 1, "maxUnavailable": "0%"}}, []),
    ({ROLLING: {"maxSurge": "-2", "maxUnavailable": 0}}, ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: \"-2\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"]),
    ({ROLLING: {"maxSurge": 1}}, ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"]),
    ({ROLLING: {"maxUnavailable": "00%"}}, ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]),
    ({ROLLING: {"maxSurge": "101%", "maxUnavailable": -1}}, [
        "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: -1: must be greater than or equal to 0",
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "101%": must not be greater than 100%',
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "101%": may not be set when maxUnavailable is non-zero',
    ]),
    ({ROLLING: {"maxSurge": "x", "maxUnavailable": "101%"}}, [
        "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.minReadySeconds": 3}, []),
    ({"spec.selector": REMOVED}, [
        "spec.selector: Invalid value: null: field is immutable",
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]),
]  # fmt: skip
STATUS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount")  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status": dict.fromkeys(STATUS, 1)}, []),
    ({"status": dict.fromkeys(STATUS, -1)}, [
        "status.currentNumberScheduled: Invalid value: -1: must be greater than or equal to 0",
        "status.numberMisscheduled: Invalid value: -1: must be greater than or equal to 0",
        "status.desiredNumberScheduled: Invalid value: -1: must be greater than or equal to 0",
        "status.numberReady: Invalid value: -1: must be greater than or equal to 0",
        "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
        "status.updatedNumberScheduled: Invalid value: -1: must be greater than or equal to 0",
        "status.numberAvailable: Invalid value: -1: must be greater than or equal to 0",
        "status.numberUnavailable: Invalid value: -1: must be greater than or equal to 0",
        "status.collisionCount: Invalid value: -1: must be greater than or equal to 0",
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
    """The numbers of nodes are not negative."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    errors = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    errors += [KIND.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert without_pods(KIND.unchecked([changes for changes, _ in ROWS], errors)) == []


def test_strategy_is_filled_in() -> None:
    """One pod may be missing by default, none too many."""
    spec = KIND.stored()["spec"]
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert spec["revisionHistoryLimit"] == 10


def test_template_generation_counts_changes_of_template() -> None:
    """The annotation is the server's: 1, and one more for each change of the template."""
    image = {f"{POD}.containers.0.image": "nginx:2"}
    own = {"metadata.annotations": {TEMPLATE_GENERATION: "9", "a": "b"}}
    assert KIND.stored(own)["metadata"]["annotations"] == {TEMPLATE_GENERATION: "1", "a": "b"}
    for changes, number in ((image, "2"), ({"spec.minReadySeconds": 3}, "1"), (own, "1")):
        assert KIND.updated(changes)[0]["metadata"]["annotations"][TEMPLATE_GENERATION] == number
    assert KIND.updated(own, "status")[0]["metadata"]["annotations"] == {TEMPLATE_GENERATION: "1", "a": "b"}


def test_table_shows_nodes() -> None:
    """The numbers of nodes, and the labels that choose them."""
    status = {
        "desiredNumberScheduled": 5,
        "currentNumberScheduled": 4,
        "numberReady": 3,
        "updatedNumberScheduled": 2,
        "numberAvailable": 1,
    }
    changes = {"status": status, f"{POD}.nodeSelector": {"disk": "ssd"}}
    assert list(KIND.row(changes).values()) == ["x", 5, 4, 3, 2, 1, "disk=ssd", "5m", "c", "nginx:1", "app=web"]
    assert KIND.bookmark_row() == ["", 0, 0, 0, 0, 0, "<none>", "<unknown>", "", "", "<none>"]
