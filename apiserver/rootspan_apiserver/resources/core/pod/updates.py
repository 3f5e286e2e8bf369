"""What an update of a pod may change: images, deadlines, tolerations, and where a gated pod may run.

Upstream: pkg/apis/core/validation/validation.go (ValidatePodUpdate)
"""

from collections.abc import Iterator
from copy import deepcopy

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.core.pod.affinity import REQUIRED
from rootspan_apiserver.resources.core.pod.annotations import APP_ARMOR, MIRROR, check_annotations
from rootspan_apiserver.resources.core.pod.go_structs import pod_spec_diff, shown_as_go
from rootspan_apiserver.resources.core.tolerations import TOLERATIONS
from rootspan_apiserver.rules import ABSENT, Path, RuleContext, function

ONLY_THESE_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
INT32_MAX = 2**31 - 1
_ONLY_ADDITIONS = "only additions are allowed (no mutations or deletions)"
_SAME_TERMS = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"


@function("ValidatePodSpecificAnnotationUpdates")
def annotation_changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The annotations of AppArmor and of static pods stay as they are."""
    at = path / "metadata" / "annotations"
    new, before = ((each.get("metadata") or {}).get("annotations") or {} for each in (value, old))
    for key in sorted(before):
        if new.get(key) == before[key]:
            continue
        if key.startswith(APP_ARMOR):
            yield FieldError.forbidden(at.key(key), "may not remove or update AppArmor annotations")
        if key == MIRROR:
            yield FieldError.forbidden(at.key(key), "may not remove or update mirror pod annotation")
    for key in sorted(new.keys() - before.keys()):
        if key.startswith(APP_ARMOR):
            yield FieldError.forbidden(at.key(key), "may not add AppArmor annotations")
        if key == MIRROR:
            yield FieldError.forbidden(at.key(key), "may not add mirror pod annotation")
    yield from check_annotations(value, at, context)


@function("ValidatePodUpdate")
def spec_changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Nothing but images, deadlines, tolerations and gates changes; and where a gated pod may run."""
    new, before = value, old
    for kind in ("containers", "initContainers"):
        if len(new.get(kind) or []) != len(before.get(kind) or []):
            yield FieldError.forbidden(path / kind, "pod updates may not add or remove containers")
            return
        for index, container in enumerate(new.get(kind) or []):
            yield from _image(container.get("image") or "", path / kind / index / "image")
    deadline, stops = _deadline(new, before, path / "activeDeadlineSeconds")
    yield from deadline
    if stops:
        return
    yield from _tolerations(new, before, path / "tolerations", context)
    yield from _gates(new, before, path / "schedulingGates")
    if same(new, before):
        return
    fixed = _with_old_parts(new, before)
    if before.get("schedulingGates"):
        yield from _gated(fixed, before, path)
    if not same(fixed, before):
        yield FieldError.forbidden(path, f"{ONLY_THESE_CHANGE}\n{pod_spec_diff(before, fixed)}")


def _image(image: str, path: Path) -> Iterator[FieldError]:
    if not image:
        yield FieldError.required(path)
    elif image != image.strip():
        yield FieldError.invalid(path, image, "must not have leading or trailing whitespace")


def _deadline(new: JSONObject, old: JSONObject, path: Path) -> tuple[list[FieldError], bool]:
    """Return what is wrong with a new deadline, and whether nothing else is checked then."""
    deadline, before = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if deadline is None:
        if before is None:
            return [], False
        return [FieldError.invalid(path, None, "must not update from a positive integer to nil value")], False
    if not 0 <= deadline <= INT32_MAX:
        return [FieldError.invalid(path, deadline, f"must be between 0 and {INT32_MAX}, inclusive")], True
    if before is not None and before < deadline:
        return [FieldError.invalid(path, deadline, "must be less than or equal to previous value")], True
    return [], False


