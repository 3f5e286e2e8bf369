"""CronJob (batch/v1): jobs at given times.

Upstream: pkg/apis/batch/validation/validation.go, pkg/apis/batch/v1/defaults.go, pkg/registry/batch/cronjob/strategy.go,
pkg/printers/internalversion/printers.go
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import template_columns
from rootspan_apiserver.resources.batch.job_spec import JOB_SPEC, default_conditions
from rootspan_apiserver.resources.batch.job_warnings import job_warnings
from rootspan_apiserver.resources.batch.schedules import schedule_error
from rootspan_apiserver.resources.cells import NONE
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, count, value
from rootspan_apiserver.resources.core.pod.defaults import default_template
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_create, dropped_on_update
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    function,
    not_negative,
    on_create,
    one_of,
    required,
    struct,
)
from rootspan_apiserver.rules.label_selectors import shown_in_errors
from rootspan_apiserver.selectors import shown_selector

_ZONE_PART = re.compile(r"(?!-)[A-Za-z._0-9+-]{1,14}")
NAME_LIMIT = 52
"""A job is named after its CronJob and the minute, in 11 characters."""


@function("validateScheduleFormat")
def _schedule(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A schedule in cron's notation, without a time zone of its own."""
    if "TZ" in value:
        words = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield FieldError.invalid(path, value, words)
    elif reason := schedule_error(value):
        yield FieldError.invalid(path, value, reason)


@function("validateTimeZone")
def _time_zone(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A time zone that the server knows, by its name in the database of time zones."""
    if not value:
        yield FieldError.invalid(path, value, "timeZone must be nil or non-empty string")
        return
    if any(part in (".", "..") or not _ZONE_PART.fullmatch(part) for part in value.split("/")):
        yield FieldError.invalid(path, value, f"unknown time zone {value}")
        return
    if value.lower() == "local":
        words = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield FieldError.invalid(path, value, words)
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        yield FieldError.invalid(path, value, f"unknown time zone {value}")


@function("ValidateJobTemplateSpec")
def _selects_itself(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The selectors of the jobs are generated."""
    if value.get("selector") is not None:
        shown = shown_in_errors(value["selector"])
        yield FieldError.invalid(path / "selector", shown, "`selector` will be auto-generated")
    if value.get("manualSelector"):
        yield FieldError.not_supported(path / "manualSelector", True, ("nil", "false"))


@function("ValidateCronJobCreate")
def _short_name(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name is short enough for the suffixes of the jobs."""
    name = value["metadata"].get("name") or ""
    if len(name) > NAME_LIMIT:
        words = f"must be no more than {NAME_LIMIT} characters"
        yield FieldError.invalid(path / "metadata" / "name", name, words)


SPEC = struct(
    schedule=required & _schedule,
    timeZone=_time_zone,
    startingDeadlineSeconds=not_negative,
    concurrencyPolicy=required & one_of("Allow", "Forbid", "Replace"),
    jobTemplate=absent_as({}, struct(spec=absent_as({}, JOB_SPEC & _selects_itself))),
    successfulJobsHistoryLimit=not_negative,
    failedJobsHistoryLimit=not_negative,
)


def _default_jobs(obj: JSONObject) -> None:
    job = obj["spec"].setdefault("jobTemplate", {"metadata": {}, "spec": {}}).setdefault("spec", {})
    default_template(job)
    default_conditions(job)


def _suspend(obj: JSONObject, now: datetime) -> str:
    suspend = at(obj, "spec", "suspend")
    return "<unset>" if suspend is None else str(suspend)


def _last_schedule(obj: JSONObject, now: datetime) -> str:
    last = at(obj, "status", "lastScheduleTime")
    return age(last, now) if last else NONE


def _time_zone_cell(obj: JSONObject, now: datetime) -> str:
    return at(obj, "spec", "timeZone") or NONE


def _selector(obj: JSONObject, now: datetime) -> str:
    return shown_selector(at(obj, "spec", "jobTemplate", "spec", "selector"))


_job_warnings = job_warnings("spec", "jobTemplate", "spec")
_ZONE = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    """Warn of the template, and in updates of a time zone in the schedule, which only old objects have."""
    has_zone = old is not None and "TZ" in (at(obj, "spec", "schedule") or "")
    return [*_job_warnings(obj, old), *([_ZONE] if has_zone else [])]


definition = Definition(
    "batch/v1",
    "CronJob",
    "cronjobs",
    short_names=("cj",),
    categories=("all",),
    subresources=(status_subresource(),),
    generation=COUNTED,
    defaults=(
        _default_jobs,
        default_values(
            {
                "spec": {
                    "concurrencyPolicy": "Allow",
                    "suspend": False,
                    "successfulJobsHistoryLimit": 3,
                    "failedJobsHistoryLimit": 1,
                }
            }
        ),
    ),
    prepare_create=dropped_on_create("spec", "jobTemplate", "spec", "template", "spec"),
    prepare_update=dropped_on_update("spec", "jobTemplate", "spec", "template", "spec"),
    warnings=_warnings,
    rules=struct(spec=SPEC) & on_create(_short_name),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    columns=(
        NAME,
        Column("Schedule", value("spec.schedule"), description="The times, in cron's notation."),
        Column("Timezone", _time_zone_cell, description="The time zone of the schedule."),
        Column("Suspend", _suspend, "boolean", description="Whether no jobs are made."),
        Column("Active", count("status.active"), "integer", description="The jobs that run."),
        Column("Last Schedule", _last_schedule, description="The time since the last job was made."),
        AGE,
        *template_columns("spec.jobTemplate.spec.template"),
        Column("Selector", _selector, priority=1, description="The selector of the jobs."),
    ),
)
