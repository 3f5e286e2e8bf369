"""PersistentVolumeClaim (v1): what a pod asks for as storage.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate),
pkg/apis/core/v1/defaults.go, pkg/registry/core/persistentvolumeclaim/strategy.go, pkg/api/persistentvolumeclaim/util.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import amount, canonical, is_whole
from rootspan_apiserver.resources.columns import AGE, NAME, Cell, Column, at, value
from rootspan_apiserver.resources.core.access_modes import CLASS_ANNOTATION, class_of, shown_modes
from rootspan_apiserver.resources.core.persistent_volume_claim_changes import claim_changes, claim_status
from rootspan_apiserver.resources.core.persistent_volume_claim_spec import (
    CLAIM_SPEC,
    drop_unknown_sources,
    match_sources,
)
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import absent_as, struct
from rootspan_apiserver.rules.metadata import core_metadata_update, object_metadata


def _prepare_create(claim: JSONObject, context: WriteContext) -> None:
    claim["status"] = {"phase": "Pending"}
    drop_unknown_sources(claim["spec"], None)
    match_sources(claim["spec"])


def _prepare_update(claim: JSONObject, old: JSONObject, context: WriteContext) -> None:
    drop_unknown_sources(claim["spec"], old["spec"])
    match_sources(claim["spec"])


def _warnings(claim: JSONObject, old: JSONObject | None) -> list[str]:
    found = []
    if CLASS_ANNOTATION in (at(claim, "metadata", "annotations") or {}):
        words = 'deprecated since v1.8; use "storageClassName" attribute instead'
        found.append(f"metadata.annotations[{CLASS_ANNOTATION}]: {words}")
    for kind in ("requests", "limits"):
        size = at(claim, "spec", "resources", kind, "storage")
        number = None if size is None else amount(size)
        if number is not None and not is_whole(number):
            place = f"spec.resources.{kind}[storage]"
            shown = canonical(str(size))
            found.append(f'{place}: fractional byte value "{shown}" is invalid, must be an integer')
    return found


def _phase(claim: JSONObject, now: datetime) -> Any:
    return "Terminating" if at(claim, "metadata", "deletionTimestamp") else at(claim, "status", "phase") or ""


def _if_bound(read: Callable[[JSONObject], str]) -> Cell:
    """Return a cell that is empty until the claim has a volume."""
    return lambda claim, now: read(claim) if at(claim, "spec", "volumeName") else ""


definition = Definition(
    "v1",
    "PersistentVolumeClaim",
    "persistentvolumeclaims",
    short_names=("pvc",),
    subresources=(status_subresource(rules=claim_status),),
    defaults=(default_values({"status": {"phase": "Pending"}, "spec": {"volumeMode": "Filesystem"}}),),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    warnings=_warnings,
    spec=absent_as({}, CLAIM_SPEC),
    update_rules=struct(metadata=core_metadata_update)
    & struct(metadata=object_metadata(namespaced=True), spec=absent_as({}, CLAIM_SPEC))
    & claim_changes,
    columns=(
        NAME,
        Column("Status", _phase, description="Whether it is bound."),
        Column("Volume", value("spec.volumeName"), description="The volume that it is bound to."),
        Column(
            "Capacity",
            _if_bound(lambda claim: str(at(claim, "status", "capacity", "storage") or "")),
            description="The size of its volume.",
        ),
        Column(
            "Access Modes",
            _if_bound(lambda claim: shown_modes(at(claim, "status", "accessModes"))),
            description="How its volume can be mounted.",
        ),
        Column("StorageClass", lambda obj, now: class_of(obj), description="The name of its storage class."),
        Column(
            "VolumeAttributesClass",
            lambda obj, now: at(obj, "spec", "volumeAttributesClassName") or "<unset>",
            description="The name of its class of attributes.",
        ),
        AGE,
        Column(
            "VolumeMode",
            lambda obj, now: at(obj, "spec", "volumeMode") or "<unset>",
            priority=1,
            description="Whether it is a file system or a block device.",
        ),
    ),
    delete_returns_object=True,
)
