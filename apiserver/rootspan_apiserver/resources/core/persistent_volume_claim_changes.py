"""What may change of a claim: its volume and class once, its size and class of attributes while it is bound, and its status.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaimUpdate, ValidatePersistentVolumeClaimStatusUpdate)
"""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.columns import at
from rootspan_apiserver.resources.core.access_modes import CLASS_ANNOTATION
from rootspan_apiserver.resources.core.persistent_volume_claim_spec import match_sources
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, entries, function, immutable
from rootspan_apiserver.rules.diffs import struct_diff
from rootspan_apiserver.rules.quantities import stored_quantity

_ATTRIBUTES = "volumeAttributesClassName"
_IMMUTABLE = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_RESIZES = (
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
)


@function("ValidatePersistentVolumeClaimUpdate")
def claim_changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The spec stays, but for what is filled in later and what a bound claim may change."""
    new, before = deepcopy(value["spec"]), deepcopy(old["spec"])
    match_sources(before)
    if not before.get("volumeName"):
        before["volumeName"] = new.get("volumeName")
    yield from _class_changes(value, old, new, before, path)
    if at(value, "status", "phase") == "Bound":
        requests = at(new, "resources", "requests")
        if requests is not None:
            requests["storage"] = at(before, "resources", "requests", "storage")
        if (attributes := before.get(_ATTRIBUTES)) is not None:
            new[_ATTRIBUTES] = attributes
        else:
            new.pop(_ATTRIBUTES, None)
    if not same(new, before):
        diff = struct_diff(before, new, "core/v1.PersistentVolumeClaimSpec")
        yield FieldError.forbidden(path / "spec", f"{_IMMUTABLE}\n{diff}")
    yield from _size_changes(value, old, path)
    mode, mode_before = (obj["spec"].get("volumeMode") for obj in (value, old))
    yield from immutable.check(mode, mode_before, path / "volumeMode", context)
    if at(old, "status", "currentVolumeAttributesClassName") is not None and not value["spec"].get(_ATTRIBUTES):
        to = "nil" if value["spec"].get(_ATTRIBUTES) is None else "empty string"
        words = f"update to {to} is forbidden when status.currentVolumeAttributesClassName is not nil"
        yield FieldError.forbidden(path / "spec" / _ATTRIBUTES, words)


def _class_changes(
    value: JSONObject, old: JSONObject, new: JSONObject, before: JSONObject, path: Path
) -> Iterator[FieldError]:
    """Yield an error if the old annotation of the storage class changes; let the class be set where it was not."""
    annotations, was = (at(obj, "metadata", "annotations") or {} for obj in (value, old))
    name, key = new.get("storageClassName"), "storageClassName"
    annotated, annotated_before = annotations.get(CLASS_ANNOTATION), was.get(CLASS_ANNOTATION)
    is_first = name is not None and before.get(key) is None
    if is_first and annotated_before is not None and name == annotated_before and annotated in (None, annotated_before):
        new.pop(key)
        return
    if (annotated or "") != (annotated_before or ""):
        at_annotation = path / "metadata" / "annotations" / CLASS_ANNOTATION
        yield FieldError.invalid(at_annotation, annotated or "", "field is immutable")
    if is_first and annotated_before in (None, name):
        new.pop(key)


def _size_changes(value: JSONObject, old: JSONObject, path: Path) -> Iterator[FieldError]:
    sizes = (at(obj, "spec", "resources", "requests", "storage") for obj in (value, old))
    new, before = (amount(size or "0") or Decimal(0) for size in sizes)
    stored = amount(at(old, "status", "capacity", "storage") or "0") or Decimal(0)
    if new < before and new <= stored:
        place = path / "spec" / "resources" / "requests" / "storage"
        yield FieldError.forbidden(place, "field can not be less than status.capacity")


_SIZES = entries(values=stored_quantity)


@function("ValidatePersistentVolumeClaimStatusUpdate")
def claim_status(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Sizes are not negative, and states of resizing are known."""
    status, place = value.get("status") or {}, path / "status"
    if not value["spec"].get("accessModes"):
        yield FieldError.required(path / "Spec" / "accessModes")
    yield from _SIZES.check(status.get("capacity") or {}, ABSENT, place / "capacity", context)
    states, at_states = status.get("allocatedResourceStatuses") or {}, place / "allocatedResourceStatus"
    for name in sorted(states):
        yield from _resource(name, at_states)
        if states[name] not in _RESIZES:
            yield FieldError.not_supported(at_states, name, _RESIZES)
    allocated, at_allocated = status.get("allocatedResources") or {}, place / "allocatedResources"
    for name in sorted(allocated):
        if errors := list(_resource(name, at_allocated)):
            yield from errors
        else:
            yield from stored_quantity.check(allocated[name], ABSENT, at_allocated.key(name), context)


def _resource(name: str, path: Path) -> Iterator[FieldError]:
    reasons = qualified_name(name)
    yield from (FieldError.invalid(path, name, reason) for reason in reasons)
    if not reasons and ("/" not in name or "kubernetes.io/" in name) and name != "storage":
        yield FieldError.not_supported(path, name, ("storage",))
