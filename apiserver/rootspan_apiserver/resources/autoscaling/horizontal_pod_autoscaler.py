"""HorizontalPodAutoscaler (autoscaling/v2, also served as v1): how many pods a workload has, by metrics.

Upstream: pkg/apis/autoscaling/validation/validation.go, pkg/apis/autoscaling/v2/defaults.go,
pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go, pkg/printers/internalversion/printers.go
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.autoscaling.horizontal_pod_autoscaler_v1 import from_v1, to_v1
from rootspan_apiserver.resources.autoscaling.metrics import METRIC, REFERENCE
from rootspan_apiserver.resources.autoscaling.targets import targets
from rootspan_apiserver.resources.columns import AGE, NAME, Column, at, value
from rootspan_apiserver.resources.defaults import default_values
from rootspan_apiserver.resources.definition import Definition, ServedVersion
from rootspan_apiserver.resources.hooks import UpdateOrder
from rootspan_apiserver.resources.subresource_definition import status_subresource
from rootspan_apiserver.rules import (
    ABSENT,
    Path,
    RuleContext,
    absent_as,
    each,
    function,
    greater_than,
    maximum,
    minimum,
    not_negative,
    one_of,
    required,
    struct,
)

GREATER_THAN_ZERO = greater_than(0, words="must be greater than zero")
CPU_80_PERCENT = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
GROW = [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]
SHRINK = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


@function("validateHorizontalPodAutoscalerSpec")
def _replicas(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """minReplicas is at least 1, or stays 0; maxReplicas is positive and not below it."""
    low, high = value.get("minReplicas"), value.get("maxReplicas") or 0
    lowest = 0 if old is not ABSENT and (old or {}).get("minReplicas") == 0 else 1
    if low is not None and low < lowest:
        yield FieldError.invalid(path / "minReplicas", low, f"must be greater than or equal to {lowest}")
    if high == 0:
        yield FieldError.required(path / "maxReplicas", "must be set and greater than 0")
    elif high < 0:
        yield FieldError.invalid(path / "maxReplicas", high, "must be greater than or equal to 1")
    if low is not None and high < low:
        yield FieldError.invalid(path / "maxReplicas", high, "must be greater than or equal to `minReplicas`")


@function("ValidateAPIVersion")
def _scalable(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The version names a group, unless the target is a ReplicationController or did not change."""
    version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    before = old if isinstance(old, dict) else None
    if before is not None and (before.get("apiVersion") or "", before.get("kind") or "") == (version, kind):
        return
    if version.count("/") > 1:
        yield FieldError.invalid(path / "apiVersion", version, f"unexpected GroupVersion string: {version}")
    elif not version.rpartition("/")[0] and kind != "ReplicationController":
        yield FieldError.invalid(path / "apiVersion", version, "apiVersion must specify API group")


@function("validateMetrics")
def _scaled_to_zero(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Scaling to zero needs a metric that does not come from the pods."""
    kinds = {metric.get("type") for metric in value.get("metrics") or []}
    if value.get("minReplicas") == 0 and not kinds & {"Object", "External"}:
        words = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield FieldError.forbidden(path / "metrics", words)


_SCALING = struct(
    stabilizationWindowSeconds=minimum(0, words="must be greater than or equal to zero") & maximum(3600),
    selectPolicy=one_of("Disabled", "Max", "Min"),
    policies=required("must specify at least one Policy")
    & each(
        struct(
            type=absent_as("", one_of("Percent", "Pods")),
            value=absent_as(0, GREATER_THAN_ZERO),
            periodSeconds=absent_as(0, GREATER_THAN_ZERO & maximum(1800)),
        )
    ),
)
SPEC = (
    _replicas
    & struct(scaleTargetRef=absent_as({}, REFERENCE & _scalable), metrics=each(METRIC))
    & _scaled_to_zero
    & struct(behavior=struct(scaleUp=_SCALING, scaleDown=_SCALING))
)
STATUS = struct(currentReplicas=not_negative, desiredReplicas=not_negative)


def _metrics(obj: JSONObject) -> None:
    if not obj["spec"].get("metrics"):
        obj["spec"]["metrics"] = [deepcopy(CPU_80_PERCENT)]


def _behavior(obj: JSONObject) -> None:
    if (behavior := obj["spec"].get("behavior")) is not None:
        for key, policies in (("scaleUp", GROW), ("scaleDown", SHRINK)):
            scaling = behavior.setdefault(key, {})
            scaling.setdefault("policies", [dict(policy) for policy in policies])


def _reference(obj: JSONObject, now: datetime) -> str:
    target = at(obj, "spec", "scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _low(obj: JSONObject, now: datetime) -> str:
    low = at(obj, "spec", "minReplicas")
    return "<unset>" if low is None else str(low)


definition = Definition(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    short_names=("hpa",),
    categories=("all",),
    subresources=(status_subresource(STATUS),),
    also_served=(ServedVersion(api_version="autoscaling/v1", to_storage=from_v1, from_storage=to_v1),),
    defaults=(
        default_values({"spec": {"minReplicas": 1}}),
        _metrics,
        _behavior,
        default_values(
            {
                "spec": {
                    "behavior": {
                        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max"},
                        "scaleDown": {"selectPolicy": "Max"},
                    }
                }
            }
        ),
    ),
    spec=SPEC,
    update_order=UpdateOrder.CHANGES_THEN_SPEC,
    columns=(
        NAME,
        Column("Reference", _reference, description="The workload that is scaled."),
        Column("Targets", lambda obj, now: targets(obj), description="Current and wanted values of the metrics."),
        Column("MinPods", _low, description="The least number of pods."),
        Column("MaxPods", value("spec.maxReplicas", 0), description="The greatest number of pods."),
        Column("Replicas", value("status.currentReplicas", 0), description="The present number of pods."),
        AGE,
    ),
)
