"""The status of a Job, as its controller writes it: what has changed must be consistent, and what is final stays.

A check runs only where one of the fields that it is about changes: the spec may have changed since the controller wrote the others.

Upstream: pkg/apis/batch/validation/validation.go (validateJobStatus, ValidateJobStatusUpdate),
pkg/registry/batch/job/strategy.go (getStatusValidationOptions)
"""

from collections.abc import Callable, Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_numbers import atoi
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.times import read_time
from rootspan_apiserver.resources.apps.replica_counts import counts
from rootspan_apiserver.resources.batch.completion import count_of_indexes
from rootspan_apiserver.rules import Path, RuleContext, function, struct
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

FINAL = ("Failed", "Complete", "FailureTarget")
_UNCOUNTED = "uncountedTerminatedPods"


def omitted(path: Path, words: str) -> FieldError:
    """Return the error of an invalid value that is not shown."""
    return FieldError(str(path), "FieldValueInvalid", f"Invalid value: {words}")


class JobState:
    """What the status of a job says, with its spec."""

    def __init__(self, job: JSONObject) -> None:
        self.spec: JSONObject = job.get("spec") or {}
        self.status: JSONObject = job.get("status") or {}

    def is_true(self, condition: str, wanted: str = "True") -> bool:
        found = (each for each in self.status.get("conditions") or () if each.get("type") == condition)
        return any(each.get("status") == wanted for each in found)

    @property
    def finished(self) -> bool:
        return self.is_true("Complete") or self.is_true("Failed")

    @property
    def indexed(self) -> bool:
        return bool(self.spec.get("completionMode") == "Indexed")

    def number(self, name: str) -> int:
        value: int = self.status.get(name) or 0
        return value


