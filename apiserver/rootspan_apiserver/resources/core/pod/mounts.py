"""Where the volumes of a pod are in a container: as files (mounts) or as block devices.

Upstream: pkg/apis/core/validation/validation.go (ValidateVolumeMounts, ValidateVolumeDevices)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function
from rootspan_apiserver.rules.file_paths import descending_path

PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIVE = ("Disabled", "Enabled", "IfPossible")
_OF_IMAGE = "not allowed in image volume sources"
_PRIVILEGED = "Bidirectional mount propagation is available only to privileged containers"


@function("ValidateVolumeMounts")
def mounts(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each mount of a container is of a volume of the pod, and at a path of its own."""
    devices = {device.get("name"): device.get("devicePath") for device in value.get("volumeDevices") or []}
    volumes, seen = context.scope.volumes, set()
    listed = path / "volumeMounts"
    for index, mount in enumerate(value.get("volumeMounts") or []):
        at = listed / index
        name, place = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield FieldError.required(at / "name")
        if name not in volumes:
            yield FieldError.not_found(at / "name", name)
        if not place:
            yield FieldError.required(at / "mountPath")
        if place in seen:
            yield FieldError.invalid(at / "mountPath", place, "must be unique")
        seen.add(place)
        if name in devices:
            yield FieldError.invalid(at / "name", name, "must not already exist in volumeDevices")
        if place in devices.values():
            yield FieldError.invalid(at / "mountPath", place, "must not already exist as a path in volumeDevices")
        if volumes.get(name, {}).get("image") is not None:
            yield from (
                FieldError.invalid(at / key, mount[key], _OF_IMAGE)
                for key in ("subPath", "subPathExpr")
                if mount.get(key)
            )
        yield from _parts(mount, listed, at, context)
        yield from _propagation(value, mount, listed)


def _parts(mount: JSONObject, listed: Path, at: Path, context: RuleContext) -> Iterator[FieldError]:
    """Yield what is wrong with the part of the volume that is mounted."""
    part, expression = mount.get("subPath"), mount.get("subPathExpr")
    if part:
        yield from descending_path.check(part, ABSENT, listed / "subPath", context)
    if expression:
        if part:
            words = "subPathExpr and subPath are mutually exclusive"
            yield FieldError.invalid(at / "subPathExpr", expression, words)
        yield from descending_path.check(expression, ABSENT, listed / "subPathExpr", context)


def _propagation(container: JSONObject, mount: JSONObject, listed: Path) -> Iterator[FieldError]:
    """Yield what is wrong with how the mounts of others are seen; the errors are at the list."""
    propagation, recursive = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    if propagation is not None:
        at = listed / "mountPropagation"
        if propagation not in PROPAGATIONS:
            yield FieldError.not_supported(at, propagation, PROPAGATIONS)
        if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
            yield FieldError.forbidden(at, _PRIVILEGED)
    if recursive is None or recursive == "Disabled":
        return
    at = listed / "recursiveReadOnly"
    if recursive not in RECURSIVE:
        yield FieldError.not_supported(at, recursive, RECURSIVE)
        return
    if not mount.get("readOnly"):
        yield FieldError.forbidden(at, "may only be specified when readOnly is true")
    if propagation not in (None, "None"):
        yield FieldError.forbidden(at, "may only be specified when mountPropagation is None or not specified")


@function("ValidateVolumeDevices")
def devices(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Each block device of a container is a claim of the pod, at a path of its own."""
    mounted = {mount.get("name"): mount.get("mountPath") for mount in value.get("volumeMounts") or []}
    names: set[str] = set()
    places: set[str] = set()
    for index, device in enumerate(value.get("volumeDevices") or []):
        at = path / "volumeDevices" / index
        name, place = device.get("name") or "", device.get("devicePath") or ""
        volume = context.scope.volumes.get(name)
        if not name:
            yield FieldError.required(at / "name")
        if name in names:
            yield FieldError.invalid(at / "name", name, "must be unique")
        if volume is None:
            yield FieldError.not_found(at / "name", name)
        elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            words = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield FieldError.invalid(at / "name", name, words)
        if not place:
            yield FieldError.required(at / "devicePath")
        if place in places:
            yield FieldError.invalid(at / "devicePath", place, "must be unique")
        if ".." in place.split("/"):
            yield FieldError.invalid(at / "devicePath", place, "can not contain backsteps ('..')")
        else:
            places.add(place)
        if name in mounted:
            yield FieldError.invalid(at / "name", name, "must not already exist in volumeMounts")
        if place in mounted.values():
            yield FieldError.invalid(at / "devicePath", place, "must not already exist as a path in volumeMounts")
        names |= {name} if name else set()
