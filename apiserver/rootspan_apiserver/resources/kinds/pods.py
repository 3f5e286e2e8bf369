"""Pods, the templates that are stored as objects of their own, and the runtimes they name."""

from copy import deepcopy

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import named, unchanged
from rootspan_apiserver.resources.kinds.pod_defaults import default_pod, default_pod_spec, quality_of_service
from rootspan_apiserver.resources.kinds.pod_validation import CONTAINERS, check_pod_spec, check_template

ONLY_THESE_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


class PodStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        default_pod(obj["spec"])

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        super().prepare_for_create(obj)
        obj["status"] = {"phase": "Pending", "qosClass": quality_of_service(obj["spec"])}
        if obj["spec"].get("schedulingGates"):
            condition = {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": None,
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
            obj["status"]["conditions"] = [condition]

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        if subresource == "binding":
            return  # A binding goes past the strategy: the generation does not count it.
        if subresource == "ephemeralcontainers":
            added = obj["spec"].get("ephemeralContainers")
            self.keep(obj, old, except_for=())
            if added:
                obj["spec"]["ephemeralContainers"] = added
        elif subresource == "resize":
            spec = deepcopy(old["spec"])
            for kind in ("containers", "initContainers"):
                wanted = {container.get("name"): container for container in obj["spec"].get(kind) or []}
                for container in spec.get(kind) or []:
                    if (change := wanted.get(container["name"])) is not None:
                        container["resources"] = change.get("resources", {})
            self.keep(obj, old, except_for=())
            obj["spec"] = spec
        super().prepare_for_update(obj, old, subresource)

    def validate_create(self, obj: JSONObject) -> list[FieldError]:
        errors = super().validate_create(obj)
        if obj["spec"].get("ephemeralContainers"):
            errors.append(FieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"))
        return errors

    def validate(self, obj: JSONObject) -> list[FieldError]:
        return check_pod_spec(obj["spec"], "spec")

    def validate_update(self, obj: JSONObject, old: JSONObject, subresource: str) -> list[FieldError]:
        if subresource == "ephemeralcontainers":
            return self._check_ephemeral(obj, old)
        errors = super().validate_update(obj, old, subresource)
        if subresource == "" and not same(_fixed(obj["spec"], old["spec"]), _fixed(old["spec"], old["spec"])):
            errors.append(FieldError.forbidden("spec", ONLY_THESE_CHANGE))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = []
        for kind in ("containers", "initContainers"):
            new, before = obj["spec"].get(kind) or [], old["spec"].get(kind) or []
            if len(new) != len(before):
                errors.append(FieldError.forbidden(f"spec.{kind}", "pod updates may not add or remove containers"))
        errors += _check_deadline(obj["spec"].get("activeDeadlineSeconds"), old["spec"].get("activeDeadlineSeconds"))
        wanted = [_lasting(toleration) for toleration in obj["spec"].get("tolerations") or []]
        if any(_lasting(toleration) not in wanted for toleration in old["spec"].get("tolerations") or []):
            detail = "existing toleration can not be modified except its tolerationSeconds"
            errors.append(FieldError.forbidden("spec.tolerations", detail))
        return errors

    def _check_ephemeral(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new = {container.get("name"): container for container in obj["spec"].get("ephemeralContainers") or []}
        errors = [error for error in check_pod_spec(obj["spec"], "spec") if ".ephemeralContainers" in error.field]
        for container in old["spec"].get("ephemeralContainers") or []:
            name = container["name"]
            if name not in new:
                detail = f'existing ephemeral containers "{name}" may not be removed\n'
                errors.append(FieldError.forbidden("spec.ephemeralContainers", detail))
            elif not same(new[name], container):
                detail = f'existing ephemeral containers "{name}" may not be changed\n'
                errors.append(FieldError.forbidden("spec.ephemeralContainers", detail))
        return errors


def _check_deadline(new: int | None, old: int | None) -> list[FieldError]:
    if old is None or (new is not None and new <= old):
        return []
    why = "must be less than or equal to previous value"
    if new is None:
        why = "must not update from a positive integer to nil value"
    return [FieldError.invalid("spec.activeDeadlineSeconds", new, why)]


def _lasting(toleration: JSONObject) -> JSONObject:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _fixed(spec: JSONObject, old: JSONObject) -> JSONObject:
    """The part of a pod's spec that no update may change."""
    fixed = deepcopy(spec)
    for key in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"):
        fixed.pop(key, None)
    if old.get("schedulingGates"):
        fixed.pop("nodeSelector", None)
        fixed.pop("affinity", None)
    for kind in CONTAINERS:
        for container in fixed.get(kind) or []:
            container.pop("image", None)
    return fixed


def grace_period(pod: JSONObject, requested: int | None) -> int:
    """Return the seconds a pod has to stop: none if it was never bound to a node, or has stopped.

    Upstream: pkg/registry/core/pod/strategy.go (CheckGracefulDelete)
    """
    spec, phase = pod.get("spec") or {}, (pod.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Failed", "Succeeded"):
        return 0
    period = requested if requested is not None else spec.get("terminationGracePeriodSeconds") or 0
    return 1 if period < 0 else period


class PodTemplateStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        default_pod_spec(obj["template"].setdefault("spec", {}))

    def validate(self, obj: JSONObject) -> list[FieldError]:
        return check_template(obj["template"], "template")


class RuntimeClassStrategy(BuiltinStrategy):
    def validate(self, obj: JSONObject) -> list[FieldError]:
        return named(obj.get("handler"), dns_label, "handler")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return unchanged(obj.get("handler"), old.get("handler"), "handler")
