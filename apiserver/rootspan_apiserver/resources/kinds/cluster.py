"""PriorityClass."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import IMMUTABLE


class PriorityClassStrategy(BuiltinStrategy):
    """Its generation is 1 for ever: what may change of it is not counted."""

    counts_generation = True

    def changed(self, obj: JSONObject, old: JSONObject) -> bool:
        return False

    def set_defaults(self, obj: JSONObject) -> None:
        obj.setdefault("preemptionPolicy", "PreemptLowerPriority")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = []
        name = obj["metadata"].get("name") or ""
        if name.startswith("system-") and name not in ("system-cluster-critical", "system-node-critical"):
            detail = "priority class names with 'system-' prefix are reserved for system use only. error: "
            detail += f"{name} is not a known system priority class"
            errors.append(FieldError.forbidden("metadata.name", detail))
        if obj.get("value", 0) > 1_000_000_000 and not name.startswith("system-"):
            detail = "maximum allowed value of a user defined priority is 1000000000"
            errors.append(FieldError.forbidden("value", detail))
        return errors

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = []
        if obj.get("value") != old.get("value"):
            errors.append(FieldError.forbidden("value", "may not be changed in an update."))
        if obj.get("preemptionPolicy") != old.get("preemptionPolicy"):
            errors.append(FieldError.invalid("preemptionPolicy", obj.get("preemptionPolicy"), IMMUTABLE))
        return errors
