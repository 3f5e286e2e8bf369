"""Job (batch/v1): pods that run until some have succeeded.

Upstream: pkg/apis/batch/validation/validation.go, pkg/apis/batch/v1/defaults.go, pkg/registry/batch/job/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.durations import human, parsed
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import (
    NO_MATCH,
    SELECTOR,
    default_spec_template,
    template_columns,
)
from rootspan_apiserver.resources.batch.job_spec import INDEXED, JOB_SPEC, default_conditions
from rootspan_apiserver.resources.batch.job_status import JOB_STATUS
from rootspan_apiserver.resources.batch.job_warnings import job_warnings
from rootspan_apiserver.resources.cells import condition, count
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.core.pod.disabled_fields import drop_disabled, dropped_on_update
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder, WriteContext
from rootspan_apiserver.resources.selectable import at as field
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import Path, Rule, RuleContext, function, immutable, not_nil, struct
from rootspan_apiserver.rules.changes import IMMUTABLE_WORDS
from rootspan_apiserver.rules.label_selectors import immutable_selector, ratcheting_label_selector, shown_in_errors
from rootspan_apiserver.selectors import LabelSelector
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

INT32_MAX = 2**31 - 1
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
FREE_WHEN_SUSPENDED = ("nodeSelector", "tolerations", "affinity", "schedulingGates")


def _excludes(selector: JSONObject | None, labels: Mapping[str, str]) -> bool:
    """Return whether the selector does not match the labels; an invalid one is reported elsewhere."""
    try:
        return not LabelSelector.from_object(selector).matches(labels)
    except ValueError:
        return False


def _given_labels(uid: str, name: str) -> dict[str, str]:
    return {
        "controller-uid": uid,
        "job-name": name,
        CONTROLLER_UID: uid,
        "batch.kubernetes.io/job-name": name,
    }


@function("validateGeneratedSelector")
def _generated_selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The selector chooses by the labels that the server gives, unless the client selects itself."""
    spec, metadata = value.get("spec") or {}, value["metadata"]
    selector = spec.get("selector")
    if spec.get("manualSelector") is True or selector is None:
        return
    if _excludes(selector, _given_labels(metadata.get("uid", ""), metadata.get("name", ""))):
        yield FieldError.invalid(path / "spec" / "selector", shown_in_errors(selector), "`selector` not auto-generated")


