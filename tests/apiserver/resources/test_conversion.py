"""One object in two versions."""

import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.resources.conversion import convert

V1 = GroupVersionKind("autoscaling", "v1", "HorizontalPodAutoscaler")
V2 = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")


def test_autoscaler_survives_both_ways() -> None:
    """What v1 cannot say is kept in annotations, and is back in v2."""
    memory = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    metrics = [{"type": "Resource", "resource": cpu}, {"type": "Resource", "resource": memory}]
    original = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": {"maxReplicas": 3, "metrics": metrics, "behavior": {"scaleUp": {"selectPolicy": "Max"}}},
        "status": {"currentReplicas": 1},
    }
    old = convert(original, V1)
    assert old["spec"] == {"maxReplicas": 3, "targetCPUUtilizationPercentage": 60}
    assert set(old["metadata"]["annotations"]) == {
        "autoscaling.alpha.kubernetes.io/behavior",
        "autoscaling.alpha.kubernetes.io/metrics",
    }
    assert convert(old, V2) == original


@pytest.mark.parametrize("key", ["metrics", "behavior", "conditions", "current-metrics"])
@pytest.mark.parametrize(
    "text",
    [
        "5",
        "[5]",
        "[[]]",
        "[null]",
        "null",
        "x",
        '{"scaleUp":5}',
        '{"scaleUp":{"policies":5}}',
        '[{"type":5}]',
        '[{"type":"Resource","resource":5}]',
        '[{"type":"Resource","resource":{"name":"cpu","target":[]}}]',
        '[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":"x"}}}]',
        "[" * 900 + "]" * 900,
    ],
)
def test_annotation_that_fits_no_field_is_dropped(key: str, text: str) -> None:
    """Anybody may write the annotations that stand for fields of v2: what is none of its type is dropped, as upstream."""
    annotations = {f"autoscaling.alpha.kubernetes.io/{key}": text}
    old = {"apiVersion": "autoscaling/v1", "kind": V1.kind, "metadata": {"annotations": annotations}, "spec": {}}
    assert convert(old, V2) == {"apiVersion": "autoscaling/v2", "kind": V1.kind, "metadata": {}, "spec": {}}


def test_custom_resource_changes_its_version_alone() -> None:
    """Without a conversion webhook nothing else differs, and the original is left as it was."""
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"size": 1}}
    beta = convert(widget, GroupVersionKind("example.com", "v1beta1", "Widget"))
    assert beta == {**widget, "apiVersion": "example.com/v1beta1"}
    assert widget["apiVersion"] == "example.com/v1"
