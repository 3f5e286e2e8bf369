"""Job: its rules, its defaults, its selector, its table."""

from typing import Any

import pytest

from rootspan_apiserver.resources.batch.job import definition
from tests.apiserver.resources.apps.templates import CONTAINER, POD, TEMPLATE
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PODS = {"containers": [CONTAINER], "restartPolicy": "Never"}
KIND = KindCheck(definition, {"spec": {"template": {"spec": PODS}}})
INDEXED: Changes = {"spec.completionMode": "Indexed", "spec.completions": 4}
OWN: Changes = {
    "spec.manualSelector": True,
    "spec.selector": {"matchLabels": {"app": "web"}},
    "spec.template.metadata": TEMPLATE["metadata"],
}
CODES = {"action": "FailJob", "onExitCodes": {"containerName": "c", "operator": "In", "values": [1, 42]}}
CONDITIONS = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
FIRST = "spec.podFailurePolicy.rules.0"
SUCCESS = "spec.successPolicy.rules.0"


def failures(*rules: object) -> Changes:
    """A policy for failures with these rules."""
    return {"spec.podFailurePolicy": {"rules": list(rules)}}


def successes(*rules: object) -> Changes:
    """A policy for successes with these rules, in a job of four indexes."""
    return {**INDEXED, "spec.successPolicy": {"rules": list(rules)}}


ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    (INDEXED, []),
    (OWN, []),
    (failures(CODES, CONDITIONS), []),
    (successes({"succeededIndexes": "0,2-3", "succeededCount": 3}, {"succeededCount": 1}), []),
    ({"spec": {}}, [
        "spec.template.spec.containers: Required value",
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]),
    ({"spec.parallelism": -1, "spec.completions": -1, "spec.activeDeadlineSeconds": -1, "spec.backoffLimit": -1, "spec.ttlSecondsAfterFinished": -1}, [
        "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
        "spec.completions: Invalid value: -1: must be greater than or equal to 0",
        "spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
        "spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({**INDEXED, "spec.backoffLimitPerIndex": -1, "spec.maxFailedIndexes": -1}, [
        "spec.backoffLimitPerIndex: Invalid value: -1: must be greater than or equal to 0",
        "spec.maxFailedIndexes: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({**INDEXED, "spec.maxFailedIndexes": 5}, [
        "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        "spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions",
    ]),
    ({"spec.backoffLimitPerIndex": 1, "spec.maxFailedIndexes": 1}, [
        "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
        "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode",
    ]),
    ({"spec.managedBy": ""}, ["spec.managedBy: Required value"]),
    ({"spec.managedBy": "me"}, ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']),
    ({"spec.managedBy": "example.com/" + "a" * 60}, ["spec.managedBy: Too long: may not be more than 63 bytes"]),
    ({"spec.completionMode": "x"}, ['spec.completionMode: Unsupported value: "x": supported values: "NonIndexed", "Indexed"']),
    ({"spec.completionMode": "Indexed", "spec.parallelism": 100_001}, [
        "spec.completions: Required value: when completion mode is Indexed",
        "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed",
    ]),
    ({"spec.completionMode": "Indexed", "spec.completions": 100_001, "spec.parallelism": 10_001, "spec.backoffLimitPerIndex": 1}, [
        "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
        "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
    ]),
    ({"spec.completionMode": "Indexed", "spec.completions": 200_000, "spec.backoffLimitPerIndex": 1, "spec.maxFailedIndexes": 100_001}, [
        "spec.maxFailedIndexes: Invalid value: 100001: must be less than or equal to 100000",
        "spec.maxFailedIndexes: Invalid value: 100001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
    ]),
    ({**INDEXED, "metadata.name": "a" * 62}, ['metadata.name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": will not able to create pod with invalid DNS label: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-3']),
    (failures({}), [
        'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
        "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
    ]),
    (failures({**CODES, **CONDITIONS, "action": "Stop"}), [
        'spec.podFailurePolicy.rules[0].action: Unsupported value: "Stop": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
        "spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
    ]),
    (failures({**CODES, "action": "FailIndex"}), ['spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set']),
    (failures({**CODES, "onExitCodes": {"containerName": "d", "operator": "Out", "values": []}}), [
        'spec.podFailurePolicy.rules[0].onExitCodes.operator: Unsupported value: "Out": supported values: "In", "NotIn"',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template',
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: []: at least one value is required",
    ]),
    (failures({**CODES, "onExitCodes": {"operator": "In", "values": [0, 3, 2, 3]}}), [
        "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
        "spec.podFailurePolicy.rules[0].onExitCodes.values[3]: Duplicate value: 3",
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [0,3,2,3]: must be ordered",
    ]),
    (failures({**CODES, "onExitCodes": {"operator": "NotIn", "values": list(range(256))}}), ["spec.podFailurePolicy.rules[0].onExitCodes.values: Too many: 256: must have at most 255 items"]),
    (failures({**CONDITIONS, "onPodConditions": [{"type": "a b", "status": "Maybe"}]}), [
        "spec.podFailurePolicy.rules[0].onPodConditions[0].type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    ]),
    (failures({**CONDITIONS, "onPodConditions": [{"type": "A"}] * 21}), ["spec.podFailurePolicy.rules[0].onPodConditions: Too many: 21: must have at most 20 items"]),
    (failures(*[CONDITIONS] * 21), ["spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items"]),
    ({"spec.successPolicy": {"rules": [{"succeededCount": 1}]}}, ['spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode']),
    (successes(), ["spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified"]),
    (successes(*[{"succeededCount": 1}] * 21), ["spec.successPolicy.rules: Too many: 21: must have at most 20 items"]),
    (successes({}, {"succeededCount": -1}, {"succeededCount": 5}), [
        "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified",
        "spec.successPolicy.rules[1].succeededCount: Invalid value: -1: must be greater than or equal to 0",
        "spec.successPolicy.rules[2].succeededCount: Invalid value: 5: must be less than or equal to 4 (the number of specified completions)",
    ]),
    (successes({"succeededIndexes": "0-1", "succeededCount": 3}), ["spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)"]),
    (successes(*({"succeededIndexes": text} for text in ("a", "4", "1,1", "2-1", "0-1-2"))), [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"',
        'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "4": error parsing succeededIndexes: too large index: "4"',
        'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "1,1": error parsing succeededIndexes: non-increasing order, previous: 1, current: 1',
        'spec.successPolicy.rules[3].succeededIndexes: Invalid value: "2-1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
        "spec.successPolicy.rules[4].succeededIndexes: Invalid value: \"0-1-2\": error parsing succeededIndexes: the fragment \"0-1-2\" violates the requirement that an index interval can have at most two parts separated by '-'",
    ]),
    (successes({"succeededIndexes": "0" * 65537}), ["spec.successPolicy.rules[0].succeededIndexes: Too long: may not be more than 65536 bytes"]),
    ({"spec.podReplacementPolicy": "Always"}, ['spec.podReplacementPolicy: Unsupported value: "Always": supported values: "Failed", "TerminatingOrFailed"']),
    ({**failures(CODES), "spec.podReplacementPolicy": "TerminatingOrFailed"}, ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"']),
    ({f"{POD}.restartPolicy": "Always"}, ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    ({f"{POD}.restartPolicy": "Sometimes"}, [
        'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
        'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "OnFailure", "Never"',
    ]),
    ({**failures(CODES), f"{POD}.restartPolicy": "OnFailure"}, ['spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified']),
    ({"spec.manualSelector": True}, [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
    ]),
    ({**OWN, "spec.selector": {"matchLabels": {"a b": ""}, "matchExpressions": [{"key": "app", "operator": "In"}]}}, [
        "spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ]),
    ({**OWN, "spec.template.metadata": {}}, ["spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.parallelism": 3, "spec.suspend": True, "spec.backoffLimit": 9}, []),
    ({"spec.completions": 3}, ["spec.completions: Invalid value: 3: field is immutable"]),
    ({"spec.completions": REMOVED}, ["spec.completions: Invalid value: null: field is immutable"]),
    ({"spec.selector": {"matchLabels": {"job-name": "x"}}}, ['spec.selector: Invalid value: {"matchLabels":{"job-name":"x"}}: field is immutable']),
    ({"spec.managedBy": "example.com/me"}, ['spec.managedBy: Invalid value: "example.com/me": field is immutable']),
    ({"spec.completionMode": "Indexed", "spec.backoffLimitPerIndex": 1, "spec.successPolicy": {"rules": [{"succeededCount": 1}]}}, [
        'spec.completionMode: Invalid value: "Indexed": field is immutable',
        "spec.backoffLimitPerIndex: Invalid value: 1: field is immutable",
        'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: field is immutable',
    ]),
    (failures(CODES), [
        'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
        'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
        'spec.podFailurePolicy: Invalid value: {"Rules":[{"Action":"FailJob","OnExitCodes":{"ContainerName":"c","Operator":"In","Values":[1,42]},"OnPodConditions":null}]}: field is immutable',
    ]),
]  # fmt: skip
STATUS = ("active", "succeeded", "failed", "ready", "terminating")


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """What the finished pods depend on stays."""
    assert KIND.update_refusals(changes) == errors


def test_status_update_is_checked() -> None:
    """The numbers of pods are not negative."""
    assert KIND.update_refusals({"status": dict.fromkeys(STATUS, 1)}, "status") == []
    refused = KIND.update_refusals({"status": dict.fromkeys(STATUS, -1)}, "status")
    assert refused[: len(STATUS)] == [
        f"status.{name}: Invalid value: -1: must be greater than or equal to 0" for name in STATUS
    ]


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses; those for pods have tests of their own."""
    errors = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    uncounted = {"uncountedTerminatedPods": {"failed": [""]}, "completedIndexes": "x"}
    errors.append(KIND.updated({"status": {**dict.fromkeys(STATUS, -1), **uncounted}}, "status")[1])
    unchecked = KIND.unchecked([changes for changes, _ in ROWS], errors)
    assert [path for path in unchecked if not path.startswith("spec.template")] == []


def test_template_of_suspended_job_may_change() -> None:
    """Where the pods of a suspended job run may change, what they run may not."""
    suspended: Changes = {"spec.suspend": True}
    place = {f"{POD}.nodeSelector": {"disk": "ssd"}}
    (error,) = KIND.update_refusals(place)
    assert error.startswith('spec.template: Invalid value: {"labels":{')
    assert error.endswith(": field is immutable")
    assert KIND.update_refusals(place, old=suspended) == []
    asked = {f"{POD}.containers.0.resources": {"requests": {"cpu": "1"}}, f"{POD}.affinity": {"nodeAffinity": {}}}
    assert KIND.update_refusals(asked, old=suspended) == []
    (error,) = KIND.update_refusals({f"{POD}.containers.0.image": "nginx:2"}, old=suspended)
    assert error.startswith('spec.template.spec: Invalid value: {"Volumes":')


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ({"active": 1}, True),
        ({"startTime": "2026-01-01T00:00:00Z"}, True),
        ({"startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Suspended", "status": "True"}]}, False),
    ],
)
def test_template_of_running_job_stays(status: dict[str, Any], refused: bool) -> None:
    """A job that is to be suspended may still have pods; only when none is left its template may change."""
    old: Changes = {"spec.suspend": True, "status": status}
    assert bool(KIND.update_refusals({f"{POD}.nodeSelector": {"disk": "ssd"}}, old=old)) == refused


def test_completions_of_indexes_follow_parallelism() -> None:
    """A job of indexes grows and shrinks with its parallelism."""
    old: Changes = {**INDEXED, "spec.parallelism": 4}
    assert KIND.update_refusals({"spec.completions": 6, "spec.parallelism": 6}, old=old) == []
    words = "spec.completions: Invalid value: 6: can only be modified in tandem with spec.parallelism"
    assert KIND.update_refusals({"spec.completions": 6}, old=old) == [words]


def test_selector_is_generated() -> None:
    """A job selects its pods by its own uid, unless it says that it selects itself; a selector of another kind is refused."""
    stored = KIND.stored()
    uid = stored["metadata"]["uid"]
    assert stored["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    labels = {
        "controller-uid": uid,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": "x",
        "batch.kubernetes.io/job-name": "x",
    }
    assert stored["spec"]["template"]["metadata"]["labels"] == stored["metadata"]["labels"] == labels
    assert KIND.stored(OWN)["spec"]["selector"] == OWN["spec.selector"]
    errors = KIND.refusals({**OWN, "spec.manualSelector": False})
    assert [error.rpartition(": ")[2] for error in errors] == ["`selector` not auto-generated"]


def test_spec_is_filled_in() -> None:
    """One completion, six failures; with limits by index as many failures as there may be, with a policy pods are replaced late."""
    spec = KIND.stored()["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert (spec["completionMode"], spec["suspend"], spec["podReplacementPolicy"]) == (
        "NonIndexed",
        False,
        "TerminatingOrFailed",
    )
    spec = KIND.stored({**failures(CONDITIONS), "spec.backoffLimitPerIndex": 1, "spec.parallelism": 2})["spec"]
    assert ("completions" in spec, spec["backoffLimit"], spec["podReplacementPolicy"]) == (False, 2**31 - 1, "Failed")
    assert spec["podFailurePolicy"]["rules"][0]["onPodConditions"][0]["status"] == "True"


@pytest.mark.parametrize(
    ("changes", "cells"),
    [
        ({}, ("Running", "0/1", "")),
        ({"spec.completions": 3, "status.succeeded": 2, "status.startTime": "2026-01-01T00:04:00Z"}, ("Running", "2/3", "60s")),
        ({"spec.parallelism": 2, "status.conditions": [{"type": "Suspended", "status": "True"}]}, ("Suspended", "0/1 of 2", "")),
        ({"metadata.deletionTimestamp": "2026-01-01T00:05:00Z"}, ("Terminating", "0/1", "")),
        ({"metadata.deletionTimestamp": "2026-01-01T00:05:00Z", "status.conditions": [{"type": "Failed", "status": "True"}]}, ("Failed", "0/1", "")),
        ({"status": {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:09Z"}}, ("Running", "0/1", "9s")),
    ],
)  # fmt: skip
def test_table_shows_progress(changes: Changes, cells: tuple[str, ...]) -> None:
    """The status is the condition that says most, the duration ends with the job."""
    row = KIND.row(changes)
    assert (row["Status"], row["Completions"], row["Duration"]) == cells


def test_bookmark_has_row() -> None:
    """A job without anything has a row."""
    assert KIND.bookmark_row() == ["", "Running", "0/1", "", "<unknown>", "", "", "<none>"]
