"""PersistentVolume (v1): a piece of storage in the cluster.

Upstream: pkg/apis/core/validation/validation.go (ValidatePersistentVolume, ValidatePersistentVolumeUpdate), pkg/apis/core/v1/defaults.go,
pkg/registry/core/persistentvolume/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from posixpath import normpath
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.core.access_modes import VOLUME_MODES, access_modes, class_of, shown_modes
from rootspan_apiserver.resources.core.node_selectors import ratcheting_node_selector
from rootspan_apiserver.resources.core.persistent_volume_sources import FIELDS, MOUNTED_WITH_OPTIONS, one_source
from rootspan_apiserver.resources.core.persistent_volume_warnings import MOUNT_OPTIONS, volume_warnings
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    forbidden,
    function,
    immutable,
    named,
    not_nil,
    one_of,
    required,
    struct,
    unless_empty,
)
from rootspan_apiserver.rules.diffs import struct_diff
from rootspan_apiserver.rules.metadata import object_metadata
from rootspan_apiserver.rules.quantities import positive_quantity, stored_quantity
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

_GA_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}
"""The labels of nodes that were beta, and their names since."""


@function("ValidatePersistentVolumeSpec", absent=True)
def _capacity(value: JSONObject | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The capacity is that of storage, which is greater than zero."""
    if not value:
        yield FieldError.required(path)
    if value is None or set(value) != {"storage"}:
        shown = None if value is None else {key: value[key] for key in sorted(value)}
        yield FieldError.not_supported(path, shown, ("storage",))
    for name in sorted(value or {}):
        yield from stored_quantity.check((value or {})[name], old, path.key(name), context)
        yield from positive_quantity.check((value or {})[name], old, path.key(name), context)


