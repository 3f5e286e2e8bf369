"""When a Job has succeeded, and what a failed pod means for it.

Upstream: pkg/apis/batch/validation/validation.go (validatePodFailurePolicy, validateSuccessPolicy)
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from rootspan_apiserver.kube.go_numbers import atoi
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.rules import (
    Path,
    Rule,
    RuleContext,
    absent_as,
    each,
    function,
    max_items,
    named,
    one_of,
    required,
    struct,
)

ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
INDEXES_LIMIT = 64 * 1024


def _one_of_required(*choices: str) -> Rule:
    """Return the rule for a choice that must be made; the error of none lists the choices as Go's `%q` does."""
    return required(f"valid values: [{' '.join(map(quote, choices))}]") & one_of(*choices)


def _job_spec(context: RuleContext) -> JSONObject:
    """Return the spec of the job that is checked, or of a CronJob's jobs."""
    spec: JSONObject = context.root.get("spec") or {}
    return spec if "jobTemplate" not in spec else (spec["jobTemplate"] or {}).get("spec") or {}


@function("validatePodFailurePolicyRule")
def _fails_index(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """An index fails where the job counts failures by index."""
    if value == "FailIndex" and _job_spec(context).get("backoffLimitPerIndex") is None:
        yield FieldError.invalid(path, value, "requires the backoffLimitPerIndex to be set")


@function("validateOnExitCodes")
def _container(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A container of the template, not a sidecar that is added to a pod."""
    pod = at(_job_spec(context), "template", "spec") or {}
    containers = [*(pod.get("containers") or []), *(pod.get("initContainers") or [])]
    if value not in {container.get("name") for container in containers}:
        words = "must be one of the container or initContainer names in the pod template"
        yield FieldError.invalid(path, value, words)


@function("validateOnExitCodes")
def _exit_codes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The values are codes in ascending order; 0 is no failure."""
    values, place = value.get("values"), path / "values"
    if not values:
        yield FieldError.invalid(place, values, "at least one value is required")
        return
    if len(values) > 255:
        yield FieldError.too_many(place, len(values), 255)
    seen: set[int] = set()
    for index, code in enumerate(values):
        if value.get("operator") == "In" and code == 0:
            yield FieldError.invalid(place / index, code, "must not be 0 for the In operator")
        if code in seen:
            yield FieldError.duplicate(place / index, code)
        seen.add(code)
    if any(code < before for before, code in pairwise(values)):
        yield FieldError.invalid(place, values, "must be ordered")


@function("validatePodFailurePolicyRule")
def _one_condition(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A rule is for exit codes or for conditions; the error shows no value."""
    codes, conditions = value.get("onExitCodes") is not None, bool(value.get("onPodConditions"))
    if codes and conditions:
        words = "specifying both OnExitCodes and OnPodConditions is not supported"
        yield FieldError(str(path), "FieldValueInvalid", f"Invalid value: {words}")
    elif not codes and not conditions:
        words = "specifying one of OnExitCodes and OnPodConditions is required"
        yield FieldError(str(path), "FieldValueInvalid", f"Invalid value: {words}")


_CONDITION = struct(type=absent_as("", named(qualified_name)), status=_one_of_required("False", "True", "Unknown"))


FAILURE_POLICY = struct(
    rules=max_items(20)
    & each(
        struct(
            action=_one_of_required(*ACTIONS) & _fails_index,
            onExitCodes=struct(operator=_one_of_required("In", "NotIn"), containerName=_container) & _exit_codes,
            onPodConditions=max_items(20) & each(_CONDITION),
        )
        & _one_condition
    )
)


def count_of_indexes(text: str, completions: int) -> int:
    """Return how many indexes a text like `0-2,5` has.

    Raises:
        ValueError: with Go's message.
    """
    total, last = 0, -1
    for interval in text.split(",") if text else []:
        bounds = interval.split("-")
        if len(bounds) > 2:
            words = "violates the requirement that an index interval can have at most two parts separated by '-'"
            raise ValueError(f"the fragment {quote(interval)} {words}")
        first = None
        for bound in bounds:
            index = _index(bound, completions)
            if last >= index:
                raise ValueError(f"non-increasing order, previous: {last}, current: {index}")
            first, last = (index if first is None else first), index
        total += last - (first or 0) + 1
    return total


def _index(text: str, completions: int) -> int:
    try:
        index = atoi(text)
    except ValueError:
        raise ValueError(f"cannot convert string to integer for index: {quote(text)}") from None
    if index >= completions:
        raise ValueError(f"too large index: {quote(text)}")
    return index


@function("validateSuccessPolicyRule")
def _success_rule(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Some indexes, or a number of them; no more than there are."""
    indexes, count = value.get("succeededIndexes"), value.get("succeededCount")
    completions = _job_spec(context).get("completions")
    if indexes is None and count is None:
        yield FieldError.required(path, "at least one of succeededCount or succeededIndexes must be specified")
    total = 0
    if indexes is not None:
        if len(indexes.encode()) > INDEXES_LIMIT:
            yield FieldError.too_long(path / "succeededIndexes", INDEXES_LIMIT)
        try:
            total = count_of_indexes(indexes, completions or 0)
        except ValueError as error:
            yield FieldError.invalid(path / "succeededIndexes", indexes, f"error parsing succeededIndexes: {error}")
    if count is None:
        return
    place, limit = path / "succeededCount", "must be less than or equal to"
    if count < 0:
        yield FieldError.invalid(place, count, "must be greater than or equal to 0")
    if completions is not None and count > completions:
        yield FieldError.invalid(place, count, f"{limit} {completions} (the number of specified completions)")
    if indexes is not None and count > total:
        words = f"{limit} {total} (the number of indexes in the specified succeededIndexes field)"
        yield FieldError.invalid(place, count, words)


SUCCESS_POLICY = struct(
    rules=required("at least one rules must be specified when the successPolicy is specified")
    & max_items(20)
    & each(_success_rule)
)
