"""HorizontalPodAutoscaler: its rules, its defaults, its table. Its versions are in test_conversion.py."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.autoscaling.horizontal_pod_autoscaler import definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
HPA = KindCheck(definition, {"spec": {"scaleTargetRef": TARGET, "minReplicas": 2, "maxReplicas": 4}})
METRIC = {"name": "hits"}
VALUE = {"type": "Value", "value": "10"}
AVERAGE = {"type": "AverageValue", "averageValue": "10"}
UTILIZATION = {"type": "Utilization", "averageUtilization": 80}
INGRESS = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "main"}
SOURCES: dict[str, JSONObject] = {
    "Object": {"object": {"describedObject": INGRESS, "metric": METRIC, "target": VALUE}},
    "External": {"external": {"metric": METRIC, "target": AVERAGE}},
    "Pods": {"pods": {"metric": METRIC, "target": AVERAGE}},
    "Resource": {"resource": {"name": "memory", "target": UTILIZATION}},
    "ContainerResource": {"containerResource": {"name": "cpu", "container": "app", "target": UTILIZATION}},
}
NAMES = 'supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'
TYPE = "must be either Utilization, Value, or AverageValue"


def metric(kind: str, **changes: Any) -> Changes:
    """The change to an autoscaler with one metric; `changes` are of places in its source, with `__` for dots."""
    places = {f"spec.metrics.0.{place.replace('__', '.')}": value for place, value in changes.items()}
    return {"spec.metrics": [{"type": kind, **SOURCES[kind]}], **places}


def scaling(**changes: Any) -> Changes:
    """The change to an autoscaler with a behavior; `changes` are of places in it, with `__` for dots."""
    return {f"spec.behavior.{place.replace('__', '.')}": value for place, value in changes.items()}


M = "spec.metrics[0]"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.minReplicas": 0}, [
        "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
        "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas",
    ]),
    ({"spec.maxReplicas": 1}, ["spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`"]),
    ({"spec.maxReplicas": 0}, ["spec.maxReplicas: Required value: must be set and greater than 0", "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]),
    ({"spec.maxReplicas": -2}, ["spec.maxReplicas: Invalid value: -2: must be greater than or equal to 1", "spec.maxReplicas: Invalid value: -2: must be greater than or equal to `minReplicas`"]),
    ({"spec.scaleTargetRef": {}}, [
        "spec.scaleTargetRef.kind: Required value",
        "spec.scaleTargetRef.name: Required value",
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ]),
    ({"spec.scaleTargetRef.kind": "a/b", "spec.scaleTargetRef.name": "."}, [
        "spec.scaleTargetRef.kind: Invalid value: \"a/b\": may not contain '/'",
        "spec.scaleTargetRef.name: Invalid value: \".\": may not be '.'",
    ]),
    ({"spec.scaleTargetRef.apiVersion": "a/b/c"}, ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']),
    ({"spec.scaleTargetRef": {"kind": "ReplicationController", "name": "web"}}, []),
    ({"spec.metrics": [{}]}, [f"{M}.type: Required value: must specify a metric source type"] + 2 * [f'{M}.type: Unsupported value: "": {NAMES}']),
    ({"spec.metrics": [{"type": "Node"}]}, 2 * [f'{M}.type: Unsupported value: "Node": {NAMES}']),
    ({"spec.metrics": [{"type": "Pods"}]}, [f"{M}.pods: Required value: must populate information for the given metric source"]),
    (metric("Resource", pods=SOURCES["Pods"]["pods"]), [f"{M}.pods: Forbidden: must populate the given metric source only"]),
    *((metric(kind), []) for kind in SOURCES),
    (metric("Object", object__describedObject={}), [f"{M}.object.describedObject.kind: Required value", f"{M}.object.describedObject.name: Required value"]),
    (metric("Object", object__target={"type": "Value"}), [f"{M}.object.target.averageValue: Required value: must set either a target value or averageValue"]),
    (metric("External", external__metric={}), [f"{M}.external.metric.name: Required value: must specify a metric name"]),
    (metric("External", external__target={"type": "Value"}), [f"{M}.external.target.averageValue: Required value: must set either a target value for metric or a per-pod target"]),
    (metric("External", external__target={**VALUE, **AVERAGE}), [f"{M}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target"]),
    (metric("Pods", pods__metric__name="a%"), [f"{M}.pods.metric.name: Invalid value: \"a%\": may not contain '%'"]),
    (metric("Pods", pods__target=VALUE), [f"{M}.pods.target.averageValue: Required value: must specify a positive target averageValue"]),
    (metric("Resource", resource__name=""), [f"{M}.resource.name: Required value: must specify a resource name"]),
    (metric("Resource", resource__target={}), [
        f"{M}.resource.target.type: Required value: must specify a metric target type",
        f'{M}.resource.target.type: Invalid value: "": {TYPE}',
        f"{M}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
    ]),
    (metric("Resource", resource__target={**UTILIZATION, **AVERAGE, "type": "Sum"}), [
        f'{M}.resource.target.type: Invalid value: "Sum": {TYPE}',
        f"{M}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization",
    ]),
    (metric("Resource", resource__target__averageUtilization=0), [f"{M}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0"]),
    (metric("Object", object__target__value="0", object__target__averageValue="-1"), [
        f'{M}.object.target.value: Invalid value: "0": must be positive',
        f'{M}.object.target.averageValue: Invalid value: "-1": must be positive',
    ]),
    (metric("ContainerResource", containerResource__name="time", containerResource__container="A.b"), [
        f'{M}.containerResource.name: Invalid value: "time": must be a standard resource type or fully qualified',
        f'{M}.containerResource.name: Invalid value: "time": must be a standard resource for containers',
        f"{M}.containerResource.container: Invalid value: \"A.b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]),
    (metric("ContainerResource", containerResource__container=""), [f"{M}.containerResource.container: Required value: must specify a container"]),
    (metric("ContainerResource", containerResource__name="example.com/gpu"), []),
    (scaling(scaleUp__stabilizationWindowSeconds=3600, scaleDown__selectPolicy="Disabled"), []),
    (scaling(scaleUp__stabilizationWindowSeconds=-1), ["spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero"]),
    (scaling(scaleDown__stabilizationWindowSeconds=3601), ["spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600"]),
    *((scaling(**{f"{way}__selectPolicy": "Avg", f"{way}__policies": [{"type": "Nodes", "periodSeconds": 1801}]}), [
        f'spec.behavior.{way}.selectPolicy: Unsupported value: "Avg": supported values: "Disabled", "Max", "Min"',
        f'spec.behavior.{way}.policies[0].type: Unsupported value: "Nodes": supported values: "Percent", "Pods"',
        f"spec.behavior.{way}.policies[0].value: Invalid value: 0: must be greater than zero",
        f"spec.behavior.{way}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
    ]) for way in ("scaleUp", "scaleDown")),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status.currentReplicas": 3, "status.desiredReplicas": 0}, []),
    ({"status.currentReplicas": -1}, ["status.currentReplicas: Invalid value: -1: must be greater than or equal to 0"]),
    ({"status.desiredReplicas": -1}, ["status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order."""
    assert HPA.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The numbers of replicas are not negative."""
    assert HPA.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    statuses = [HPA.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert HPA.unchecked([changes for changes, _ in ROWS], statuses) == []


def test_update_keeps_what_is_stored_valid() -> None:
    """No replicas stay no replicas, and a target without a group stays, where an update does not change them."""
    zero = {"spec.minReplicas": 0, "spec.metrics": [{"type": "External", **SOURCES["External"]}]}
    assert HPA.update_refusals({"spec.maxReplicas": 5}, old=zero) == []
    old = {"spec.scaleTargetRef.apiVersion": "v1"}
    assert HPA.update_refusals({"spec.maxReplicas": 5}, old=old) == []
    assert HPA.update_refusals(old) == [
        'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'
    ]


def test_defaults_are_filled_in() -> None:
    """One replica at least, 80% of the CPU, and policies for both directions where there is a behavior."""
    spec = HPA.stored({"spec.minReplicas": REMOVED, "spec.behavior": {"scaleDown": {"selectPolicy": "Min"}}})["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": UTILIZATION}}]
    assert spec["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ],
        },
        "scaleDown": {"selectPolicy": "Min", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
    }
    assert "behavior" not in HPA.stored()["spec"]
    assert HPA.stored()["spec"]["metrics"][0] is not HPA.stored()["spec"]["metrics"][0]


@pytest.mark.parametrize(
    ("metrics", "current", "shown"),
    [
        ([], [], "<none>"),
        ([{"type": "Resource", **SOURCES["Resource"]}], [], "memory: <unknown>/80%"),
        (
            [{"type": "Resource", **SOURCES["Resource"]}, {"type": "Pods", **SOURCES["Pods"]}],
            [{"type": "Resource", "resource": {"current": {"averageUtilization": 40}}}],
            "memory: 40%/80%, <unknown>/10",
        ),
        ([{"type": kind, **SOURCES[kind]} for kind in ("Object", "External", "Pods")], [], "<unknown>/10, <unknown>/10 (avg) + 1 more..."),
    ],
)  # fmt: skip
def test_table_shows_targets(metrics: Any, current: Any, shown: str) -> None:
    """Each metric's present and wanted value; no more than two."""
    row = HPA.row({"spec.metrics": metrics, "status": {"currentReplicas": 3, "currentMetrics": current}})
    assert row == {
        "Name": "x",
        "Reference": "Deployment/web",
        "Targets": shown,
        "MinPods": "2",
        "MaxPods": 4,
        "Replicas": 3,
        "Age": "5m",
    }


def test_table_of_bookmark_is_empty() -> None:
    """An object without a spec has cells too."""
    assert HPA.bookmark_row() == ["", "/", "<none>", "<unset>", 0, 0, "<unknown>"]