class _Check:
    """The checks of one update: `new` and `old` are the job after and before, `path` is that of the status."""

    def __init__(self, new: JobState, old: JobState, path: Path) -> None:
        self.new = new
        self.old = old
        self.path = path

    def changed(self, *names: str) -> bool:
        """Return whether a field of the status, or a condition (in upper case), or `finished` has changed."""
        return any(self._changed(name) for name in names)

    def _changed(self, name: str) -> bool:
        new, old = self.new, self.old
        if name == "finished":
            return new.finished != old.finished
        if name[0].isupper():
            return new.is_true(name) != old.is_true(name)
        return not same(new.status.get(name), old.status.get(name))

    def conditions(self) -> Iterator[FieldError]:
        new, place = self.new, self.path / "conditions"
        complete, failed, target = map(new.is_true, ("Complete", "Failed", "FailureTarget"))
        if complete and failed and self.changed("Complete", "Failed"):
            yield omitted(place, "cannot set Complete=True and Failed=true conditions")
        if complete and target and self.changed("Complete", "FailureTarget"):
            yield omitted(place, "cannot set Complete=True and FailureTarget=true conditions")

    def times(self) -> Iterator[FieldError]:
        status, complete = self.new.status, self.new.is_true("Complete")
        started, completed, place = status.get("startTime"), status.get("completionTime"), self.path / "completionTime"
        if self.changed("Complete", "completionTime"):
            if completed and not complete:
                yield FieldError.invalid(
                    place, completed, "cannot set completionTime when there is no Complete=True condition"
                )
            if not completed and complete:
                yield FieldError.required(place, "completionTime is required for Complete jobs")
        is_early = started and completed and read_time(completed) < read_time(started)
        if is_early and self.changed("startTime", "completionTime"):
            yield FieldError.invalid(place, completed, "must be equal to or after `startTime`")

    def reasons(self) -> Iterator[FieldError]:
        new, place = self.new, self.path / "conditions"
        if self.changed("Failed", "failedIndexes") and new.is_true("Failed") and not new.is_true("FailureTarget"):
            yield omitted(place, "cannot set Failed=True condition without the FailureTarget=true condition")
        unmet = new.is_true("Complete") and not new.is_true("SuccessCriteriaMet")
        if self.changed("Complete", "SuccessCriteriaMet") and unmet:
            yield omitted(place, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition")

    def finished(self) -> Iterator[FieldError]:
        new, status = self.new, self.new.status
        if not new.finished:
            return
        active, uncounted = new.number("active"), status.get(_UNCOUNTED) or {}
        if active > 0 and self.changed("finished", "active"):
            yield FieldError.invalid(self.path / "active", active, "active>0 is invalid for finished job")
        is_empty = new.spec.get("suspend") is True and new.spec.get("completions") == 0
        if not status.get("startTime") and self.changed("finished", "startTime") and not is_empty:
            yield FieldError.required(self.path / "startTime", "startTime is required for finished job")
        if any(uncounted.get(key) for key in ("succeeded", "failed")) and self.changed("finished", _UNCOUNTED):
            shown = internal_form(uncounted, go_types().struct("batch/v1.UncountedTerminatedPods"))
            yield FieldError.invalid(self.path / _UNCOUNTED, shown, "must be empty for finished job")

    def indexes(self) -> Iterator[FieldError]:
        spec, status = self.new.spec, self.new.status
        completions, completed, failed = (
            spec.get("completions"),
            status.get("completedIndexes") or "",
            status.get("failedIndexes"),
        )
        by_index = spec.get("backoffLimitPerIndex") is not None
        if completions is not None and self.changed("completedIndexes"):
            yield from self._format("completedIndexes", completed, completions)
        if completions is not None and failed is not None and by_index and self.changed("failedIndexes"):
            yield from self._format("failedIndexes", failed, completions)
        if completed and not self.new.indexed and self.changed("completedIndexes"):
            words = "cannot set non-empty completedIndexes when non-indexed completion mode"
            yield FieldError.invalid(self.path / "completedIndexes", completed, words)
        if failed is None:
            return
        if not by_index and self.changed("failedIndexes"):
            words = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
            yield FieldError.invalid(self.path / "failedIndexes", failed, words)
        if completions is not None and self.changed("failedIndexes", "completedIndexes"):
            index = _overlap(_intervals(completed, completions), _intervals(failed, completions))
            if index is not None:
                words = f"failedIndexes and completedIndexes overlap at index: {index}"
                yield FieldError.invalid(self.path / "failedIndexes", failed, words)

    def _format(self, name: str, text: str, completions: int) -> Iterator[FieldError]:
        try:
            count_of_indexes(text, completions)
        except ValueError as error:
            yield FieldError.invalid(self.path / name, text, f"error parsing {name}: {error}")

    def pods(self) -> Iterator[FieldError]:
        new = self.new
        terminating, ready = new.number("terminating"), new.status.get("ready")
        if terminating > 0 and new.finished and self.changed("finished", "terminating"):
            words = "terminating>0 is invalid for finished job"
            yield FieldError.invalid(self.path / "terminating", terminating, words)
        if ready is not None and ready > new.number("active") and self.changed("ready", "active"):
            yield FieldError.invalid(self.path / "ready", ready, "cannot set more ready pods than active")

    def success(self) -> Iterator[FieldError]:
        new, place = self.new, self.path / "conditions"
        met = new.is_true("SuccessCriteriaMet")
        for other, shown in (("Failed", "Failed=true"), ("FailureTarget", "FailureTarget=true")):
            if met and new.is_true(other):
                yield omitted(place, f"cannot set SuccessCriteriaMet=True and {shown} conditions")
        if new.spec.get("successPolicy") is not None and not met and new.is_true("Complete"):
            yield omitted(place, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")

    def final(self) -> Iterator[FieldError]:
        new, old, place = self.new, self.old, self.path / "conditions"
        for condition in FINAL:
            if old.is_true(condition) and not new.is_true(condition):
                yield omitted(place, f"cannot disable the terminal {condition}=True condition")
        shrinks = new.indexed and new.spec.get("completions") == new.spec.get("parallelism")
        for name in ("failed", *(() if shrinks else ("succeeded",))):
            if new.number(name) < old.number(name):
                yield FieldError.invalid(self.path / name, new.number(name), f"cannot decrease the {name} counter")
        completed, before = (each.status.get("completionTime") for each in (new, old))
        if completed and before and completed != before:
            yield FieldError.invalid(self.path / "completionTime", completed, "field is immutable")
        resumes = old.is_true("Suspended") and new.is_true("Suspended", "False")
        started = new.status.get("startTime")
        is_moved = old.status.get("startTime") and self.changed("startTime")
        if is_moved and not new.spec.get("suspend") and not resumes:
            words = "field is immutable for unsuspended job once set"
            yield FieldError.invalid(self.path / "startTime", started, words)
        met, was = new.is_true("SuccessCriteriaMet"), old.is_true("SuccessCriteriaMet")
        if was and not met:
            yield omitted(place, "cannot disable the SuccessCriteriaMet=True condition")
        if old.is_true("Complete") and not was and met:
            words = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
            yield omitted(place, words)


_CHECKS: tuple[Callable[[_Check], Iterator[FieldError]], ...] = (
    _Check.conditions,
    _Check.times,
    _Check.reasons,
    _Check.finished,
    _Check.indexes,
    _Check.pods,
    _Check.success,
    _Check.final,
)


@function("ValidateJobStatusUpdate")
def _consistent(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What is changed is consistent with the rest, and what is final stays."""
    check = _Check(JobState(context.root), JobState(context.old_root or {}), path)
    for each in _CHECKS:
        yield from each(check)


@function("validateJobStatus")
def _uncounted(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each pod has a uid, and is there once."""
    seen: set[str] = set()
    for key in ("succeeded", "failed"):
        for index, uid in enumerate(value.get(key) or ()):
            if not uid:
                yield FieldError.invalid(path / key / index, uid, "must not be empty")
            elif uid in seen:
                yield FieldError.duplicate(path / key / index, uid)
            seen.add(uid)


def _intervals(text: str, completions: int) -> list[tuple[int, int]]:
    """Return the valid intervals of a text like `0-2,5`, each with its first and last index."""
    found = []
    for interval in text.split(",") if text else ():
        try:
            bounds = [atoi(bound) for bound in interval.split("-")]
        except ValueError:
            continue
        if len(bounds) <= 2 and max(bounds) < completions and (len(bounds) == 1 or bounds[0] < bounds[1]):
            found.append((bounds[0], bounds[-1]))
    return found


def _overlap(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> int | None:
    """Return the first index that is in both, None where there is none. Both are in ascending order."""
    common = [max(a[0], b[0]) for a in first for b in second if a[0] <= b[1] and b[0] <= a[1]]
    return min(common, default=None)


JOB_STATUS = (
    counts(("active", "succeeded", "failed", "ready", "terminating")) & struct({_UNCOUNTED: _uncounted}) & _consistent
)
