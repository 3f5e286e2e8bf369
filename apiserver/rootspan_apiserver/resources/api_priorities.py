"""The priorities of the built-in group-versions, which order them in discovery.

Upstream: pkg/controlplane/apiserver/aggregator.go, cmd/kube-apiserver/app/aggregator.go
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class APIServicePriority(NamedTuple):
    """The priority of a group among groups, and of a version in its group; the highest comes first."""

    group: int
    version: int


CUSTOM = APIServicePriority(1000, 100)
"""That of every version of a CustomResourceDefinition."""

BUILTIN: Mapping[str, APIServicePriority] = MappingProxyType(
    {
        "v1": APIServicePriority(18000, 1),
        "apps/v1": APIServicePriority(17800, 15),
        "events.k8s.io/v1": APIServicePriority(17750, 15),
        "authentication.k8s.io/v1": APIServicePriority(17700, 15),
        "authorization.k8s.io/v1": APIServicePriority(17600, 15),
        "autoscaling/v1": APIServicePriority(17500, 15),
        "autoscaling/v2": APIServicePriority(17500, 30),
        "batch/v1": APIServicePriority(17400, 15),
        "certificates.k8s.io/v1": APIServicePriority(17300, 15),
        "networking.k8s.io/v1": APIServicePriority(17200, 15),
        "policy/v1": APIServicePriority(17100, 15),
        "rbac.authorization.k8s.io/v1": APIServicePriority(17000, 15),
        "storage.k8s.io/v1": APIServicePriority(16800, 15),
        "admissionregistration.k8s.io/v1": APIServicePriority(16700, 15),
        "apiextensions.k8s.io/v1": APIServicePriority(16700, 15),
        "scheduling.k8s.io/v1": APIServicePriority(16600, 15),
        "coordination.k8s.io/v1": APIServicePriority(16500, 15),
        "node.k8s.io/v1": APIServicePriority(16300, 15),
        "discovery.k8s.io/v1": APIServicePriority(16200, 15),
        "resource.k8s.io/v1": APIServicePriority(16200, 21),
        "flowcontrol.apiserver.k8s.io/v1": APIServicePriority(16100, 21),
    }
)
"""By group-version. The group of APIServices has none: it comes first, and no APIService is made of it."""
