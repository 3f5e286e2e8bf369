"""PersistentVolume and PersistentVolumeClaim."""

from copy import deepcopy

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import one_of, optional_name, unchanged
from rootspan_apiserver.resources.kinds.pod_scheduling import check_node_selector

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")


class PersistentVolumeStrategy(BuiltinStrategy):
    changes_first = False

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        obj["status"].setdefault("phase", "Pending")
        spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
        spec.setdefault("volumeMode", "Filesystem")
        if (path := spec.get("hostPath")) is not None:
            path.setdefault("type", "")

    def reset_status(self, obj: JSONObject) -> None:
        obj["status"] = {"phase": "Pending"}

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        modes = spec.get("accessModes") or []
        if not modes:
            errors.append(FieldError.required("spec.accessModes"))
        for mode in modes:
            errors += one_of(mode, ACCESS_MODES, "spec.accessModes")
        capacity = spec.get("capacity") or {}
        if not capacity:
            errors.append(FieldError.required("spec.capacity"))
        elif set(capacity) != {"storage"}:
            errors.append(FieldError.not_supported("spec.capacity", capacity, ("storage",)))
        elif (size := amount(capacity["storage"])) is not None and size <= 0:
            shown = str(capacity["storage"])
            errors.append(FieldError.invalid("spec.capacity[storage]", shown, "must be greater than zero"))
        policy = spec.get("persistentVolumeReclaimPolicy")
        errors += one_of(policy, RECLAIM_POLICIES, "spec.persistentVolumeReclaimPolicy")
        sources = [
            key
            for key, value in spec.items()
            if isinstance(value, dict) and key not in ("capacity", "claimRef", "nodeAffinity")
        ]
        if not sources:
            errors.append(FieldError.required("spec", "must specify a volume type"))
        detail = "may not specify more than 1 volume type"
        errors += [FieldError.forbidden(f"spec.{extra}", detail) for extra in sorted(sources)[1:]]
        path = (spec.get("hostPath") or {}).get("path") or ""
        if ".." in path.split("/"):
            errors.append(FieldError.invalid("spec.hostPath.path", path, "must not contain '..'"))
        if (required := (spec.get("nodeAffinity") or {}).get("required")) is not None:
            errors += check_node_selector(required, "spec.nodeAffinity.required")
        return errors + one_of(spec.get("volumeMode"), VOLUME_MODES, "spec.volumeMode")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = obj["spec"], old["spec"]
        errors = unchanged(new.get("volumeMode"), before.get("volumeMode"), "spec.volumeMode")
        free = ("capacity", "claimRef", "nodeAffinity")
        sources = {key for spec in (new, before) for key, value in spec.items() if isinstance(value, dict)}
        if not all(same(new.get(key), before.get(key)) for key in sources.difference(free)):
            detail = "spec.persistentvolumesource is immutable after creation"
            errors.append(FieldError.forbidden("spec.persistentvolumesource", detail))
        return errors


class PersistentVolumeClaimStrategy(BuiltinStrategy):
    changes_first = False

    def set_defaults(self, obj: JSONObject) -> None:
        obj["status"].setdefault("phase", "Pending")
        obj["spec"].setdefault("volumeMode", "Filesystem")

    def reset_status(self, obj: JSONObject) -> None:
        obj["status"] = {"phase": "Pending"}

    def validate(self, obj: JSONObject) -> list[FieldError]:
        spec = obj["spec"]
        errors = []
        modes = spec.get("accessModes") or []
        if not modes:
            errors.append(FieldError.required("spec.accessModes", "at least 1 access mode is required"))
        for mode in modes:
            errors += one_of(mode, ACCESS_MODES, "spec.accessModes")
        storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
        if storage is None:
            errors.append(FieldError.required("spec.resources[storage]"))
        elif (size := amount(storage)) is not None and size <= 0:
            at = "spec.resources[storage]"
            errors.append(FieldError.invalid(at, str(storage), "must be greater than zero"))
        errors += optional_name(spec.get("storageClassName"), dns_subdomain, "spec.storageClassName")
        return errors + one_of(spec.get("volumeMode"), VOLUME_MODES, "spec.volumeMode")

    def validate_changes(self, obj: JSONObject, old: JSONObject) -> list[FieldError]:
        new, before = deepcopy(obj["spec"]), deepcopy(old["spec"])
        for spec in (new, before):
            spec.pop("volumeAttributesClassName", None)
            if (obj.get("status") or {}).get("phase") == "Bound":
                ((spec.get("resources") or {}).get("requests") or {}).pop("storage", None)
        # Both are given once: the name of a volume where there is none, that of a class where it is absent and not "".
        for key, unset in (
            ("volumeName", not before.get("volumeName")),
            ("storageClassName", "storageClassName" not in before),
        ):
            if unset:
                new.pop(key, None)
        if same(new, before):
            return []
        detail = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        return [FieldError.forbidden("spec", detail)]
