"""FlowSchema and PriorityLevelConfiguration."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy


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
