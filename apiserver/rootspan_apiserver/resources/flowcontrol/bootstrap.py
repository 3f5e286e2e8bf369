"""The FlowSchemas and PriorityLevelConfigurations of every server: the mandatory ones, and those that are suggested.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go
"""

from rootspan_apiserver.kube.meta import JSONObject

AUTO_UPDATE = "apf.kubernetes.io/autoupdate-spec"
API_VERSION = "flowcontrol.apiserver.k8s.io/v1"
BY_USER, BY_NAMESPACE = "ByUser", "ByNamespace"


def mandatory_levels() -> list[JSONObject]:
    """Return the priority levels whose specs are kept whatever is written."""
    exempt = {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}}
    return [_level("exempt", exempt), _level("catch-all", _limited(5, 0, {"type": "Reject"}))]


def suggested_levels() -> list[JSONObject]:
    """Return the priority levels that are created, and kept unless their annotation says otherwise."""
    return [
        _level("system", _limited(30, 33, _queues(64, 6))),
        _level("node-high", _limited(40, 25, _queues(64, 6))),
        _level("leader-election", _limited(10, 0, _queues(16, 4))),
        _level("workload-high", _limited(40, 50, _queues(128, 6))),
        _level("workload-low", _limited(100, 90, _queues(128, 6))),
        _level("global-default", _limited(20, 50, _queues(128, 6))),
    ]


def mandatory_schemas() -> list[JSONObject]:
    """Return the flow schemas whose specs are kept whatever is written."""
    everybody = _groups("system:unauthenticated", "system:authenticated")
    return [
        _schema("exempt", "exempt", 1, "", _everything(_groups("system:masters"))),
        _schema("catch-all", "catch-all", 10000, BY_USER, _everything(everybody)),
    ]


def suggested_schemas() -> list[JSONObject]:
    """Return the flow schemas that are created, and kept unless their annotation says otherwise."""
    everybody, nodes = _groups("system:unauthenticated", "system:authenticated"), _groups("system:nodes")
    manager, scheduler = "system:kube-controller-manager", "system:kube-scheduler"
    probes = {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]}
    accounts = {"kind": "ServiceAccount", "serviceAccount": {"namespace": "kube-system", "name": "*"}}
    leader_election = {
        "subjects": [*_users(manager, scheduler), accounts],
        "resourceRules": [_resources(["get", "create", "update"], "coordination.k8s.io", "leases")],
    }
    of_nodes = {
        "subjects": nodes,
        "resourceRules": [
            {**_resources(["*"], "", "nodes", "nodes/status"), "clusterScope": True},
            _resources(["*"], "coordination.k8s.io", "leases"),
        ],
    }
    return [
        _schema("system-nodes", "system", 500, BY_USER, _everything(nodes)),
        _schema("system-node-high", "node-high", 400, BY_USER, of_nodes),
        _schema("probes", "exempt", 2, "", {"subjects": everybody, "nonResourceRules": [probes]}),
        _schema("system-leader-election", "leader-election", 100, BY_USER, leader_election),
        _schema("kube-controller-manager", "workload-high", 800, BY_NAMESPACE, _everything(_users(manager))),
        _schema("kube-scheduler", "workload-high", 800, BY_NAMESPACE, _everything(_users(scheduler))),
        _schema("kube-system-service-accounts", "workload-high", 900, BY_NAMESPACE, _everything([accounts])),
        _schema("service-accounts", "workload-low", 9000, BY_USER, _everything(_groups("system:serviceaccounts"))),
        _schema("global-default", "global-default", 9900, BY_USER, _everything(everybody)),
    ]


def _level(name: str, spec: JSONObject) -> JSONObject:
    return {**_head("PriorityLevelConfiguration", name), "spec": spec}


def _limited(shares: int, lendable: int, response: JSONObject) -> JSONObject:
    limited = {"nominalConcurrencyShares": shares, "lendablePercent": lendable, "limitResponse": response}
    return {"type": "Limited", "limited": limited}


def _queues(queues: int, hand_size: int) -> JSONObject:
    queuing = {"queues": queues, "handSize": hand_size, "queueLengthLimit": 50}
    return {"type": "Queue", "queuing": queuing}


def _schema(name: str, level: str, precedence: int, distinguisher: str, rule: JSONObject) -> JSONObject:
    spec: JSONObject = {"priorityLevelConfiguration": {"name": level}, "matchingPrecedence": precedence}
    if distinguisher:
        spec["distinguisherMethod"] = {"type": distinguisher}
    return {**_head("FlowSchema", name), "spec": {**spec, "rules": [rule]}}


def _head(kind: str, name: str) -> JSONObject:
    metadata = {"name": name, "annotations": {AUTO_UPDATE: "true"}}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata}


def _everything(subjects: list[JSONObject]) -> JSONObject:
    return {
        "subjects": subjects,
        "resourceRules": [{**_resources(["*"], "*", "*"), "clusterScope": True}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }


def _resources(verbs: list[str], group: str, *resources: str) -> JSONObject:
    return {"verbs": verbs, "apiGroups": [group], "resources": list(resources), "namespaces": ["*"]}


def _groups(*names: str) -> list[JSONObject]:
    return [{"kind": "Group", "group": {"name": name}} for name in names]


def _users(*names: str) -> list[JSONObject]:
    return [{"kind": "User", "user": {"name": name}} for name in names]
