"""StatefulSet (apps/v1): pods with names that stay, each with claims of its own.

Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/apps/v1/defaults.go, pkg/registry/apps/statefulset/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_label
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import (
    always_restarted,
    default_spec_template,
    matching_template,
    selector_rule,
    template_columns,
)
from rootspan_apiserver.resources.apps.replica_counts import at_most, collisions, counts, ready_of_wanted
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.core.pod.claim_templates import CLAIM_SPEC
from rootspan_apiserver.resources.core.pod.disabled_fields import drop_disabled
from rootspan_apiserver.resources.core.pod.template import TEMPLATE, TEMPLATE_METADATA
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder, WriteContext
from rootspan_apiserver.resources.subresource_definition import SCALE, status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    named,
    not_negative,
    not_nil,
    on_create,
    one_of,
    struct,
    unless_empty,
)
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)
ONLY_THESE_CHANGE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
ALL_HISTORY = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
)


@function("ValidateStatefulSetSpec")
def _management(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods are made in their order, or at once."""
    if value not in ("OrderedReady", "Parallel"):
        yield FieldError.invalid(path, value, "must be 'OrderedReady' or 'Parallel'")


@function("ValidateStatefulSetSpec")
def _strategy(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods are replaced in steps, or when they are deleted."""
    struct_type = go_types().struct("apps/v1.StatefulSetUpdateStrategy")
    match value.get("type") or "":
        case "":
            yield FieldError.required(path)
        case "OnDelete":
            if value.get("rollingUpdate") is not None:
                shown = internal_form(value, struct_type)["RollingUpdate"]
                words = "only allowed for updateStrategy 'RollingUpdate'"
                yield FieldError.invalid(path / "rollingUpdate", shown, words)
        case "RollingUpdate":
            yield from _STEPS.check(value, old, path, context)
        case _:
            shown = internal_form(value, struct_type)
            yield FieldError.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")


_STEPS = struct(rollingUpdate=struct(partition=not_negative))


@function("ValidatePodTemplateSpecForStatefulSet")
def _template_with_claims(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A template of pods, whose volumes are also the claims that are made for each pod."""
    claims = at(context.root, "spec", "volumeClaimTemplates") or []
    names = dict.fromkeys(at(claim, "metadata", "name") or "" for claim in claims)
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    spec = value.get("spec") or {}
    volumes += [volume for volume in spec.get("volumes") or [] if volume.get("name") not in names]
    with_claims = {**value, "spec": {**spec, "volumes": volumes}}
    yield from TEMPLATE.check(with_claims, old, path, context)


_RETENTION = absent_as("", one_of("Retain", "Delete"))
SPEC = struct(
    podManagementPolicy=absent_as("", _management),
    updateStrategy=absent_as({}, _strategy),
    persistentVolumeClaimRetentionPolicy=struct(whenDeleted=_RETENTION, whenScaled=_RETENTION),
    # What may not change is not checked again.
    volumeClaimTemplates=on_create(each(struct(spec=absent_as({}, CLAIM_SPEC)))),
    replicas=not_negative,
    minReadySeconds=not_negative,
    ordinals=struct(start=not_negative),
    serviceName=on_create(unless_empty(named(dns_label))),
    selector=not_nil & selector_rule("statefulset"),
) & matching_template(TEMPLATE_METADATA & _template_with_claims & always_restarted("StatefulSet"), words="")
_PARTS = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
STATUS = (
    counts(
        (
            "replicas",
            *_PARTS,
            "observedGeneration",
            "collisionCount",
        )
    )
    & at_most("replicas", *_PARTS, words="cannot be greater than status.replicas")
    & at_most("readyReplicas", "availableReplicas", words="cannot be greater than status.readyReplicas")
    & collisions
)


@function("ValidateStatefulSetUpdate")
def _fixed_fields(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """What the names of the pods and of their claims follow from stays."""
    if not all(same(value.get(key), old.get(key)) for key in (value.keys() | old.keys()) - set(CHANGEABLE)):
        yield FieldError.forbidden(path, ONLY_THESE_CHANGE)


def _default_strategy(obj: JSONObject) -> None:
    spec = obj["spec"]
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    for key in ("whenDeleted", "whenScaled"):
        if not retention.get(key):
            retention[key] = "Retain"


_CLAIM = {"kind": "PersistentVolumeClaim", "apiVersion": "v1"}


def _default_claims(obj: JSONObject) -> None:
    for claim in obj["spec"].get("volumeClaimTemplates") or []:
        default_values(_CLAIM)(claim)
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {}).setdefault("phase", "Pending")


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    _drop_max_unavailable(obj, {})
    drop_disabled(at(obj, "spec", "template", "spec") or {}, {})


def _prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _drop_max_unavailable(obj, old)
    drop_disabled(at(obj, "spec", "template", "spec") or {}, at(old, "spec", "template", "spec") or {})


def _drop_max_unavailable(obj: JSONObject, old: JSONObject) -> None:
    """The feature MaxUnavailableStatefulSet is off by default: its field is dropped, unless it is in use."""
    new, before = (at(each, "spec", "updateStrategy", "rollingUpdate") for each in (obj, old))
    if new and "maxUnavailable" not in (before or {}):
        new.pop("maxUnavailable", None)


_template_warnings = warnings_of("spec", "template", names_pods=False)


def _warnings(obj: JSONObject, old: JSONObject | None) -> list[str]:
    limit = at(obj, "spec", "revisionHistoryLimit")
    of_limit = [ALL_HISTORY] if limit is not None and limit < 0 else []
    return [*_template_warnings(obj, old), *of_limit]


definition = Definition(
    "apps/v1",
    "StatefulSet",
    "statefulsets",
    short_names=("sts",),
    categories=("all",),
    subresources=(SCALE, status_subresource(STATUS)),
    generation=COUNTED,
    name_rule=dns_label,
    defaults=(
        default_spec_template,
        _default_strategy,
        default_values({"spec": {"podManagementPolicy": "OrderedReady", "replicas": 1, "revisionHistoryLimit": 10}}),
        _default_claims,
    ),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    warnings=_warnings,
    spec=SPEC,
    changes=struct(spec=_fixed_fields),
    update_order=UpdateOrder.SPEC_THEN_CHANGES,
    columns=(
        NAME,
        Column("Ready", ready_of_wanted, description="The ready pods of those that are wanted."),
        AGE,
        *template_columns(),
    ),
)
