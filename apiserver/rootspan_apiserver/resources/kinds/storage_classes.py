"""StorageClass and CSIDriver, and the kinds that only count their generation."""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import one_of, unchanged


class StorageClassStrategy(BuiltinStrategy):
    def set_defaults(self, obj: JSONObject) -> None:
        obj.setdefault("reclaimPolicy", "Delete")
        obj.setdefault("volumeBindingMode", "Immediate")

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = [] if obj.get("provisioner") else [FieldError.required("provisioner")]
        errors += one_of(obj.get("reclaimPolicy"), ("Delete", "Retain"), "reclaimPolicy")
        return errors + one_of(obj.get("volumeBindingMode"), ("Immediate", "WaitForFirstConsumer"), "volumeBindingMode")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        errors = unchanged(obj.get("parameters") or {}, old.get("parameters") or {}, "parameters")
        errors += unchanged(obj.get("provisioner") or "", old.get("provisioner") or "", "provisioner")
        errors += unchanged(obj.get("reclaimPolicy"), old.get("reclaimPolicy"), "reclaimPolicy")
        return errors + unchanged(obj.get("volumeBindingMode"), old.get("volumeBindingMode"), "volumeBindingMode")


class CSIDriverStrategy(BuiltinStrategy):
    """Its generation counts changes from the first one on: a new driver has none."""

    counts_generation = True
    first_generation = 0

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
