"""The priority level of a request, by the flow schemas that every kube-apiserver starts with.

The first schema that matches wins. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go, staging/src/k8s.io/apiserver/pkg/util/flowcontrol/match.go
"""

from collections.abc import Callable
from dataclasses import dataclass

from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import MASTERS, User

_PROBES = frozenset({"/healthz", "/readyz", "/livez"})
_LEADER_ELECTION = frozenset({"system:kube-controller-manager", "system:kube-scheduler"})
_SYSTEM_ACCOUNT = "system:serviceaccount:kube-system:"

Match = Callable[[User, RequestInfo], bool]


@dataclass(frozen=True, slots=True)
class FlowSchema:
    """Which requests belong to a priority level."""

    name: str
    priority_level: str
    matches: Match


def _lease_of_kube_system(user: User, info: RequestInfo) -> bool:
    return info.resource == "leases" and info.namespace == "kube-system"


SCHEMAS = (
    FlowSchema("exempt", "exempt", lambda user, info: MASTERS in user.groups),
    FlowSchema("probes", "exempt", lambda user, info: info.path in _PROBES),
    FlowSchema(
        "system-leader-election",
        "leader-election",
        lambda user, info: (
            _lease_of_kube_system(user, info)
            and (user.name in _LEADER_ELECTION or user.name.startswith(_SYSTEM_ACCOUNT))
        ),
    ),
    FlowSchema(
        "workload-leader-election",
        "leader-election",
        lambda user, info: info.resource == "leases" and "system:serviceaccounts:kube-system" in user.groups,
    ),
    FlowSchema(
        "system-node-high",
        "node-high",
        lambda user, info: (
            "system:nodes" in user.groups
            and (info.resource == "leases" or (info.resource == "nodes" and info.subresource == "status"))
        ),
    ),
    FlowSchema("system-nodes", "system", lambda user, info: "system:nodes" in user.groups),
    FlowSchema(
        "kube-controller-manager", "workload-high", lambda user, info: user.name == "system:kube-controller-manager"
    ),
    FlowSchema("kube-scheduler", "workload-high", lambda user, info: user.name == "system:kube-scheduler"),
    FlowSchema(
        "kube-system-service-accounts", "workload-high", lambda user, info: user.name.startswith(_SYSTEM_ACCOUNT)
    ),
    FlowSchema("service-accounts", "workload-low", lambda user, info: "system:serviceaccounts" in user.groups),
    FlowSchema("global-default", "global-default", lambda user, info: True),
)

SHARES = {
    "node-high": 40,
    "system": 30,
    "leader-election": 10,
    "workload-high": 40,
    "workload-low": 100,
    "global-default": 20,
    "catch-all": 5,
}
"""Each level's part of the server's seats; `exempt` is not limited."""


def schema_of(user: User, info: RequestInfo) -> FlowSchema:
    """Return the first schema that matches."""
    return next(schema for schema in SCHEMAS if schema.matches(user, info))
