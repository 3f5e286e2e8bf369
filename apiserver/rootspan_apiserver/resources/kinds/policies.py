"""PodDisruptionBudget, HorizontalPodAutoscaler, FlowSchema and PriorityLevelConfiguration."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.checks import label_selector, named, one_of, share
from rootspan_apiserver.resources.strategy import BuiltinStrategy

GROW_EVERY_15_SECONDS = [
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
]
METRIC_SOURCES = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
SHRINK_EVERY_15_SECONDS = [{"type": "Percent", "value": 100, "periodSeconds": 15}]


class PodDisruptionBudgetStrategy(BuiltinStrategy):
    counts_generation = True

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
            detail = "minAvailable and maxUnavailable cannot be both set"
            errors.append(FieldError.invalid("spec", spec, detail))
        for key in ("minAvailable", "maxUnavailable"):
            errors += share(spec.get(key), f"spec.{key}")
        if (policy := spec.get("unhealthyPodEvictionPolicy")) is not None:
            errors += one_of(policy, ("AlwaysAllow", "IfHealthyBudget"), "spec.unhealthyPodEvictionPolicy")
        return errors + label_selector(spec.get("selector"), "spec.selector")


class HorizontalPodAutoscalerStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        spec.setdefault("minReplicas", 1)
        if not spec.get("metrics"):
            cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
            spec["metrics"] = [{"type": "Resource", "resource": cpu}]
        if (behavior := spec.get("behavior")) is not None:
            up, down = behavior.setdefault("scaleUp", {}), behavior.setdefault("scaleDown", {})
            up.setdefault("stabilizationWindowSeconds", 0)
            up.setdefault("policies", [dict(policy) for policy in GROW_EVERY_15_SECONDS])
            down.setdefault("policies", [dict(policy) for policy in SHRINK_EVERY_15_SECONDS])
            for rules in (up, down):
                rules.setdefault("selectPolicy", "Max")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        low, high = spec.get("minReplicas"), spec.get("maxReplicas") or 0
        if low is not None and low < 1:
            errors.append(FieldError.invalid("spec.minReplicas", low, "must be greater than or equal to 1"))
        if high < 1:
            errors.append(FieldError.invalid("spec.maxReplicas", high, "must be greater than 0"))
        if low is not None and high < low:
            detail = "must be greater than or equal to `minReplicas`"
            errors.append(FieldError.invalid("spec.maxReplicas", high, detail))
        target = spec.get("scaleTargetRef") or {}
        for key in ("kind", "name"):
            errors += named(target.get(key), path_segment, f"spec.scaleTargetRef.{key}")
        for index, metric in enumerate(spec.get("metrics") or []):
            errors += _check_metric(metric, f"spec.metrics[{index}]")
        return errors


def _check_metric(metric: JSONObject, field: str) -> list[FieldError]:
    kind = metric.get("type") or ""
    if not kind:
        return [FieldError.required(f"{field}.type", "must specify a metric source type")]
    if kind not in METRIC_SOURCES:
        return one_of(kind, sorted(METRIC_SOURCES), f"{field}.type")
    name = METRIC_SOURCES[kind]
    if (source := metric.get(name)) is None:
        return [FieldError.required(f"{field}.{name}", "must populate information for the given metric source")]
    target, at = source.get("target") or {}, f"{field}.{name}.target"
    errors = one_of(target.get("type"), ("AverageValue", "Utilization", "Value"), f"{at}.type")
    if name in ("resource", "containerResource"):
        if not source.get("name"):
            errors.append(FieldError.required(f"{field}.{name}.name", "must specify a resource name"))
        if target.get("averageUtilization") is None and target.get("averageValue") is None:
            detail = "must set either a target raw value or a target utilization"
            errors.append(FieldError.required(f"{at}.averageUtilization", detail))
    return errors


class FlowSchemaStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        if not obj["spec"].get("matchingPrecedence"):
            obj["spec"]["matchingPrecedence"] = 1000

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = []
        precedence = obj["spec"].get("matchingPrecedence", 0)
        if precedence > 10000:
            detail = "must not be greater than 10000"
            errors.append(FieldError.invalid("spec.matchingPrecedence", precedence, detail))
        if not (obj["spec"].get("priorityLevelConfiguration") or {}).get("name"):
            detail = "must reference a priority level"
            errors.append(FieldError.required("spec.priorityLevelConfiguration.name", detail))
        return errors


class PriorityLevelConfigurationStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        if (limited := obj["spec"].get("limited")) is not None:
            limited.setdefault("nominalConcurrencyShares", 30)
            limited.setdefault("lendablePercent", 0)
            response = limited.get("limitResponse") or {}
            if (queuing := response.get("queuing")) is not None:
                for key, value in (("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)):
                    if not queuing.get(key):
                        queuing[key] = value
        elif (exempt := obj["spec"].get("exempt")) is not None:
            exempt.setdefault("nominalConcurrencyShares", 0)
            exempt.setdefault("lendablePercent", 0)