@function("ValidateJobSpec")
def _labels_match(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The selector matches the labels of the template."""
    labels = at(value, "template", "metadata", "labels")
    if _excludes(value.get("selector"), labels or {}):
        yield FieldError.invalid(path / "template" / "metadata" / "labels", labels, NO_MATCH)


@function("ValidateJob")
def _host_names(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The name with the highest index is a host name."""
    completions = at(value, "spec", "completions") or 0
    if at(value, "spec", "completionMode") == INDEXED and completions > 0:
        name = value["metadata"].get("name") or ""
        host = f"{name}-{completions - 1}"
        if dns_label(host):
            words = f"will not able to create pod with invalid DNS label: {host}"
            yield FieldError.invalid(path / "metadata" / "name", name, words)


SPEC = JOB_SPEC & struct(selector=not_nil & ratcheting_label_selector) & _labels_match


@function("validateCompletions", absent=True)
def _completions_stay(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The completions stay; those of a job of indexes may follow its parallelism."""
    spec = context.root["spec"]
    if value == old:
        return
    if spec.get("completionMode") != INDEXED:
        yield FieldError.invalid(path, value, IMMUTABLE_WORDS)
    elif value is not None and value != spec.get("parallelism"):
        yield FieldError.invalid(path, value, "can only be modified in tandem with spec.parallelism")


@function("validatePodTemplateUpdate")
def _template_stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The template stays; that of a suspended job may change what its containers request and where its pods run."""
    free = _may_change(context.old_root or {})
    if same(_fixed_template(value, free=free), _fixed_template(old, free=free)):
        return
    if free:
        spec, before = (each["template"].get("spec") or {} for each in (value, old))
        if not same(_fixed_spec(spec), _fixed_spec(before)):
            shown = internal_form(spec, go_types().struct("core/v1.PodSpec"))
            yield FieldError.invalid(path / "template" / "spec", shown, IMMUTABLE_WORDS)
        return
    shown = internal_form(value.get("template") or {}, go_types().struct("core/v1.PodTemplateSpec"))
    yield FieldError.invalid(path / "template", shown, IMMUTABLE_WORDS)


def _may_change(job: JSONObject) -> bool:
    """Return whether parts of the template may change: the job is suspended, and none of its pods runs."""
    status = job.get("status") or {}
    suspended = any(
        each.get("type") == "Suspended" and each.get("status") == "True" for each in status.get("conditions") or ()
    )
    idle = not status.get("active") and (not status.get("startTime") or suspended)
    return bool(at(job, "spec", "suspend")) and idle


def _fixed_template(spec: JSONObject, *, free: bool) -> JSONObject:
    template: JSONObject = spec.get("template") or {}
    return {"spec": _fixed_spec(template.get("spec") or {})} if free else template


def _fixed_spec(spec: JSONObject) -> JSONObject:
    """The spec of the pods without what may change; affinity may, but for that to and against pods."""
    fixed = {key: value for key, value in spec.items() if key not in FREE_WHEN_SUSPENDED}
    if others := {key: value for key, value in (spec.get("affinity") or {}).items() if key != "nodeAffinity"}:
        fixed["affinity"] = others
    for kind in ("initContainers", "containers"):
        if fixed.get(kind):
            fixed[kind] = [{**container, "resources": {}} for container in fixed[kind]]
    return fixed


def _policy_stays(struct_name: str) -> Rule:
    """Return the rule for a struct that may not change; the error shows it as the internal type."""

    @function("ValidateImmutableField", absent=True)
    def stays(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The policy stays."""
        if not same(value, old):
            shown = None if value is None else internal_form(value, go_types().struct(struct_name))
            yield FieldError.invalid(path, shown, IMMUTABLE_WORDS)

    return stays


CHANGES = (
    struct(completions=_completions_stay, selector=immutable_selector)
    & _template_stays
    & struct(
        completionMode=immutable,
        podFailurePolicy=_policy_stays("batch/v1.PodFailurePolicy"),
        backoffLimitPerIndex=immutable,
        managedBy=immutable,
        successPolicy=_policy_stays("batch/v1.SuccessPolicy"),
    )
)


def _defaults(obj: JSONObject) -> None:
    spec = obj["spec"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    limit = INT32_MAX if spec.get("backoffLimitPerIndex") is not None else 6
    replaced = "Failed" if spec.get("podFailurePolicy") is not None else "TerminatingOrFailed"
    default_values({"spec": {"parallelism": 1, "backoffLimit": limit, "podReplacementPolicy": replaced}})(obj)
    default_conditions(spec)
    labels = at(spec, "template", "metadata", "labels")
    if labels and not obj["metadata"].get("labels"):
        # One map, as in Go: what the server adds to the labels of a new template is also added to those of the job.
        obj["metadata"]["labels"] = labels


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    metadata, spec = obj["metadata"], obj["spec"]
    drop_disabled(at(spec, "template", "spec") or {}, {})
    if spec.get("manualSelector") is True or "uid" not in metadata:
        return
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels.update(_given_labels(metadata["uid"], metadata.get("name", "")))
    selector = spec.setdefault("selector", {})
    selector.setdefault("matchLabels", {})[CONTROLLER_UID] = metadata["uid"]
    # As the defaults would be if the object was read back: the labels of the template are there only now.
    if not metadata.get("labels"):
        metadata["labels"] = dict(labels)


def _completions(obj: JSONObject, now: datetime) -> str:
    succeeded, wanted = count(obj, "succeeded"), at(obj, "spec", "completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = at(obj, "spec", "parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(obj: JSONObject, now: datetime) -> str:
    begun, done = (parsed(at(obj, "status", key)) for key in ("startTime", "completionTime"))
    return human(((done or now) - begun).total_seconds()) if begun is not None else ""


def _status(obj: JSONObject, now: datetime) -> str:
    ended, going_on = ("Complete", "Failed"), ("Suspended", "FailureTarget", "SuccessCriteriaMet")
    is_deleted = bool((obj.get("metadata") or {}).get("deletionTimestamp"))
    for kinds, shown in ((ended, ""), ((), "Terminating" if is_deleted else ""), (going_on, "Running")):
        found = next((kind for kind in kinds if condition(obj, kind).get("status") == "True"), shown)
        if found:
            return found
    return "Running"


definition = Definition(
    "batch/v1",
    "Job",
    "jobs",
    categories=("all",),
    subresources=(status_subresource(JOB_STATUS),),
    generation=COUNTED,
    defaults=(
        default_spec_template,
        _defaults,
        default_values({"spec": {"completionMode": "NonIndexed", "suspend": False, "manualSelector": False}}),
    ),
    prepare_create=_prepare_create,
    prepare_update=dropped_on_update("spec", "template", "spec"),
    warnings=job_warnings("spec"),
    rules=_generated_selector & struct(spec=SPEC) & _host_names,
    changes=struct(spec=SPEC & CHANGES),  # Upstream checks the spec in both.
    update_order=UpdateOrder.RULES_FIRST,
    selectable={"status.successful": field("status.succeeded", "0")},
    default_propagation="Orphan",
    deletion_warning=(
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
        "propagationPolicy=Orphan to suppress this warning"
    ),
    columns=(
        NAME,
        Column("Status", _status, description="How far it is."),
        Column("Completions", _completions, description="The pods that have succeeded of those that must."),
        Column("Duration", _duration, description="The time that it has run."),
        AGE,
        *template_columns(),
        SELECTOR,
    ),
)
