"""Deployment (apps/v1): pods of a template that is rolled out in steps.

Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/apps/v1/defaults.go, pkg/registry/apps/deployment/strategy.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import (
    SELECTOR,
    always_restarted,
    default_spec_template,
    matching_template,
    selector_rule,
    template_columns,
)
from rootspan_apiserver.resources.apps.replica_counts import at_most, collisions, counts, number, ready_of_wanted
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.core.pod.disabled_fields import dropped_on_create, dropped_on_update
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation, UpdateOrder, desired_state_changed
from rootspan_apiserver.resources.subresource_definition import SCALE, status_subresource
from rootspan_apiserver.rules import (
    Path,
    RuleContext,
    absent_as,
    function,
    not_negative,
    not_nil,
    struct,
)
from rootspan_apiserver.rules.int_or_percent import at_most_100_percent, int_or_percent
from rootspan_apiserver.rules.label_selectors import immutable_selector
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types


@function("ValidateDeploymentStrategy")
def _strategy(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods are replaced in steps or at once; the steps go on."""
    match value.get("type") or "":
        case "Recreate":
            if value.get("rollingUpdate") is not None:
                words = "may not be specified when strategy `type` is 'Recreate'"
                yield FieldError.forbidden(path / "rollingUpdate", words)
        case "RollingUpdate":
            yield from _STEPS.check(value, old, path, context)
        case _:
            shown = internal_form(value, go_types().struct("apps/v1.DeploymentStrategy"))
            yield FieldError.not_supported(path, shown, ("Recreate", "RollingUpdate"))


@function("ValidateRollingUpdateDeployment")
def _goes_on(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Some pods may be missing, or some may be too many."""
    unavailable = value.get("maxUnavailable")
    if str(unavailable) in ("0", "0%") and str(value.get("maxSurge")) in ("0", "0%"):
        yield FieldError.invalid(path / "maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")


_STEPS = struct(
    rollingUpdate=not_nil
    & struct(maxUnavailable=int_or_percent, maxSurge=int_or_percent)
    & _goes_on
    & struct(maxUnavailable=at_most_100_percent)
)


@function("ValidateDeploymentSpec")
def _deadline(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods have the time to be ready."""
    deadline = value.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (value.get("minReadySeconds") or 0):
        yield FieldError.invalid(path / "progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


SPEC = (
    struct(replicas=not_negative, minReadySeconds=not_negative, selector=not_nil & selector_rule("deployment"))
    & matching_template(TEMPLATE & always_restarted("ReplicaSet"))
    & struct(strategy=absent_as({}, _strategy), revisionHistoryLimit=not_negative, progressDeadlineSeconds=not_negative)
    & _deadline
)
STATUS = (
    counts(
        (
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "terminatingReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "collisionCount",
        )
    )
    & at_most(
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        words="cannot be greater than status.replicas",
    )
    & at_most("readyReplicas", "availableReplicas", words="cannot be greater than readyReplicas")
    & collisions
)


def _changed(obj: JSONObject, old: JSONObject) -> bool:
    """A change of the annotations counts, too."""
    annotations = (at(each, "metadata", "annotations") for each in (obj, old))
    return not same(next(annotations), next(annotations)) or desired_state_changed(obj, old)


_ROLLING = {"rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}


def _default_strategy(obj: JSONObject) -> None:
    strategy = obj["spec"].setdefault("strategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {})
        default_values(_ROLLING)(strategy)


definition = Definition(
    "apps/v1",
    "Deployment",
    "deployments",
    short_names=("deploy",),
    categories=("all",),
    subresources=(SCALE, status_subresource(STATUS, keeps_metadata=("labels",))),
    generation=Generation(changed=_changed),
    defaults=(
        default_spec_template,
        _default_strategy,
        default_values({"spec": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}}),
    ),
    prepare_create=dropped_on_create("spec", "template", "spec"),
    prepare_update=dropped_on_update("spec", "template", "spec"),
    warnings=warnings_of("spec", "template"),
    spec=SPEC,
    changes=struct(spec=struct(selector=immutable_selector)),
    update_order=UpdateOrder.SPEC_THEN_CHANGES,
    columns=(
        NAME,
        Column("Ready", ready_of_wanted, description="The ready pods of those that are wanted."),
        Column("Up-to-date", number("updatedReplicas"), description="The pods of the present template."),
        Column("Available", number("availableReplicas"), description="The available pods."),
        AGE,
        *template_columns(),
        SELECTOR,
    ),
)
