"""PodDisruptionBudget, HorizontalPodAutoscaler, FlowSchema and PriorityLevelConfiguration."""

from typing import Any

from rootspan_apiserver.registry.kinds.checks import label_selector, named
from rootspan_apiserver.registry.names import path_segment
from rootspan_apiserver.registry.strategy import BuiltinStrategy
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]
GROW_EVERY_15_SECONDS = [
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
]
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
            value = spec.get(key)
            if isinstance(value, int) and value < 0:
                errors.append(FieldError.invalid(f"spec.{key}", value, "must be greater than or equal to 0"))
            elif isinstance(value, str) and not (value.endswith("%") and value[:-1].isdigit()):
                detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',"
                detail += " or '93%', regex used for validation is '[0-9]+%')"
                errors.append(FieldError.invalid(f"spec.{key}", value, detail))
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
