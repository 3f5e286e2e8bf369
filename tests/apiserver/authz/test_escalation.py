"""Roles and bindings that grant what their writer does not have are refused, unless the writer may escalate or bind."""

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.authz.asking import (
    BINDINGS,
    CLUSTER_BINDINGS,
    CLUSTER_ROLES,
    ROLES,
    Asker,
    binding,
    role,
    rule,
)

pytestmark = pytest.mark.anyio
GROUP = "rbac.authorization.k8s.io"
PODS = rule("get list", "pods")
SECRETS = rule("get", "secrets")
WRITER = role(
    "writer", rule("create update patch get delete", "roles rolebindings clusterroles clusterrolebindings", GROUP), PODS
)


def attempted(user: str, *missing: str) -> str:
    lines = "\n".join(missing)
    return f'user "{user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{lines}'


@pytest.fixture
async def writer(rbac: Asker) -> Asker:
    """A server where `una` may write roles and bindings, and read pods."""
    await rbac.create(CLUSTER_ROLES, WRITER)
    await rbac.create(CLUSTER_BINDINGS, binding("writer", "ClusterRole/writer", "User/una"))
    return rbac


async def refused(asker: Asker, method: str, path: str, body: JSONObject, *, code: int = 403) -> str:
    answer = await asker.request(method, path, body, as_user="una")
    assert answer.status_code == code, answer.text
    message: str = answer.json()["message"]
    return message.partition(" is forbidden: ")[2] or message


async def allowed(asker: Asker, method: str, path: str, body: JSONObject) -> None:
    answer = await asker.request(method, path, body, as_user="una")
    assert answer.is_success, answer.text


async def test_role_may_grant_only_what_its_writer_has(writer: Asker) -> None:
    """What is missing is listed, verbs on the same resource and name together, in the order of the text."""
    await allowed(writer, "POST", ROLES, role("a", rule("list", "pods", names=["p"])))
    asked = role("b", rule("get delete", "secrets pods", names=["n"]), rule("get", "pods"))
    asked["rules"][0]["apiGroups"] = ["", "apps"]
    assert await refused(writer, "POST", ROLES, asked) == attempted(
        "una",
        '{APIGroups:[""], Resources:["pods"], ResourceNames:["n"], Verbs:["delete"]}',
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["n"], Verbs:["get" "delete"]}',
        '{APIGroups:["apps"], Resources:["pods"], ResourceNames:["n"], Verbs:["get" "delete"]}',
        '{APIGroups:["apps"], Resources:["secrets"], ResourceNames:["n"], Verbs:["get" "delete"]}',
    )
    urls = await refused(writer, "POST", CLUSTER_ROLES, role("c", rule("get", urls="/version /metrics")))
    assert urls == attempted("una", '{NonResourceURLs:["/metrics"], Verbs:["get"]}')


