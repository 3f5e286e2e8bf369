"""Job and CronJob."""

from collections.abc import Mapping
from copy import deepcopy
from zoneinfo import ZoneInfo

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.go_numbers import atoi
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.defaults import default_template_spec as default_pod_spec
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import (
    IMMUTABLE,
    label_selector,
    not_negative,
    one_of,
    unchanged,
)
from rootspan_apiserver.resources.kinds.pod_validation import check_template
from rootspan_apiserver.selectors.labels import LabelSelector

INT32_MAX = 2**31 - 1
NAME_LIMIT = 52
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
_MACROS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_NAMES = {
    3: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    4: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


class JobStrategy(BuiltinStrategy):
    counts_generation = True
    changes_first = False

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        default_pod_spec(spec.setdefault("template", {"metadata": {}, "spec": {}}).setdefault("spec", {}))
        if "completions" not in spec and "parallelism" not in spec:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        spec.setdefault("backoffLimit", INT32_MAX if "backoffLimitPerIndex" in spec else 6)
        labels = spec["template"].get("metadata", {}).get("labels")
        if labels and not obj["metadata"].get("labels"):
            obj["metadata"]["labels"] = dict(labels)
        spec.setdefault("completionMode", "NonIndexed")
        spec.setdefault("suspend", False)
        spec.setdefault("manualSelector", False)
        spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        super().prepare_for_create(obj)
        metadata, spec = obj["metadata"], obj["spec"]
        if spec.get("manualSelector") is True or "uid" not in metadata:
            return
        labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
        labels.update(_given_labels(metadata["uid"], metadata.get("name", "")))
        selector = spec.setdefault("selector", {})
        selector.setdefault("matchLabels", {})[CONTROLLER_UID] = metadata["uid"]
        # As `set_defaults` would if it read the object back: the labels of the template are there only now.
        if not metadata.get("labels"):
            metadata["labels"] = dict(labels)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = check_job(spec, "spec")
        if spec.get("selector") is None:
            errors.append(FieldError.required("spec.selector"))
        errors += label_selector(spec.get("selector"), "spec.selector")
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
        if _excludes(spec.get("selector"), labels or {}):
            detail = "`selector` does not match template `labels`"
            errors.append(FieldError.invalid("spec.template.metadata.labels", labels, detail))
        return errors

    def validate_create(self, obj: JSONObject) -> list[FieldError]:
        errors = super().validate_create(obj)
        spec, metadata = obj["spec"], obj["metadata"]
        given = _given_labels(metadata.get("uid", ""), metadata.get("name", ""))
        if spec.get("manualSelector") is not True and _excludes(spec.get("selector"), given):
            errors.append(FieldError.invalid("spec.selector", spec.get("selector"), "`selector` not auto-generated"))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors: list[FieldError] = []
        new, before = obj["spec"], old["spec"]
        fixed = ["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"]
        if new.get("completionMode") != "Indexed":
            fixed.append("completions")
        for key in fixed:
            errors += unchanged(new.get(key), before.get(key), f"spec.{key}")
        if not same(_fixed_template(new, before), _fixed_template(before, before)):
            errors.append(FieldError.invalid("spec.template", new.get("template"), IMMUTABLE))
        return errors


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


def _fixed_template(spec: JSONObject, old: JSONObject) -> JSONObject:
    """The template without what may change in a job that is suspended."""
    template: JSONObject = deepcopy(spec.get("template") or {})
    if old.get("suspend"):
        for key in ("nodeSelector", "tolerations", "affinity", "schedulingGates"):
            template.get("spec", {}).pop(key, None)
        for key in ("labels", "annotations"):
            template.get("metadata", {}).pop(key, None)
    return template


def check_job(spec: JSONObject, field: str) -> list[FieldError]:
    errors = []
    for key in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        errors += not_negative(spec.get(key), f"{field}.{key}")
    if (mode := spec.get("completionMode")) is not None:
        errors += one_of(mode, ("Indexed", "NonIndexed"), f"{field}.completionMode")
        if mode == "Indexed" and spec.get("completions") is None:
            errors.append(FieldError.required(f"{field}.completions", "when completion mode is Indexed"))
    template = spec.get("template") or {}
    errors += check_template(template, f"{field}.template")
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy == "Always":
        errors += one_of(policy, ("OnFailure", "Never"), f"{field}.template.spec.restartPolicy")
    return errors


class CronJobStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        spec.setdefault("concurrencyPolicy", "Allow")
        spec.setdefault("suspend", False)
        spec.setdefault("successfulJobsHistoryLimit", 3)
        spec.setdefault("failedJobsHistoryLimit", 1)
        job = spec.setdefault("jobTemplate", {"metadata": {}, "spec": {}}).setdefault("spec", {})
        default_pod_spec(job.setdefault("template", {"metadata": {}, "spec": {}}).setdefault("spec", {}))

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        schedule = spec.get("schedule") or ""
        if not schedule:
            errors.append(FieldError.required("spec.schedule"))
        elif "TZ" in schedule:
            detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
            errors.append(FieldError.invalid("spec.schedule", schedule, detail))
        elif reason := schedule_error(schedule):
            errors.append(FieldError.invalid("spec.schedule", schedule, reason))
        if (zone := spec.get("timeZone")) is not None and not _is_time_zone(zone):
            errors.append(FieldError.invalid("spec.timeZone", zone, f"unknown time zone {zone}"))
        errors += not_negative(spec.get("startingDeadlineSeconds"), "spec.startingDeadlineSeconds")
        errors += one_of(spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"), "spec.concurrencyPolicy")
        errors += check_job(spec["jobTemplate"].get("spec") or {}, "spec.jobTemplate.spec")
        for key in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
            errors += not_negative(spec.get(key), f"spec.{key}")
        if len(obj["metadata"].get("name") or "") > NAME_LIMIT:
            detail = f"must be no more than {NAME_LIMIT} characters"
            errors.append(FieldError.invalid("metadata.name", obj["metadata"]["name"], detail))
        return errors


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def schedule_error(schedule: str) -> str:
    """What is wrong with a schedule in cron's notation, "" if nothing is."""
    if schedule.startswith("@"):
        return "" if schedule in _MACROS else _descriptor_error(schedule)
    fields = schedule.split()
    if len(fields) != 5:
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    for index, (field, (low, high)) in enumerate(zip(fields, _RANGES, strict=True)):
        for part in field.split(","):
            if reason := _part_error(part, low, high, _NAMES.get(index, [])):
                return reason
    return ""


def _descriptor_error(descriptor: str) -> str:
    if not descriptor.startswith("@every "):
        return f"unrecognized descriptor: {descriptor}"
    try:
        parse_duration(descriptor.removeprefix("@every "))
    except ValueError as error:
        return f"failed to parse duration {descriptor}: {error}"
    return ""


def _part_error(part: str, low: int, high: int, names: list[str]) -> str:
    span, slash, step = part.partition("/")
    if slash and (reason := _number_error(step)):
        return reason
    if slash and int(step) == 0:
        return f"step of range should be a positive number: {part}"
    if span in ("*", "?"):
        return ""
    for bound in span.split("-"):
        if bound.lower() in names:
            continue
        if reason := _number_error(bound):
            return reason
        if int(bound) > high:
            return f"end of range ({bound}) above maximum ({high}): {part}"
        if int(bound) < low:
            return f"beginning of range ({bound}) below minimum ({low}): {part}"
    return ""


def _number_error(text: str) -> str:
    """Why `text` is no integer, "" if it is."""
    try:
        number = atoi(text)
    except ValueError as error:
        return f"failed to parse int from {text}: {error}"
    return f"negative number ({number}) not allowed: {text}" if number < 0 else ""
