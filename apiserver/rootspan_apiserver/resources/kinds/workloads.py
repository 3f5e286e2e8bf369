"""Deployment, ReplicaSet, ReplicationController, StatefulSet and DaemonSet; ControllerRevision, which remembers them."""

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.defaults import default_template_spec as default_pod_spec
from rootspan_apiserver.resources.definition import NO_CONTEXT, WriteContext
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import label_selector, not_negative, one_of, share, unchanged
from rootspan_apiserver.resources.kinds.pod_validation import check_template, check_template_metadata
from rootspan_apiserver.selectors.labels import LabelSelector


class WorkloadStrategy(BuiltinStrategy):
    """A template of pods, a selector that must match it, and how many."""

    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        default_pod_spec(spec.setdefault("template", {"metadata": {}, "spec": {}}).setdefault("spec", {}))
        if self.kind.kind != "DaemonSet":
            spec.setdefault("replicas", 1)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = not_negative(spec.get("replicas"), "spec.replicas")
        errors += not_negative(spec.get("minReadySeconds"), "spec.minReadySeconds")
        selector = spec.get("selector")
        if selector is None:
            errors.append(FieldError.required("spec.selector"))
        elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
            kind = "deployment" if self.kind.kind == "ReplicaSet" else self.kind.kind.lower()
            detail = f"empty selector is invalid for {kind}"
            errors.append(FieldError.invalid("spec.selector", selector, detail))
        errors += label_selector(selector, "spec.selector")
        return [*errors, *self.check_pods(spec, selector)]

    def check_pods(self, spec: JSONObject, selector: JSONObject | None) -> list[FieldError]:
        template = spec.get("template") or {}
        labels = (template.get("metadata") or {}).get("labels")
        errors = []
        try:
            matches = LabelSelector.from_object(selector).matches(labels or {})
        except ValueError:
            detail = "" if self.kind.kind == "StatefulSet" else "invalid label selector"
            return [FieldError.invalid("spec.selector", selector, detail)]
        if not matches:
            detail = "`selector` does not match template `labels`"
            errors.append(FieldError.invalid("spec.template.metadata.labels", labels, detail))
        errors += self.check_template(template)
        pod = template.get("spec") or {}
        if pod.get("restartPolicy") in ("OnFailure", "Never"):
            errors += one_of(pod["restartPolicy"], ("Always",), "spec.template.spec.restartPolicy")
        if pod.get("activeDeadlineSeconds") is not None:
            kind = "ReplicaSet" if self.kind.kind == "Deployment" else self.kind.kind
            detail = f"activeDeadlineSeconds in {kind} is not Supported"
            errors.append(FieldError.forbidden("spec.template.spec.activeDeadlineSeconds", detail))
        return errors

    def check_template(self, template: JSONObject) -> list[FieldError]:
        return check_template(template, "spec.template")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return unchanged(obj["spec"].get("selector"), old["spec"].get("selector"), "spec.selector")


class DeploymentStrategy(WorkloadStrategy):
    """Its generation counts changes of its annotations too."""

    def changed(self, obj: JSONObject, old: JSONObject) -> bool:
        annotations, before = obj["metadata"].get("annotations") or {}, old["metadata"].get("annotations") or {}
        return annotations != before or super().changed(obj, old)

    def set_defaults(self, obj: JSONObject) -> None:
        super().set_defaults(obj)
        spec = obj["spec"]
        strategy = spec.setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = super().validate(obj)
        strategy = spec.get("strategy") or {}
        match strategy.get("type"):
            case "Recreate":
                if strategy.get("rollingUpdate") is not None:
                    detail = "may not be specified when strategy `type` is 'Recreate'"
                    errors.append(FieldError.forbidden("spec.strategy.rollingUpdate", detail))
            case "RollingUpdate":
                rolling = strategy.get("rollingUpdate") or {}
                at = "spec.strategy.rollingUpdate"
                errors += share(rolling.get("maxUnavailable"), f"{at}.maxUnavailable")
                errors += share(rolling.get("maxSurge"), f"{at}.maxSurge", of_all=False)
                if str(rolling.get("maxUnavailable")) in ("0", "0%") and str(rolling.get("maxSurge")) in ("0", "0%"):
                    detail = "may not be 0 when `maxSurge` is 0"
                    errors.append(FieldError.invalid(f"{at}.maxUnavailable", rolling["maxUnavailable"], detail))
            case other:
                errors += one_of(other, ("Recreate", "RollingUpdate"), "spec.strategy")
        errors += not_negative(spec.get("revisionHistoryLimit"), "spec.revisionHistoryLimit")
        deadline = spec.get("progressDeadlineSeconds")
        errors += not_negative(deadline, "spec.progressDeadlineSeconds")
        if deadline is not None and deadline <= (spec.get("minReadySeconds") or 0):
            detail = "must be greater than minReadySeconds"
            errors.append(FieldError.invalid("spec.progressDeadlineSeconds", deadline, detail))
        return errors