async def test_escalation_is_refused_before_the_role_is_validated(writer: Asker) -> None:
    """A role that is invalid as well gets the 403."""
    invalid = role("a", SECRETS, {"verbs": [], "apiGroups": [""], "resources": ["pods"]})
    expected = attempted("una", '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
    assert await refused(writer, "POST", ROLES, invalid) == expected


async def test_update_of_role_is_checked_unless_it_is_for_the_garbage_collector(writer: Asker) -> None:
    """A role that grants more than the writer has cannot be changed, but for finalizers and owner references."""
    await writer.create(ROLES, role("a", SECRETS))
    expected = attempted("una", '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
    path = f"{ROLES}/a"
    assert await refused(writer, "PUT", path, role("a", SECRETS)) == expected
    present = (await writer.request("GET", path)).json()
    labelled = {**present, "metadata": {**present["metadata"], "labels": {"a": "b"}}}
    assert await refused(writer, "PUT", path, labelled) == expected
    held = {**present, "metadata": {**present["metadata"], "finalizers": ["a.example/hold"]}}
    await allowed(writer, "PUT", path, held)
    await allowed(writer, "PUT", path, role("a", PODS, finalizers=[]))
    assert await refused(writer, "PUT", f"{ROLES}/new", role("new", SECRETS)) == expected


async def test_verb_escalate_allows_any_rule(writer: Asker) -> None:
    """It may be granted for one role by name, which only an update has in its path."""
    await writer.create(ROLES, role("escalator", rule("escalate", "roles", GROUP, names=["a"])))
    await writer.create(BINDINGS, binding("escalator", "Role/escalator", "User/una"))
    await refused(writer, "POST", ROLES, role("a", SECRETS))
    await writer.create(ROLES, role("a", PODS))
    await allowed(writer, "PUT", f"{ROLES}/a", role("a", SECRETS))


async def test_binding_may_grant_only_what_its_writer_has(writer: Asker) -> None:
    """Roles of the namespace and of the cluster, for users and accounts alike."""
    await writer.create(ROLES, role("pods", PODS), role("secrets", SECRETS))
    await allowed(writer, "POST", BINDINGS, binding("a", "Role/pods", "User/bea"))
    await allowed(writer, "POST", CLUSTER_BINDINGS, binding("a", "ClusterRole/writer", "User/bea"))
    expected = attempted("una", '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
    assert await refused(writer, "POST", BINDINGS, binding("b", "Role/secrets", "User/bea")) == expected
    admin = attempted(
        "una",
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
        '{NonResourceURLs:["*"], Verbs:["*"]}',
    )
    assert await refused(writer, "POST", CLUSTER_BINDINGS, binding("b", "ClusterRole/cluster-admin")) == admin


async def test_binding_of_missing_role_is_not_found(writer: Asker) -> None:
    """The refusal names the resource that is written, as kube-apiserver's does; the administrator may bind what is not there."""
    body = binding("a", "Role/nowhere", "User/bea")
    message = await refused(writer, "POST", BINDINGS, body, code=404)
    assert message == 'rolebindings.rbac.authorization.k8s.io "nowhere" not found'
    await writer.create(BINDINGS, body)


async def test_verb_bind_allows_to_bind_a_role(writer: Asker) -> None:
    """In one namespace by a role there, whatever the rules of the bound role."""
    await writer.create(CLUSTER_ROLES, role("secrets", SECRETS))
    await writer.create(ROLES, role("binder", rule("bind", "clusterroles", GROUP, names=["secrets"])))
    await writer.create(BINDINGS, binding("binder", "Role/binder", "User/una"))
    await allowed(writer, "POST", BINDINGS, binding("a", "ClusterRole/secrets", "User/bea"))
    await refused(writer, "POST", BINDINGS, binding("b", "ClusterRole/cluster-admin", "User/bea"))
    await refused(writer, "POST", CLUSTER_BINDINGS, binding("c", "ClusterRole/secrets", "User/bea"))


async def test_only_a_cluster_administrator_may_write_an_aggregation_rule(writer: Asker) -> None:
    """Neither set it, nor change a role that has one."""
    collecting = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    words = "must have cluster-admin privileges to use the aggregationRule"
    assert await refused(writer, "POST", CLUSTER_ROLES, {"metadata": {"name": "a"}, **collecting}) == words
    await writer.create(CLUSTER_ROLES, {"metadata": {"name": "b"}, **collecting})
    assert await refused(writer, "PUT", f"{CLUSTER_ROLES}/b", role("b", PODS)) == words
    await writer.create(CLUSTER_BINDINGS, binding("admin", "ClusterRole/cluster-admin", "User/una"))
    await allowed(writer, "PUT", f"{CLUSTER_ROLES}/b", role("b", PODS))


async def test_refusal_tells_of_roles_that_are_missing(writer: Asker) -> None:
    """The missing rules may be those of a role that a binding of the writer refers to."""
    await writer.create(BINDINGS, binding("gone", "ClusterRole/gone", "User/una"))
    expected = attempted("una", '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
    assert await refused(writer, "POST", ROLES, role("a", SECRETS)) == (
        f'{expected}; resolution errors: [roles.rbac.authorization.k8s.io "gone" not found]'
    )
