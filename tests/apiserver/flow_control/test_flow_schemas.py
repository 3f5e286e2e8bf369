"""Which schema a request belongs to, and which flow of it."""

import pytest

from rootspan_apiserver.flow_control.flow_schemas import FlowSchema
from rootspan_apiserver.kube.users import User
from tests.apiserver.flow_control.parts import EVERYTHING, controller, info_of, schema

ACCOUNT = "system:serviceaccount:kube-system:robot"
CASES = [
    (User("a", groups=("system:masters", "system:authenticated")), "GET", "/api/v1/pods", "exempt"),
    (User("system:apiserver", groups=("system:masters",)), "POST", "/api/v1/namespaces", "exempt"),
    (User("a", groups=("system:authenticated",)), "GET", "/readyz", "probes"),
    (User("a", groups=("system:authenticated",)), "GET", "/readyz/etcd", "probes"),
    (User("a", groups=("system:authenticated",)), "GET", "/readyzz", "global-default"),
    (User("a", groups=("system:authenticated",)), "POST", "/readyz", "global-default"),
    (
        User("system:kube-scheduler", groups=("system:authenticated",)),
        "PUT",
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x",
        "system-leader-election",
    ),
    (
        User("system:kube-scheduler", groups=("system:authenticated",)),
        "DELETE",
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x",
        "kube-scheduler",
    ),
    (User(ACCOUNT), "GET", "/api/v1/pods", "kube-system-service-accounts"),
    (
        User("system:serviceaccount:kube-systemd:robot", groups=("system:serviceaccounts",)),
        "GET",
        "/api/v1/pods",
        "service-accounts",
    ),
    (User("n", groups=("system:nodes",)), "PATCH", "/api/v1/nodes/n/status", "system-node-high"),
    (User("n", groups=("system:nodes",)), "PATCH", "/api/v1/namespaces/d/pods/p/status", "system-nodes"),
    (User("nobody", groups=("strangers",)), "GET", "/api/v1/pods", "catch-all"),
]


@pytest.mark.parametrize(("user", "method", "path", "name"), CASES, ids=lambda value: str(value)[:40])
def test_request_belongs_to_first_schema_that_matches(user: User, method: str, path: str, name: str) -> None:
    """The suggested schemas divide requests as on kube-apiserver; who matches none is caught."""
    flow = controller(600)
    for _ in range(2):  # the second time it is remembered
        assert flow.schema_of(user, info_of(method, path)).name == name


def test_lower_precedence_comes_first_and_then_the_name() -> None:
    """Of the schemas that match, the one of the least precedence counts; among equals the name decides."""
    schemas = [schema(name, "exempt", "ann", precedence=at) for name, at in (("b", 7), ("z", 5), ("c", 5))]
    assert controller(600, *schemas).schema_of(User("ann"), info_of("GET", "/version")).name == "c"


def test_schema_of_missing_level_matches_nothing() -> None:
    """A schema whose priority level does not exist is passed over until it does."""
    dangling = schema("mine", "nowhere", "ann", precedence=2)
    user, info = User("ann", groups=("system:authenticated",)), info_of("GET", "/version")
    assert controller(600, dangling).schema_of(user, info).name == "global-default"


RULES = [
    (
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["a"]},
        "/api/v1/namespaces/a/pods/x",
        True,
    ),
    (
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["a"]},
        "/api/v1/namespaces/b/pods/x",
        False,
    ),
    ({"verbs": ["list"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"]}, "/api/v1/pods", False),
    ({"verbs": ["list"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True}, "/api/v1/pods", True),
    (
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["*"]},
        "/api/v1/namespaces/b/pods/x/log",
        False,
    ),
    (
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"], "namespaces": ["*"]},
        "/api/v1/namespaces/b/pods/x/log",
        True,
    ),
    (
        {"verbs": ["get"], "apiGroups": ["apps"], "resources": ["*"], "namespaces": ["*"]},
        "/api/v1/namespaces/b/pods/x",
        False,
    ),
]


@pytest.mark.parametrize(("rule", "path", "matches"), RULES)
def test_resource_rule(rule: dict[str, object], path: str, matches: bool) -> None:
    """Verbs, groups, resources with their subresources and namespaces all have to match; without a namespace the scope does."""
    one = FlowSchema(schema("one", "exempt", "ann", resourceRules=[rule]))
    assert one.matches(User("ann"), info_of("GET", path)) is matches
    assert not one.matches(User("bob"), info_of("GET", path))


@pytest.mark.parametrize(
    ("subject", "matches"),
    [
        ({"kind": "User", "user": {"name": "*"}}, True),
        ({"kind": "Group", "group": {"name": "*"}}, True),
        ({"kind": "Group", "group": {"name": "others"}}, False),
        ({"kind": "ServiceAccount", "serviceAccount": {"namespace": "kube-system", "name": "robot"}}, True),
        ({"kind": "ServiceAccount", "serviceAccount": {"namespace": "kube-system", "name": "rob"}}, False),
        ({"kind": "ServiceAccount", "serviceAccount": {"namespace": "kube", "name": "*"}}, False),
    ],
)
def test_subject(subject: dict[str, object], matches: bool) -> None:
    """Users, groups and service accounts match by name, and all of them by an asterisk."""
    obj = schema("one", "exempt")
    obj["spec"]["rules"] = [{"subjects": [subject], **EVERYTHING}]
    assert FlowSchema(obj).matches(User(ACCOUNT, groups=("robots",)), info_of("GET", "/api/v1/pods")) is matches


def test_flow_is_distinguished_by_user_or_namespace() -> None:
    """Requests of one user, or for one namespace, are a flow; without a method all are one."""
    user, info = User("ann"), info_of("GET", "/api/v1/namespaces/d/pods")
    flows = [FlowSchema(schema("one", "exempt", by=by)).flow_of(user, info) for by in ("ByUser", "ByNamespace", "")]
    assert flows == ["ann", "d", ""]
