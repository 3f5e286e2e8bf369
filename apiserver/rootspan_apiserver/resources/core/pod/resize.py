"""Changing what the containers of a pod ask for while they run.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodResize), pkg/registry/core/pod/strategy.go (dropNonResizeUpdates)
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.quantity import amount
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.annotations import MIRROR
from rootspan_apiserver.resources.core.pod.quality import COMPUTED, quality_of_service
from rootspan_apiserver.resources.hooks import WriteContext
from rootspan_apiserver.rules import ROOT, Path, RuleContext, function

KINDS = ("containers", "initContainers")
_RESTART = "unless resizePolicy is RestartContainer"


def keep_all_but_resources(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    """Undo every change of a pod's spec but those of resources; lists of other containers stay, for validation to refuse."""
    new, spec = obj["spec"], deepcopy(old["spec"])
    if any(len(new.get(kind) or []) != len(spec.get(kind) or []) for kind in KINDS):
        return
    for kind in KINDS:
        wanted, had = new.get(kind) or [], spec.get(kind) or []
        if [container.get("name") for container in wanted] != [container.get("name") for container in had]:
            spec[kind] = wanted
            continue
        for container, change in zip(had, wanted, strict=True):
            for key in ("resources", "resizePolicy"):
                container.pop(key, None)
                if key in change:
                    container[key] = change[key]
    spec.pop("resources", None)
    if "resources" in new:
        spec["resources"] = new["resources"]
    obj["spec"] = spec


@function("ValidatePodResize")
def resizable(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The pod can be resized at all, and the change is one that its containers bear."""
    if MIRROR in ((old.get("metadata") or {}).get("annotations") or {}):
        yield FieldError.forbidden(ROOT, "static pods cannot be resized")
        return
    if (old["spec"].get("os") or {}).get("name") == "windows":
        yield FieldError.forbidden(ROOT, "windows pods cannot be resized")
        return
    at, new, before = path / "spec", value["spec"], old["spec"]
    quality = (old.get("status") or {}).get("qosClass") or quality_of_service(before)
    if quality != quality_of_service(new):
        words = "Pod QOS Class may not change as a result of resizing"
        yield FieldError.invalid(at, (value.get("status") or {}).get("qosClass") or "", words)
    errors = [*_not_supported(old, at), *_containers(new, before, at)]
    yield from errors
    if not errors and not same(_without_resources(new), _without_resources(before)):
        yield FieldError.forbidden(at, "only cpu and memory resources are mutable")


def _not_supported(old: JSONObject, at: Path) -> Iterator[FieldError]:
    for status in (old.get("status") or {}).get("containerStatuses") or []:
        if (status.get("state") or {}).get("running") is not None:
            if status.get("resources") is None:
                yield FieldError.forbidden(at, "Pod running on node without support for resize")
            return


def _containers(new: JSONObject, old: JSONObject, at: Path) -> Iterator[FieldError]:
    for kind in ("initContainers", "containers"):
        for index, (container, before) in enumerate(zip(new.get(kind) or [], old.get(kind) or [], strict=False)):
            stays = kind == "containers" or before.get("restartPolicy") == "Always"
            if stays:
                yield from _change(container, before, at / kind / index / "resources")
                if not same(_without_computed(container), _without_computed(before)):
                    whose = "" if kind == "containers" else " for sidecar containers"
                    yield FieldError.forbidden(at, f"only cpu and memory resources{whose} are mutable")
            elif not same(container, before):
                yield FieldError.forbidden(at, "resources for non-sidecar init containers are immutable")


def _change(container: JSONObject, old: JSONObject, at: Path) -> Iterator[FieldError]:
    new, before = container.get("resources") or {}, old.get("resources") or {}
    for kind in ("requests", "limits"):
        if not (before.get(kind) or {}).keys() <= (new.get(kind) or {}).keys():
            yield FieldError.forbidden(at / kind, f"resource {kind} cannot be removed")
    restarts = {
        policy.get("resourceName"): policy.get("restartPolicy") for policy in container.get("resizePolicy") or []
    }
    if restarts.get("memory", "NotRequired") != "NotRequired":
        return
    limit, had = ((each.get("limits") or {}).get("memory") for each in (new, before))
    place = (at / "limits").key("memory")
    if limit is not None and had is not None:
        if (amount(limit) or 0) < (amount(had) or 0):
            yield FieldError.forbidden(place, f"memory limits cannot be decreased {_RESTART}")
    elif limit is not None:
        yield FieldError.forbidden(place, f"memory limits cannot be added {_RESTART}")


def _without_computed(container: JSONObject) -> JSONObject:
    """Return a container without the resources that may change."""
    found: dict[str, Any] = {key: value for key, value in container.items() if key != "resources"}
    for kind in ("limits", "requests"):
        amounts = (container.get("resources") or {}).get(kind) or {}
        found[kind] = {name: value for name, value in amounts.items() if name not in COMPUTED}
    return found


def _without_resources(spec: JSONObject) -> JSONObject:
    fixed = {key: value for key, value in spec.items() if key != "resources"}
    for kind in KINDS:
        if spec.get(kind):
            fixed[kind] = [_without_computed(container) for container in spec[kind]]
    return fixed
