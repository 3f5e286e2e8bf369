"""The spec of a Job, alone and in a CronJob: its rules and its defaults.

Upstream: pkg/apis/batch/validation/validation.go (validateJobSpec), pkg/apis/batch/v1/defaults.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.batch.completion import FAILURE_POLICY, SUCCESS_POLICY
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, absent_as, function, not_negative, one_of, struct
from rootspan_apiserver.rules.domain_paths import domain_prefixed_path
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

INDEXED = "Indexed"
NEEDS_INDEXES = "requires indexed completion mode"
MAX_PARALLELISM = 100_000
MAX_FAILED_INDEXES = 100_000
MAX_FAILED_OF_MANY = 10_000
MAX_MANAGER = 63


@function("validateJobSpec")
def _failed_indexes(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The failures of an index are counted where failed ones are limited."""
    if value.get("maxFailedIndexes") is not None and value.get("backoffLimitPerIndex") is None:
        yield FieldError.required(path / "backoffLimitPerIndex", "when maxFailedIndexes is specified")


@function("validateJobSpec")
def _manager(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A path below a domain, of at most 63 characters."""
    yield from domain_prefixed_path.check(value, old, path, context)
    if len(value) > MAX_MANAGER:
        yield FieldError.too_long(path, MAX_MANAGER)


@function("validateJobSpec")
def _mode(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A job of indexes has a number of them, and limits that fit; other jobs have no limits by index."""
    match value.get("completionMode"):
        case "Indexed":
            yield from _check_indexes(value, path)
        case "NonIndexed":
            for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
                if value.get(name) is not None:
                    yield FieldError.invalid(path / name, value[name], NEEDS_INDEXES)


def _check_indexes(spec: JSONObject, path: Path) -> Iterator[FieldError]:
    completions, parallelism, failed = (spec.get(k) for k in ("completions", "parallelism", "maxFailedIndexes"))
    limit = "must be less than or equal to"
    if completions is None:
        yield FieldError.required(path / "completions", "when completion mode is Indexed")
    if parallelism is not None and parallelism > MAX_PARALLELISM:
        words = f"{limit} {MAX_PARALLELISM} when completion mode is Indexed"
        yield FieldError.invalid(path / "parallelism", parallelism, words)
    if completions is not None and failed is not None and failed > completions:
        yield FieldError.invalid(path / "maxFailedIndexes", failed, f"{limit} completions")
    if failed is not None and failed > MAX_FAILED_INDEXES:
        yield FieldError.invalid(path / "maxFailedIndexes", failed, f"{limit} {MAX_FAILED_INDEXES}")
    if (completions or 0) > MAX_FAILED_INDEXES and spec.get("backoffLimitPerIndex") is not None:
        if failed is None:
            words = f"must be specified when completions is above {MAX_FAILED_INDEXES}"
            yield FieldError.required(path / "maxFailedIndexes", words)
        words = f"{limit} {MAX_FAILED_OF_MANY} when completions are above {MAX_FAILED_INDEXES} and used with backoff limit per index"
        for name, number in (("parallelism", parallelism), ("maxFailedIndexes", failed)):
            if number is not None and number > MAX_FAILED_OF_MANY:
                yield FieldError.invalid(path / name, number, words)


@function("validateSuccessPolicy")
def _success(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A job of indexes may succeed before all of them have."""
    policy = value.get("successPolicy")
    if policy is None:
        return
    if value.get("completionMode") == INDEXED:
        yield from SUCCESS_POLICY.check(policy, ABSENT, path / "successPolicy", context)
    else:
        shown = internal_form(policy, go_types().struct("batch/v1.SuccessPolicy"))
        yield FieldError.invalid(path / "successPolicy", shown, NEEDS_INDEXES)


@function("validatePodReplacementPolicy")
def _replacement(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """With a policy for failures, pods are replaced when they have failed."""
    policy, place = value.get("podReplacementPolicy"), path / "podReplacementPolicy"
    choices = ("Failed",) if value.get("podFailurePolicy") is not None else ("Failed", "TerminatingOrFailed")
    if policy is not None and policy not in choices:
        yield FieldError.not_supported(place, policy, choices)


@function("validateJobSpec")
def _restarts(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods end; with a policy for failures, their containers are not restarted."""
    policy, place = at(value, "template", "spec", "restartPolicy") or "", path / "template" / "spec" / "restartPolicy"
    if policy in ("", "Always"):
        yield FieldError.required(place, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield FieldError.not_supported(place, policy, ("OnFailure", "Never"))
    elif value.get("podFailurePolicy") is not None and policy != "Never":
        yield FieldError.invalid(place, policy, 'only "Never" is supported when podFailurePolicy is specified')


JOB_SPEC = (
    struct(
        parallelism=not_negative,
        completions=not_negative,
        activeDeadlineSeconds=not_negative,
        backoffLimit=not_negative,
        ttlSecondsAfterFinished=not_negative,
        backoffLimitPerIndex=not_negative,
        maxFailedIndexes=not_negative,
    )
    & _failed_indexes
    & struct(managedBy=_manager, completionMode=one_of("NonIndexed", "Indexed"))
    & _mode
    & struct(podFailurePolicy=FAILURE_POLICY)
    & _success
    & _replacement
    & struct(template=absent_as({}, TEMPLATE))
    & _restarts
)


def default_conditions(spec: JSONObject) -> None:
    """Fill in the status of the pod conditions of a policy for failures; in place."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or []:
        for condition in rule.get("onPodConditions") or []:
            if not condition.get("status"):
                condition["status"] = "True"
