"""The hand-written rules of HorizontalPodAutoscaler beside what Kubernetes declares in its type: both refuse the same."""

from rootspan_apiserver.resources.autoscaling.horizontal_pod_autoscaler import definition
from tests.apiserver.resources.declared_checks import compare


def test_declared_rules_are_met() -> None:
    """The limits of both numbers of replicas are those of the tags."""
    target = {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3}
    autoscaler = {"metadata": {"name": "x", "namespace": "default"}, "spec": spec}
    refused, missing = compare(
        definition.rules_on_create, autoscaler, type_name="autoscaling/v2.HorizontalPodAutoscaler"
    )
    assert missing == []
    assert refused == 5