@function("ValidatePersistentVolumeSpec")
def _root_is_not_recycled(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The root of a node's file system is not recycled."""
    host_path, policy = value.get("hostPath"), value.get("persistentVolumeReclaimPolicy")
    if host_path is not None and policy == "Recycle" and normpath(host_path.get("path") or ".") in ("/", "//"):
        words = "may not be 'recycle' for a hostPath mount of '/'"
        yield FieldError.forbidden(path / "persistentVolumeReclaimPolicy", words)


@function("ValidatePersistentVolumeSpec")
def _attributes_class(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A class of attributes has a name, and needs a CSI driver."""
    name, place = value.get("volumeAttributesClassName"), path / "volumeAttributesClassName"
    if name is None:
        return
    if not name:
        yield FieldError.required(place, "an empty string is disallowed")
    else:
        yield from (FieldError.invalid(place, name, reason) for reason in dns_subdomain(name))
    if value.get("csi") is None:
        yield FieldError.required(path / "csi", "has to be specified when using volumeAttributesClassName")


@function("checkMountOption")
def _mount_options(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The old annotation for mount options is for volumes that are mounted with options."""
    annotations = value["metadata"].get("annotations") or {}
    if MOUNT_OPTIONS in annotations and MOUNTED_WITH_OPTIONS.isdisjoint(value.get("spec") or {}):
        words = "may not specify mount options for this volume type"
        yield FieldError.forbidden(path / "metadata" / "annotations" / MOUNT_OPTIONS, words)


_SPEC = (
    struct(accessModes=required)
    & struct(
        accessModes=access_modes,
        capacity=_capacity,
        persistentVolumeReclaimPolicy=unless_empty(one_of("Delete", "Recycle", "Retain")),
        nodeAffinity=struct(required=required("must specify required node constraints") & ratcheting_node_selector),
    )
    & one_source
    & _root_is_not_recycled
    & struct(storageClassName=unless_empty(named(dns_subdomain)), volumeMode=one_of(*VOLUME_MODES))
    & _attributes_class
)
_IN_CONTEXT = "in the context of inline volumes"
_NOT_INLINE = forbidden(f"may not be specified {_IN_CONTEXT}")


@function("ValidatePersistentVolumeSpec")
def _inline_policy(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The volume of somebody else is kept."""
    if value and value != "Retain":
        yield FieldError.forbidden(path, f"may only be Retain {_IN_CONTEXT}")


@function("ValidatePersistentVolumeSpec")
def _inline_mode(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """It has a file system."""
    if value != "Filesystem":
        yield FieldError.forbidden(path, f"may not specify volumeMode other than Filesystem {_IN_CONTEXT}")


INLINE_SPEC = (
    struct(
        claimRef=forbidden(f"may not be specified {_IN_CONTEXT}", empty=True),
        capacity=_NOT_INLINE,
        csi=not_nil(f"has to be specified {_IN_CONTEXT}"),
    )
    & struct(accessModes=required)
    & struct(
        accessModes=access_modes,
        persistentVolumeReclaimPolicy=_inline_policy,
        nodeAffinity=forbidden(f"may not be specified {_IN_CONTEXT}", empty=True),
    )
    & one_source
    & _root_is_not_recycled
    & struct(storageClassName=_NOT_INLINE, volumeMode=_inline_mode)
)
"""The rules for a volume that is described where it is used, and that no PersistentVolume stands for."""
_OBJECT = struct(metadata=object_metadata(namespaced=False), spec=absent_as({}, _SPEC))


def _source(spec: JSONObject) -> JSONObject:
    return {field: spec[field] for field in FIELDS if spec.get(field) is not None}


@function("ValidatePersistentVolumeUpdate")
def _source_stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The source does not change; only a secret for expansion may be added."""
    new, before = _source(value), _source(old)
    secret = "controllerExpandSecretRef"
    if "csi" in new and "csi" in before and before["csi"].get(secret) is None:
        new["csi"] = {key: found for key, found in new["csi"].items() if key != secret}
    if not same(new, before):
        diff = struct_diff(before, new, "core/v1.PersistentVolumeSource")
        words = f"spec.persistentvolumesource is immutable after creation\n{diff}"
        yield FieldError.forbidden(path / "spec" / "persistentvolumesource", words)


@function("validatePvNodeAffinity")
def _affinity_stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The nodes do not change once they are there, except that beta labels become those of today."""
    new, before = value.get("nodeAffinity"), old.get("nodeAffinity")
    if before is None or same(new, before) or same(new, _with_ga_labels(before, new)):
        return
    shown = None if new is None else internal_form(new, go_types().struct("core/v1.VolumeNodeAffinity"))
    words = "field is immutable, except for updating from beta label to GA"
    yield FieldError.invalid(path / "nodeAffinity", shown, words)


def _with_ga_labels(before: JSONObject, new: JSONObject | None) -> JSONObject:
    """Return a node affinity with the keys of `new` where those are the present names of its own."""
    renamed = deepcopy(before)
    for term, other in zip(_terms(renamed), _terms(new), strict=False):
        pairs = zip(term.get("matchExpressions") or [], other.get("matchExpressions") or [], strict=False)
        for expression, wanted in pairs:
            # Upstream looks up a label without a newer name as "", which it takes for the newer name.
            if _GA_LABELS.get(expression.get("key", ""), "") == wanted.get("key", ""):
                expression["key"] = wanted.get("key", "")
    return renamed


def _terms(affinity: JSONObject | None) -> list[JSONObject]:
    return at(affinity or {}, "required", "nodeSelectorTerms") or []


@function("ValidatePersistentVolumeUpdate")
def _class_stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A class of attributes may become another, but not none."""
    key = "volumeAttributesClassName"
    if old.get(key) is not None and value.get(key) is None:
        yield FieldError.forbidden(path / "spec" / key, "update from non-nil value to nil is forbidden")


@function("ValidatePersistentVolumeUpdate")
def _changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The source, the mode and the nodes stay."""
    new, before = value["spec"], old["spec"]
    yield from _source_stays.check(new, before, path, context)
    yield from immutable.check(new.get("volumeMode"), before.get("volumeMode"), path / "volumeMode", context)
    yield from _affinity_stays.check(new, before, path, context)
    yield from _class_stays.check(new, before, path, context)


def _host_path_type(volume: JSONObject) -> None:
    if (path := volume["spec"].get("hostPath")) is not None:
        path.setdefault("type", "")


def _prepare_create(volume: JSONObject, context: WriteContext) -> None:
    volume["status"] = {"phase": "Pending", "lastPhaseTransitionTime": timestamp()}


def _prepare_status(volume: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Note when the phase changed, unless the client says so."""
    status, before = volume.setdefault("status", {}), old.get("status") or {}
    key = "lastPhaseTransitionTime"
    if status.get("phase") == before.get("phase"):
        if status.get(key) is None and before.get(key) is not None:
            status[key] = before[key]
    elif status.get(key) in (None, before.get(key)):
        status[key] = timestamp()


def _phase(volume: JSONObject, now: datetime) -> Any:
    return "Terminating" if at(volume, "metadata", "deletionTimestamp") else at(volume, "status", "phase") or ""


def _claim(volume: JSONObject, now: datetime) -> str:
    claim = at(volume, "spec", "claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


definition = Definition(
    "v1",
    "PersistentVolume",
    "persistentvolumes",
    namespaced=False,
    short_names=("pv",),
    subresources=(status_subresource(prepare_update=_prepare_status),),
    defaults=(
        default_values(
            {
                "status": {"phase": "Pending"},
                "spec": {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"},
            }
        ),
        _host_path_type,
    ),
    prepare_create=_prepare_create,
    spec=absent_as({}, _SPEC),
    # Upstream checks the object twice, and shows each of its faults twice.
    rules=_mount_options,
    update_rules=_OBJECT & _mount_options & _OBJECT & _changes,
    columns=(
        NAME,
        Column("Capacity", lambda obj, now: str(at(obj, "spec", "capacity", "storage") or ""), description="Its size."),
        Column(
            "Access Modes",
            lambda obj, now: shown_modes(at(obj, "spec", "accessModes")),
            description="How it can be mounted.",
        ),
        Column(
            "Reclaim Policy",
            value("spec.persistentVolumeReclaimPolicy"),
            description="What becomes of it when its claim is deleted.",
        ),
        Column("Status", _phase, description="Whether it is bound."),
        Column("Claim", _claim, description="The claim that it is bound to."),
        Column("StorageClass", lambda obj, now: class_of(obj), description="The name of its storage class."),
        Column(
            "VolumeAttributesClass",
            lambda obj, now: at(obj, "spec", "volumeAttributesClassName") or "<unset>",
            description="The name of its class of attributes.",
        ),
        Column("Reason", value("status.reason"), description="Why it failed, in a word."),
        AGE,
        Column(
            "VolumeMode",
            lambda obj, now: at(obj, "spec", "volumeMode") or "<unset>",
            priority=1,
            description="Whether it is a file system or a block device.",
        ),
    ),
    delete_returns_object=True,
    warnings=volume_warnings,
)