class ReplicationControllerStrategy(WorkloadStrategy):
    """Its selector is a plain map, by default the labels of its template."""

    def set_defaults(self, obj: JSONObject) -> None:
        super().set_defaults(obj)
        labels = obj["spec"]["template"].get("metadata", {}).get("labels")
        if labels:
            obj["spec"].setdefault("selector", dict(labels))
            obj["metadata"].setdefault("labels", dict(labels))

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = not_negative(spec.get("minReadySeconds"), "spec.minReadySeconds")
        if not spec.get("selector"):
            errors.append(FieldError.required("spec.selector"))
        errors += not_negative(spec.get("replicas"), "spec.replicas")
        return [*errors, *self.check_pods(spec, {"matchLabels": spec.get("selector") or {}})]

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return []


class StatefulSetStrategy(WorkloadStrategy):
    """Its pods' specs are taken as they are: what they mount may be a claim that is yet to be made."""

    changes_first = False

    def set_defaults(self, obj: JSONObject) -> None:
        super().set_defaults(obj)
        spec = obj["spec"]
        spec.setdefault("podManagementPolicy", "OrderedReady")
        update = spec.setdefault("updateStrategy", {})
        if not update.get("type"):
            update["type"] = "RollingUpdate"
            update.setdefault("rollingUpdate", {})
        if update["type"] == "RollingUpdate" and "rollingUpdate" in update:
            update["rollingUpdate"].setdefault("partition", 0)
        spec.setdefault("revisionHistoryLimit", 10)
        policy = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
        policy.setdefault("whenDeleted", "Retain")
        policy.setdefault("whenScaled", "Retain")
        for claim in spec.get("volumeClaimTemplates") or []:
            claim.setdefault("kind", "PersistentVolumeClaim")
            claim.setdefault("apiVersion", "v1")
            claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
            claim.setdefault("status", {}).setdefault("phase", "Pending")

    def prepare_for_create(self, obj: JSONObject, context: WriteContext = NO_CONTEXT) -> None:
        _drop_max_unavailable(obj, {})
        super().prepare_for_create(obj)

    def prepare_for_update(
        self, obj: JSONObject, old: JSONObject, subresource: str, context: WriteContext = NO_CONTEXT
    ) -> None:
        _drop_max_unavailable(obj, old)
        super().prepare_for_update(obj, old, subresource)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        policy = obj["spec"].get("podManagementPolicy")
        errors = []
        if policy not in ("OrderedReady", "Parallel"):
            detail = "must be 'OrderedReady' or 'Parallel'"
            errors.append(FieldError.invalid("spec.podManagementPolicy", policy, detail))
        return errors + super().validate(obj)

    def check_template(self, template: JSONObject) -> list[FieldError]:
        return check_template_metadata(template, "spec.template")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        free = {
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        }
        new, before = obj["spec"], old["spec"]
        if not all(same(new.get(key), before.get(key)) for key in (new.keys() | before.keys()) - free):
            detail = (
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            )
            return [FieldError.forbidden("spec", detail)]
        return []


def _drop_max_unavailable(obj: JSONObject, old: JSONObject) -> None:
    """The feature MaxUnavailableStatefulSet is off by default: its field is dropped, unless it is in use."""
    new, before = (((each.get("spec") or {}).get("updateStrategy") or {}).get("rollingUpdate") for each in (obj, old))
    if new and "maxUnavailable" not in (before or {}):
        new.pop("maxUnavailable", None)


class DaemonSetStrategy(WorkloadStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        super().set_defaults(obj)
        update = obj["spec"].setdefault("updateStrategy", {})
        if update.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = update.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", 1)
            rolling.setdefault("maxSurge", 0)
        obj["spec"].setdefault("revisionHistoryLimit", 10)


class ControllerRevisionStrategy(BuiltinStrategy):
    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = [] if obj.get("data") is not None else [FieldError.required("data", "data is mandatory")]
        return errors + not_negative(obj.get("revision"), "revision")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        return unchanged(obj.get("data"), old.get("data"), "data")
