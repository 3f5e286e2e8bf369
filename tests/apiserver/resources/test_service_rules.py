"""What a service is refused for, and in which words."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.resources.kinds import an_object, refusals


def of_service(**spec: Any) -> list[str]:
    return refusals(an_object("v1", "Service", spec={"ports": [{"port": 80}], **spec}))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"externalIPs": ["x"]},
            'externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ),
        (
            {"type": "LoadBalancer", "loadBalancerSourceRanges": ["x"]},
            (
                'loadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, '
                "(e.g. 10.9.8.0/24 or 2001:db8::/64)"
            ),
        ),
        (
            {"ports": [{"port": 80, "nodePort": 30009}]},
            "ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            {"externalTrafficPolicy": "Local"},
            'externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        ),
        (
            {"ports": [{"port": 80, "targetPort": "a_b"}]},
            (
                'ports[0].targetPort: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), '
                "and hyphens (-)"
            ),
        ),
        (
            {"type": "NodePort", "clusterIP": "None", "clusterIPs": ["None"]},
            "clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
        ),
        (
            {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}},
            "sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400",
        ),
    ],
)
def test_refuses_a_service(spec: JSONObject, why: str) -> None:
    """Addresses that are none, and what does not go with its type."""
    assert of_service(**spec) == [f"spec.{why}"]
