"""CronJob: its rules, its schedules, its defaults, its table."""

import pytest

from rootspan_apiserver.resources.batch.cron_job import definition
from tests.apiserver.resources.apps.templates import CONTAINER
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

PODS = {"containers": [CONTAINER], "restartPolicy": "Never"}
JOBS = {"spec": {"template": {"spec": PODS}}}
KIND = KindCheck(definition, {"spec": {"schedule": "*/5 * * * *", "jobTemplate": JOBS}})
JOB = "spec.jobTemplate.spec"
NINES = "9" * 5000
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec": {}}, [
        "spec.schedule: Required value",
        "spec.jobTemplate.spec.template.spec.containers: Required value",
        'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]),
    ({"metadata.name": "a" * 53}, ['metadata.name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 52 characters']),
    ({"spec.timeZone": "Europe/Berlin"}, []),
    ({"spec.timeZone": ""}, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']),
    ({"spec.timeZone": "../zone"}, ['spec.timeZone: Invalid value: "../zone": unknown time zone ../zone']),
    ({"spec.timeZone": "Europe/Atlantis"}, ['spec.timeZone: Invalid value: "Europe/Atlantis": unknown time zone Europe/Atlantis']),
    ({"spec.startingDeadlineSeconds": -1, "spec.successfulJobsHistoryLimit": -1, "spec.failedJobsHistoryLimit": -1}, [
        "spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.concurrencyPolicy": "Wait"}, ['spec.concurrencyPolicy: Unsupported value: "Wait": supported values: "Allow", "Forbid", "Replace"']),
    ({f"{JOB}.selector": {"matchLabels": {"a": "b"}}, f"{JOB}.manualSelector": True}, [
        'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ]),
    ({f"{JOB}.template.spec.restartPolicy": "Always"}, ['spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
    ({f"{JOB}.parallelism": -1}, ["spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order."""
    assert KIND.refusals(changes) == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses, but for those of the jobs, which have rows of their own."""
    unchecked = KIND.unchecked([changes for changes, _ in ROWS])
    assert [path for path in unchecked if not path.startswith(JOB)] == []


@pytest.mark.parametrize(
    "schedule", ["*/5 * * * *", "0 0 1 jan mon", "0-5,9 1-3/2 ? * sun-SAT", "@hourly", "@every 1h30m"]
)
def test_schedule_is_read(schedule: str) -> None:
    """A schedule has five fields within their ranges, or a name, or an interval."""
    assert KIND.refusals({"spec.schedule": schedule}) == []


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ("x x", "expected exactly 5 fields, found 2: [x x]"),
        ("² * * * *", 'failed to parse int from ²: strconv.Atoi: parsing "²": invalid syntax'),
        ("*/٣ * * * *", 'failed to parse int from ٣: strconv.Atoi: parsing "٣": invalid syntax'),
        (f"{NINES} * * * *", f'failed to parse int from {NINES}: strconv.Atoi: parsing "{NINES}": value out of range'),
        ("@every ٣s", r'failed to parse duration @every ٣s: time: invalid duration "\xd9\xa3s"'),
        ("@often", "unrecognized descriptor: @often"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("-1 * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'),
        ("61 * * * *", "end of range (61) above maximum (59): 61"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
    ],
)
def test_schedule_is_refused(schedule: str, why: str) -> None:
    """The zone has a field of its own; the parser says what is wrong with the rest."""
    assert KIND.refusals({"spec.schedule": schedule}) == [f'spec.schedule: Invalid value: "{schedule}": {why}']


def test_spec_is_filled_in() -> None:
    """Jobs may overlap, three successful and one failed are kept; the template of pods has its defaults."""
    spec = KIND.stored({"spec.jobTemplate.spec.template.spec.restartPolicy": REMOVED})["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Always"


def test_generation_counts_changes_of_spec() -> None:
    """A change of the spec counts, one of the status does not."""
    assert KIND.updated({"spec.suspend": True})[0]["metadata"]["generation"] == 2
    assert KIND.updated({"status.lastScheduleTime": "2026-01-01T00:00:00Z"}, "status")[0]["metadata"]["generation"] == 1


def test_table_shows_schedule() -> None:
    """The active jobs are counted, the last one is shown by its age."""
    changes = {"spec.suspend": True, "status": {"active": [{"name": "a"}], "lastScheduleTime": "2026-01-01T00:04:00Z"}}
    assert list(KIND.row(changes).values()) == [
        "x",
        "*/5 * * * *",
        "<none>",
        "True",
        1,
        "60s",
        "5m",
        "c",
        "nginx:1",
        "<none>",
    ]
    assert KIND.bookmark_row() == ["", "", "<none>", "<unset>", 0, "<none>", "<unknown>", "", "", "<none>"]
