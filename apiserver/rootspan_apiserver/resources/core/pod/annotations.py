"""Annotations that mean something for pods: kept from the time before there were fields for it.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodSpecificAnnotations, validateSeccompAnnotationsAndFields,
validateAppArmorAnnotationsAndFieldsMatchOnCreate)
"""

import re
from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function
from rootspan_apiserver.rules.file_paths import descending_path

MIRROR = "kubernetes.io/config.mirror"
"""Marks the image of a static pod, which a kubelet runs from a file."""
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_OF_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_OF_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_LOCALHOST = "localhost/"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def _annotations(holder: JSONObject) -> dict[str, str]:
    return (holder.get("metadata") or {}).get("annotations") or {}


def check_annotations(holder: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Yield what is wrong with the annotations of a pod or of a template.

    Args:
        holder: has `metadata` and `spec`.
        path: of the annotations.
    """
    annotations, spec = _annotations(holder), holder.get("spec") or {}
    if not annotations:
        return
    if MIRROR in annotations and not spec.get("nodeName"):
        words = "must set spec.nodeName if mirror pod annotation is set"
        yield FieldError.invalid(path.key(MIRROR), annotations[MIRROR], words)
    cost = annotations.get(DELETION_COST)
    if cost is not None and not _is_deletion_cost(cost):
        yield FieldError.invalid(path.key(DELETION_COST), cost, "must be a 32bit integer")
    for key in sorted(annotations):
        value = annotations[key]
        if key == SECCOMP_OF_POD or key.startswith(SECCOMP_OF_CONTAINER):
            yield from _seccomp(value, path / key, context)
    names = {container.get("name") for kind in _CONTAINERS for container in spec.get(kind) or []}
    for key in sorted(annotations):
        if key.startswith(APP_ARMOR):
            name, value = key.removeprefix(APP_ARMOR), annotations[key]
            if name not in names:
                yield FieldError.invalid(path.key(key), name, "container not found")
            if value not in ("", "runtime/default", "unconfined") and not value.startswith(_LOCALHOST):
                yield FieldError.invalid(path.key(key), value, f'invalid AppArmor profile name: "{value}"')


def _is_deletion_cost(value: str) -> bool:
    """Return whether a value is an int32 as upstream reads it: without a plus sign or leading zeros."""
    if not re.fullmatch(r"0|-?[1-9][0-9]{0,9}", value):
        return False
    return -(2**31) <= int(value) < 2**31


def _seccomp(value: str, path: Path, context: RuleContext) -> Iterator[FieldError]:
    if value in ("runtime/default", "docker/default", "unconfined"):
        return
    if value.startswith(_LOCALHOST):
        yield from descending_path.check(value.removeprefix(_LOCALHOST), ABSENT, path, context)
    else:
        yield FieldError.invalid(path, value, "must be a valid seccomp profile")


def check_profiles(holder: JSONObject, path: Path) -> Iterator[FieldError]:
    """Yield where the annotations of a pod or of a template say something else than its fields.

    Args:
        path: of the spec.
    """
    annotations, spec = _annotations(holder), holder.get("spec") or {}
    if not any(key == SECCOMP_OF_POD or key.startswith((SECCOMP_OF_CONTAINER, APP_ARMOR)) for key in annotations):
        return
    of_pod = spec.get("securityContext") or {}
    yield from _mismatch(
        "seccomp", annotations.get(SECCOMP_OF_POD), of_pod.get("seccompProfile"), path / "securityContext"
    )
    containers = [
        (container, path / kind / index / "securityContext")
        for kind in _CONTAINERS
        for index, container in enumerate(spec.get(kind) or [])
    ]
    for container, at in containers:
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        said = annotations.get(f"{SECCOMP_OF_CONTAINER}{container.get('name', '')}")
        yield from _mismatch("seccomp", said, profile, at)
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, at in containers:
        own = (container.get("securityContext") or {}).get("appArmorProfile")
        said = annotations.get(f"{APP_ARMOR}{container.get('name', '')}")
        yield from _mismatch("apparmor", said, own or of_pod.get("appArmorProfile"), at)


def _mismatch(kind: str, said: str | None, profile: JSONObject | None, path: Path) -> Iterator[FieldError]:
    if said is None or profile is None:
        return
    at = path / ("seccompProfile" if kind == "seccomp" else "appArmorProfile")
    wanted = {
        "Unconfined": ("unconfined",),
        "RuntimeDefault": ("runtime/default", "docker/default")[: 2 if kind == "seccomp" else 1],
    }
    if profile.get("type") in wanted:
        if said not in wanted[profile["type"]]:
            yield FieldError.forbidden(at / "type", f"{kind} type in annotation and field must match")
    elif profile.get("type") == "Localhost":
        if not said.startswith(_LOCALHOST):
            yield FieldError.forbidden(at / "type", f"{kind} type in annotation and field must match")
        elif profile.get("localhostProfile") != said.removeprefix(_LOCALHOST):
            words = f"{kind} profile in annotation and field must match"
            yield FieldError.forbidden(at / "localhostProfile", words)


@function("ValidatePodSpecificAnnotations")
def pod_annotations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What the annotations of a pod say is valid."""
    yield from check_annotations(value, path / "metadata" / "annotations", context)


@function("validateSeccompAnnotationsAndFields")
def pod_profiles(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The annotations of a pod say the same as its fields."""
    yield from check_profiles(value, path / "spec")


@function("ValidatePodSpecificAnnotations")
def template_annotations(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What the annotations of a template say is valid."""
    yield from check_annotations(value, path / "annotations", context)
