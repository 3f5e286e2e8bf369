"""DaemonSet (apps/v1): a pod on each node.

Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/apps/v1/{defaults,conversion}.go,
pkg/registry/apps/daemonset/strategy.go, pkg/printers/internalversion/printers.go
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.apps.pod_templates import (
    SELECTOR,
    always_restarted,
    check_labels_match,
    default_spec_template,
    selector_rule,
    template_columns,
)
from rootspan_apiserver.resources.apps.replica_counts import collisions, counts, number
from rootspan_apiserver.resources.apps.workload_warnings import warnings_of
from rootspan_apiserver.resources.cells import labels
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at
from rootspan_apiserver.resources.core.pod.disabled_fields import drop_disabled
from rootspan_apiserver.resources.core.pod.template import TEMPLATE
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import COUNTED, UpdateOrder, WriteContext
from rootspan_apiserver.resources.subresource_definition import status_subresource
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
from rootspan_apiserver.selectors import LabelSelector
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


@function("ValidateDaemonSetSpec")
def _labels_match(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The selector matches the labels of the template, if it can be read."""
    try:
        selector = LabelSelector.from_object(value.get("selector"))
    except ValueError:
        return
    yield from check_labels_match(value, selector, path / "template")


@function("ValidateDaemonSetUpdateStrategy")
def _strategy(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Pods are replaced in steps, or when they are deleted."""
    match value.get("type") or "":
        case "OnDelete":
            pass
        case "RollingUpdate":
            yield from _STEPS.check(value, old, path, context)
        case _:
            shown = internal_form(value, go_types().struct("apps/v1.DaemonSetUpdateStrategy"))
            yield FieldError.not_supported(path, shown, ("RollingUpdate", "OnDelete"))


def _is_some(value: Any) -> bool:
    """Return whether a number of pods, or a percentage, is not 0; what is neither is 0. The sign for percent is not needed here."""
    if isinstance(value, str):
        digits = value.replace("%", "")
        return bool(re.fullmatch("[+-]?[0-9]+", digits)) and int(digits) != 0
    return bool(value)


@function("ValidateRollingUpdateDaemonSet")
def _one_of_two(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Either some pods may be missing, or some may be too many."""
    unavailable, surge = value.get("maxUnavailable"), value.get("maxSurge")
    if _is_some(unavailable) and _is_some(surge):
        yield FieldError.invalid(path / "maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    elif not _is_some(unavailable) and not _is_some(surge):
        yield FieldError.required(path / "maxUnavailable", "cannot be 0 when maxSurge is 0")


_STEPS = struct(
    rollingUpdate=not_nil
    & struct(maxUnavailable=int_or_percent, maxSurge=int_or_percent)
    & struct(maxUnavailable=at_most_100_percent, maxSurge=at_most_100_percent)
    & _one_of_two
)
SPEC = (
    struct(selector=selector_rule("daemonset"))
    & _labels_match
    & struct(
        template=absent_as({}, TEMPLATE & always_restarted("DaemonSet")),
        minReadySeconds=not_negative,
        updateStrategy=absent_as({}, _strategy),
        revisionHistoryLimit=not_negative,
    )
)
STATUS = (
    counts(
        (
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "collisionCount",
        )
    )
    & collisions
)


def _default_strategy(obj: JSONObject) -> None:
    strategy = obj["spec"].setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {})
        default_values({"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})(strategy)


def _read_template_generation(obj: JSONObject) -> None:
    """Write the annotation of an object that comes without one, as the conversion from the internal type does."""
    _set_template_generation(obj, _template_generation(obj))


def _prepare_create(obj: JSONObject, context: WriteContext) -> None:
    drop_disabled(at(obj, "spec", "template", "spec") or {}, {})
    _set_template_generation(obj, 1)


def _prepare_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    drop_disabled(at(obj, "spec", "template", "spec") or {}, at(old, "spec", "template", "spec") or {})
    changed = not same(at(obj, "spec", "template"), at(old, "spec", "template"))
    _set_template_generation(obj, _template_generation(old) + changed)


def _prepare_status_update(obj: JSONObject, old: JSONObject, context: WriteContext) -> None:
    _set_template_generation(obj, _template_generation(old))


def _template_generation(obj: JSONObject) -> int:
    text = (at(obj, "metadata", "annotations") or {}).get(TEMPLATE_GENERATION, "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


def _set_template_generation(obj: JSONObject, number: int) -> None:
    """Write a field of the internal type that v1 has as an annotation."""
    obj["metadata"]["annotations"] = {**(obj["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(number)}


def _node_selector(obj: JSONObject, now: datetime) -> str:
    return labels(at(obj, "spec", "template", "spec", "nodeSelector"))


definition = Definition(
    "apps/v1",
    "DaemonSet",
    "daemonsets",
    short_names=("ds",),
    categories=("all",),
    subresources=(status_subresource(STATUS, prepare_update=_prepare_status_update),),
    generation=COUNTED,
    defaults=(
        default_spec_template,
        _default_strategy,
        default_values({"spec": {"revisionHistoryLimit": 10}}),
        _read_template_generation,
    ),
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    warnings=warnings_of("spec", "template", names_pods=False),
    spec=SPEC,
    changes=struct(spec=struct(selector=immutable_selector)),
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    columns=(
        NAME,
        Column("Desired", number("desiredNumberScheduled"), "integer", description="The nodes for a pod."),
        Column("Current", number("currentNumberScheduled"), "integer", description="The nodes that have one."),
        Column("Ready", number("numberReady"), "integer", description="The nodes with a ready pod."),
        Column("Up-to-date", number("updatedNumberScheduled"), "integer", description="Those of the present template."),
        Column("Available", number("numberAvailable"), "integer", description="Those with an available pod."),
        Column("Node Selector", _node_selector, description="The labels of the nodes."),
        AGE,
        *template_columns(),
        SELECTOR,
    ),
)
