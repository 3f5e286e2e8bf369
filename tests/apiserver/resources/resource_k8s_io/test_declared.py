"""The hand-written rules of resource.k8s.io beside what Kubernetes declares in its types: both refuse the same."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource_k8s_io import (
    device_class,
    resource_claim,
    resource_claim_template,
    resource_slice,
)
from rootspan_apiserver.resources.resource_k8s_io.allocation import claim_status
from rootspan_apiserver.rules import Rule, struct
from tests.apiserver.resources.declared_checks import compare
from tests.apiserver.resources.resource_k8s_io.objects import CLAIM, CLASS, COUNTERS, SLICE, STATUS

METADATA = {"name": "x"}
IN_NAMESPACE = {"name": "x", "namespace": "default"}
REQUESTED = {"devices": {"requests": [{"name": "gpu", "exactly": {"allocationMode": "All"}}]}}


@pytest.mark.parametrize(
    ("kind", "obj", "rule", "part"),
    [
        ("DeviceClass", {"metadata": METADATA, "spec": CLASS}, device_class.definition.rules_on_create, "spec"),
        ("DeviceClass", {"metadata": METADATA, "spec": {}}, device_class.definition.rules_on_create, "metadata"),
        (
            "ResourceClaim",
            {"metadata": IN_NAMESPACE, "spec": {"devices": CLAIM}},
            resource_claim.definition.rules_on_create,
            "spec",
        ),
        (
            "ResourceClaim",
            {"metadata": IN_NAMESPACE, "spec": REQUESTED, "status": STATUS},
            struct(status=claim_status),
            "status",
        ),
        (
            "ResourceClaimTemplate",
            {"metadata": IN_NAMESPACE, "spec": {"spec": {"devices": CLAIM}}},
            resource_claim_template.definition.rules_on_create,
            "spec",
        ),
        ("ResourceSlice", {"metadata": METADATA, "spec": SLICE}, resource_slice.definition.rules_on_create, "spec"),
        ("ResourceSlice", {"metadata": METADATA, "spec": COUNTERS}, resource_slice.definition.rules_on_create, "spec"),
    ],
)
def test_declared_rules_are_met(kind: str, obj: JSONObject, rule: Rule, part: str) -> None:
    """Each error of a tag is one of the hand-written rules, too."""
    refused, missing = compare(rule, obj, type_name=f"resource/v1.{kind}", part=part)
    assert missing == []
    assert refused
