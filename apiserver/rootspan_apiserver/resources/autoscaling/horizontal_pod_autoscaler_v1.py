"""A HorizontalPodAutoscaler of autoscaling/v1 as one of v2, and back.

Upstream: pkg/apis/autoscaling/v1/conversion.go
"""

from typing import Any

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.validation import validate
from rootspan_apiserver.types.schema import schema_named

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"


def _is_cpu_target(metric: JSONObject) -> bool:
    resource = metric.get("resource") or {}
    utilization = (resource.get("target") or {}).get("averageUtilization")
    return metric.get("type") == "Resource" and resource.get("name") == "cpu" and utilization is not None


def _is_current_cpu(metric: JSONObject) -> bool:
    resource = metric.get("resource") or {}
    utilization = (resource.get("current") or {}).get("averageUtilization")
    return metric.get("type") == "Resource" and resource.get("name") == "cpu" and utilization is not None


def to_v1(obj: JSONObject) -> JSONObject:
    """Return an object of v2 as one of v1; what v1 has no field for goes into annotations."""
    metadata = dict(obj.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics = spec.pop("metrics", None) or []
    target = next((metric for metric in metrics if _is_cpu_target(metric)), None)
    if target is not None:
        spec["targetCPUUtilizationPercentage"] = target["resource"]["target"]["averageUtilization"]
    _write(annotations, METRICS, [metric for metric in metrics if metric is not target])
    _write(annotations, BEHAVIOR, spec.pop("behavior", None))
    status.setdefault("currentReplicas", 0)  # Required in v1, optional in v2.
    current = status.pop("currentMetrics", None) or []
    cpu = next((metric for metric in current if _is_current_cpu(metric)), None)
    if cpu is not None:
        status["currentCPUUtilizationPercentage"] = cpu["resource"]["current"]["averageUtilization"]
    _write(annotations, CURRENT_METRICS, [metric for metric in current if metric is not cpu])
    _write(annotations, CONDITIONS, status.pop("conditions", None))
    return _put_together(obj, metadata, annotations, spec, status)


def from_v1(obj: JSONObject) -> JSONObject:
    """Return an object of v1 as one of v2, with the metrics of its annotations."""
    metadata = dict(obj.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics = _read(annotations, METRICS, "Spec", "metrics") or []
    if (utilization := spec.pop("targetCPUUtilizationPercentage", None)) is not None:
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": utilization}}
        metrics = [{"type": "Resource", "resource": cpu}, *metrics]
    if metrics:
        spec["metrics"] = metrics
    if (behavior := _read(annotations, BEHAVIOR, "Spec", "behavior")) is not None:
        spec["behavior"] = behavior
    current = _read(annotations, CURRENT_METRICS, "Status", "currentMetrics") or []
    if (utilization := status.pop("currentCPUUtilizationPercentage", None)) is not None:
        now = {"name": "cpu", "current": {"averageUtilization": utilization}}
        current = [{"type": "Resource", "resource": now}, *current]
    if current:
        status["currentMetrics"] = current
    if (conditions := _read(annotations, CONDITIONS, "Status", "conditions")) is not None:
        status["conditions"] = conditions
    return _put_together(obj, metadata, annotations, spec, status)


def _write(annotations: JSONObject, key: str, value: object) -> None:
    if value:
        annotations[key] = orjson.dumps(value).decode()


def _read(annotations: JSONObject, key: str, part: str, field: str) -> Any:
    """Return what a field of v2 is according to an annotation; None where that is not there, or does not fit the
    field: anybody may write it.
    """
    try:
        value = orjson.loads(annotations.pop(key, "null"))
    except orjson.JSONDecodeError:
        return None
    schema = schema_named(f"autoscaling/v2.HorizontalPodAutoscaler{part}").properties[field]
    return None if value is None or validate(value, schema).errors else value


def _put_together(
    obj: JSONObject, metadata: JSONObject, annotations: JSONObject, spec: JSONObject, status: JSONObject
) -> JSONObject:
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    converted = {**obj, "metadata": metadata, "spec": spec}
    if "status" in obj:
        converted["status"] = status
    return converted
