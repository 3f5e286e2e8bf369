"""StorageClass and CSIDriver, and the kinds that only count their generation."""

from typing import Any

from rootspan_apiserver.registry.kinds.checks import IMMUTABLE, one_of
from rootspan_apiserver.registry.strategy import BuiltinStrategy
from rootspan_apiserver.status import FieldError

JSONObject = dict[str, Any]


class StorageClassStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        obj.setdefault("reclaimPolicy", "Delete")
        obj.setdefault("volumeBindingMode", "Immediate")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = [] if obj.get("provisioner") else [FieldError.required("provisioner")]
        errors += one_of(obj.get("reclaimPolicy"), ("Delete", "Retain"), "reclaimPolicy")
        return errors + one_of(obj.get("volumeBindingMode"), ("Immediate", "WaitForFirstConsumer"), "volumeBindingMode")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = []
        if (obj.get("parameters") or {}) != (old.get("parameters") or {}):
            errors.append(FieldError.forbidden("parameters", "updates to parameters are forbidden."))
        if obj.get("provisioner") != old.get("provisioner"):
            errors.append(FieldError.forbidden("provisioner", "updates to provisioner are forbidden."))
        if obj.get("reclaimPolicy") != old.get("reclaimPolicy"):
            errors.append(FieldError.forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden."))
        if obj.get("volumeBindingMode") != old.get("volumeBindingMode"):
            errors.append(FieldError.invalid("volumeBindingMode", obj.get("volumeBindingMode"), IMMUTABLE))
        return errors


class CSIDriverStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        spec.setdefault("attachRequired", True)
        spec.setdefault("podInfoOnMount", False)
        spec.setdefault("storageCapacity", False)
        spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
        if not spec.get("volumeLifecycleModes"):
            spec["volumeLifecycleModes"] = ["Persistent"]
        spec.setdefault("requiresRepublish", False)
        spec.setdefault("seLinuxMount", False)


class CountedStrategy(BuiltinStrategy):
    """A kind of which nothing is known but that its generation counts."""

    counts_generation = True
