"""What a claim for a volume counts for: itself and its storage, and both for its storage class.

Upstream: pkg/quota/v1/evaluator/core/persistent_volume_claims.go
"""

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.quota.evaluator import Evaluator, is_selected
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.quantity import Quantity
from rootspan_apiserver.kube.resource_amounts import ONE, Amounts

CLAIMS = GroupResource("", "persistentvolumeclaims")
COUNT, STORAGE = "persistentvolumeclaims", "requests.storage"
OF_CLASS = ".storageclass.storage.k8s.io/"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


class PersistentVolumeClaimEvaluator(Evaluator):
    """Counts claims and their storage."""

    def __init__(self) -> None:
        super().__init__(CLAIMS, (COUNT, STORAGE))

    def handles(self, attributes: AdmissionAttributes) -> bool:
        if attributes.subresource:
            return attributes.subresource == "status"
        return attributes.operation in ("CREATE", "UPDATE")

    def counts(self, name: str) -> bool:
        return super().counts(name) or name.endswith((OF_CLASS + COUNT, OF_CLASS + STORAGE))

    def is_in_scope(self, selector: JSONObject, obj: JSONObject) -> bool:
        if selector.get("scopeName") != "VolumeAttributesClass":
            return False
        return any(is_selected(selector, name) for name in _attributes_classes(obj) or {""})

    def usage(self, obj: JSONObject) -> Amounts:
        used = {self.count: ONE, COUNT: ONE}
        if (storage := _storage(obj)) is not None:
            used[STORAGE] = storage
        if storage_class := _storage_class(obj):
            of_class = {f"{storage_class}{OF_CLASS}{name}": used[name] for name in (COUNT, STORAGE) if name in used}
            used |= of_class
        return used

    def is_replenished(self, old: JSONObject, new: JSONObject) -> bool:
        # Upstream compares the addresses of the allocated storage, which are never the same.
        return True


def _storage(claim: JSONObject) -> Quantity | None:
    """Return the requested storage, or what is allocated if that is more, in whole bytes."""
    requested = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    if requested is None:
        return None
    storage = _whole(requested)
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    if allocated is not None and Quantity.of(allocated).value > storage.value:
        return _whole(allocated)
    return storage


def _whole(text: object) -> Quantity:
    quantity = Quantity.of(text)
    whole = quantity.rounded_up()
    return quantity if whole.value == quantity.value else whole


def _storage_class(claim: JSONObject) -> str:
    annotations = claim["metadata"].get("annotations") or {}
    if BETA_CLASS in annotations:
        return str(annotations[BETA_CLASS])
    return (claim.get("spec") or {}).get("storageClassName") or ""


def _attributes_classes(claim: JSONObject) -> set[str]:
    status = claim.get("status") or {}
    names = (
        (claim.get("spec") or {}).get("volumeAttributesClassName"),
        status.get("currentVolumeAttributesClassName"),
        (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"),
    )
    return {name for name in names if name}
