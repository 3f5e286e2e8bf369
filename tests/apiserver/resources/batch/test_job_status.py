"""The status of a Job: what its controller may write, and what stays once it is written."""

from typing import Any

import pytest

from rootspan_apiserver.resources.batch.job import definition
from tests.apiserver.resources.kind_checks import Changes, KindCheck

TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
JOB = KindCheck(definition, {"spec": {"template": TEMPLATE, "manualSelector": True, "selector": {"matchLabels": {}}}})
BEGUN, LATER, ENDED = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z"
INDEXED: Changes = {"spec.completionMode": "Indexed", "spec.completions": 6, "spec.parallelism": 2}
BY_INDEX: Changes = {**INDEXED, "spec.backoffLimitPerIndex": 1}
CONDITIONS, INVALID = "status.conditions: Invalid value: cannot", "Invalid value:"


def conditions(*true: str) -> list[dict[str, str]]:
    return [{"type": each.removeprefix("-"), "status": "False" if each[0] == "-" else "True"} for each in true]


def done(**more: Any) -> dict[str, Any]:
    """The status of a job that has succeeded."""
    true = conditions("SuccessCriteriaMet", "Complete")
    return {"startTime": BEGUN, "completionTime": ENDED, "conditions": true, "succeeded": 1, **more}


# The spec and the status before, the new status, and why it is refused.
ROWS: list[tuple[Changes, dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {}, done(), []),
    ({}, {}, {"startTime": BEGUN, "conditions": conditions("FailureTarget", "Failed"), "failed": 7}, []),
    ({}, {}, done(conditions=conditions("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")), [
        f"{CONDITIONS} set Complete=True and Failed=true conditions",
        f"{CONDITIONS} set Complete=True and FailureTarget=true conditions",
        f"{CONDITIONS} set SuccessCriteriaMet=True and Failed=true conditions",
        f"{CONDITIONS} set SuccessCriteriaMet=True and FailureTarget=true conditions",
    ]),
    ({}, {}, {"completionTime": ENDED}, [
        f'status.completionTime: {INVALID} "{ENDED}": cannot set completionTime when there is no Complete=True condition',
    ]),
    ({}, {}, done(completionTime=None), ["status.completionTime: Required value: completionTime is required for Complete jobs"]),
    ({}, {}, done(startTime=ENDED, completionTime=LATER), [
        f'status.completionTime: {INVALID} "{LATER}": must be equal to or after `startTime`',
    ]),
    ({}, {}, {"startTime": BEGUN, "conditions": conditions("Failed")}, [
        f"{CONDITIONS} set Failed=True condition without the FailureTarget=true condition",
    ]),
    ({}, {}, done(conditions=conditions("Complete")), [
        f"{CONDITIONS} set Complete=True condition without the SuccessCriteriaMet=true condition",
    ]),
    ({}, {}, done(active=2, ready=3, terminating=4, uncountedTerminatedPods={"failed": ["u"]}), [
        f"status.active: {INVALID} 2: active>0 is invalid for finished job",
        f'status.uncountedTerminatedPods: {INVALID} {{"Succeeded":null,"Failed":["u"]}}: must be empty for finished job',
        f"status.terminating: {INVALID} 4: terminating>0 is invalid for finished job",
        f"status.ready: {INVALID} 3: cannot set more ready pods than active",
    ]),
    ({}, {}, done(startTime=None), ["status.startTime: Required value: startTime is required for finished job"]),
    ({"spec.suspend": True, "spec.completions": 0}, {}, done(startTime=None), []),
    ({}, {}, {"uncountedTerminatedPods": {"succeeded": ["a", ""], "failed": ["a"]}}, [
        f'status.uncountedTerminatedPods.succeeded[1]: {INVALID} "": must not be empty',
        'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ]),
    (BY_INDEX, {}, {"completedIndexes": "0-1,4", "failedIndexes": "3,5"}, []),
    (BY_INDEX, {}, {"completedIndexes": "0-9", "failedIndexes": "x"}, [
        f'status.completedIndexes: {INVALID} "0-9": error parsing completedIndexes: too large index: "9"',
        f'status.failedIndexes: {INVALID} "x": error parsing failedIndexes: cannot convert string to integer for index: "x"',
    ]),
    (BY_INDEX, {}, {"completedIndexes": "0-2,4", "failedIndexes": "1,4-5"}, [
        f'status.failedIndexes: {INVALID} "1,4-5": failedIndexes and completedIndexes overlap at index: 1',
    ]),
    ({}, {}, {"completedIndexes": "0", "failedIndexes": ""}, [
        f'status.completedIndexes: {INVALID} "0": cannot set non-empty completedIndexes when non-indexed completion mode',
        f'status.failedIndexes: {INVALID} "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ]),
    ({**INDEXED, "spec.successPolicy": {"rules": [{"succeededCount": 1}]}}, {}, done(conditions=conditions("Complete")), [
        f"{CONDITIONS} set Complete=True condition without the SuccessCriteriaMet=true condition",
        f"{CONDITIONS} set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
    ]),
    ({}, done(), {"startTime": LATER, "completionTime": LATER, "conditions": []}, [
        f'status.completionTime: {INVALID} "{LATER}": cannot set completionTime when there is no Complete=True condition',
        f"{CONDITIONS} disable the terminal Complete=True condition",
        f"status.succeeded: {INVALID} 0: cannot decrease the succeeded counter",
        f'status.completionTime: {INVALID} "{LATER}": field is immutable',
        f'status.startTime: {INVALID} "{LATER}": field is immutable for unsuspended job once set',
        f"{CONDITIONS} disable the SuccessCriteriaMet=True condition",
    ]),
    ({}, {"failed": 2}, {"failed": 1}, [f"status.failed: {INVALID} 1: cannot decrease the failed counter"]),
    ({**INDEXED, "spec.completions": 2}, {"succeeded": 2}, {"succeeded": 1}, []),
    ({}, {"startTime": BEGUN, "conditions": conditions("Suspended")}, {"startTime": LATER, "conditions": conditions("-Suspended")}, []),
    ({}, done(conditions=conditions("Complete")), done(), [
        f"{CONDITIONS} set SuccessCriteriaMet=True for Job already has Complete=true conditions",
    ]),
    ({}, done(conditions=conditions("Complete")), done(conditions=conditions("Complete"), ready=0), []),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "before", "status", "errors"), ROWS)
def test_status_update_is_checked(
    spec: Changes, before: dict[str, Any], status: dict[str, Any], errors: list[str]
) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what was wrong before, and stays, is not looked at."""
    assert JOB.update_refusals({"status": status}, "status", old={**spec, "status": before}) == errors