def _lasting(toleration: JSONObject) -> JSONObject:
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _tolerations(new: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    tolerations = new.get("tolerations") or []
    kept = [_lasting(toleration) for toleration in tolerations]
    if any(_lasting(toleration) not in kept for toleration in old.get("tolerations") or []):
        yield FieldError.forbidden(path, "existing toleration can not be modified except its tolerationSeconds")
        return
    yield from TOLERATIONS.check(tolerations, ABSENT, path, context)


def _gates(new: JSONObject, old: JSONObject, path: Path) -> Iterator[FieldError]:
    known = {gate.get("name") for gate in old.get("schedulingGates") or []}
    for index, gate in enumerate(new.get("schedulingGates") or []):
        if gate.get("name") not in known:
            words = f"only deletion is allowed, but found new scheduling gate '{gate.get('name', '')}'"
            yield FieldError.forbidden(path / index / "name", words)


def _with_old_parts(spec: JSONObject, old: JSONObject) -> JSONObject:
    """Return a spec with the parts of the old one that may change."""
    fixed = deepcopy(spec)
    for kind in ("containers", "initContainers"):
        for container, before in zip(fixed.get(kind) or [], old.get(kind) or [], strict=True):
            container["image"] = before.get("image")
    grace = old.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0 and fixed.get("terminationGracePeriodSeconds") == 1:
        fixed["terminationGracePeriodSeconds"] = grace
    for key in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _restore(fixed, old, key)
    return fixed


def _restore(fixed: JSONObject, old: JSONObject, key: str) -> None:
    fixed.pop(key, None)
    if old.get(key) is not None:
        fixed[key] = old[key]


def _gated(fixed: JSONObject, old: JSONObject, path: Path) -> Iterator[FieldError]:
    """Yield what a pod that waits for its gates may not change of its place, and undo in `fixed` what it may."""
    if not same(fixed.get("nodeSelector"), old.get("nodeSelector")):
        new, before = fixed.get("nodeSelector"), old.get("nodeSelector") or {}
        if any((new or {}).get(key) != value for key, value in before.items()):
            words = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            yield FieldError.invalid(path / "nodeSelector", new, words)
        _restore(fixed, old, "nodeSelector")
    affinity, before = fixed.get("affinity"), old.get("affinity")
    wanted, had = ((each or {}).get("nodeAffinity") for each in (affinity, before))
    if same(wanted, had):
        return
    yield from _terms(wanted, had, path / "affinity" / "nodeAffinity" / REQUIRED / "nodeSelectorTerms")
    if affinity is None:
        fixed["affinity"] = {"nodeAffinity": had}
    elif before is None and not affinity.get("podAffinity") and not affinity.get("podAntiAffinity"):
        del fixed["affinity"]
    else:
        _restore(affinity, before or {}, "nodeAffinity")


def _terms(new: JSONObject | None, old: JSONObject | None, path: Path) -> Iterator[FieldError]:
    given = ((new or {}).get(REQUIRED) or {}).get("nodeSelectorTerms")
    wanted = given or []
    had = ((old or {}).get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    if not had:
        return
    if len(wanted) != len(had):
        shown = None if given is None else [shown_as_go(term, "NodeSelectorTerm") for term in wanted]
        yield FieldError.invalid(path, shown, _SAME_TERMS)
        return
    for index, (term, before) in enumerate(zip(wanted, had, strict=True)):
        if not _only_added(term, before):
            yield FieldError.invalid(path / index, shown_as_go(term, "NodeSelectorTerm"), _ONLY_ADDITIONS)


def _only_added(term: JSONObject, old: JSONObject) -> bool:
    if not old.get("matchExpressions") and not old.get("matchFields"):
        # An empty term selects nothing: anything added would widen it.
        return not term.get("matchExpressions") and not term.get("matchFields")
    pairs = ((term.get(key) or [], old.get(key) or []) for key in ("matchExpressions", "matchFields"))
    return all(same(new[: len(before)], before) for new, before in pairs)


@function("ValidatePodEphemeralContainersUpdate")
def ephemeral_changes(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Ephemeral containers are added, never changed or removed."""
    at = path / "spec" / "ephemeralContainers"
    wanted = {container.get("name"): container for container in value["spec"].get("ephemeralContainers") or []}
    for container in old["spec"].get("ephemeralContainers") or []:
        name = container["name"]
        if name not in wanted:
            yield FieldError.forbidden(at, f'existing ephemeral containers "{name}" may not be removed\n')
        elif not same(wanted[name], container):
            yield FieldError.forbidden(at, f'existing ephemeral containers "{name}" may not be changed\n')
