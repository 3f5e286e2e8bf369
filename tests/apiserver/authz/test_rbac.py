"""The mode RBAC: what rules and bindings allow, and the reasons that are given."""

import pytest

from tests.apiserver.authz.asking import (
    BINDINGS,
    CLUSTER_BINDINGS,
    CLUSTER_ROLES,
    RBAC,
    ROLES,
    Asker,
    asking,
    binding,
    role,
    rule,
)

pytestmark = pytest.mark.anyio
ROBOT = "system:serviceaccount:default:robot"
RULES = [
    rule("get list", "widgets", "a.example"),
    rule("*", "gizmos/scale", "a.example b.example"),
    rule("get", "*/status", "*"),
    rule("update", "bolts", "a.example", names=["m6", "m8"]),
    rule("watch", "*", "c.example"),
    rule("get", urls="/stats /stats/* /exact"),
]
ALLOWED = [
    {"verb": "list", "group": "a.example", "resource": "widgets"},
    {"verb": "get", "group": "a.example", "resource": "widgets", "name": "any"},
    {"verb": "sing", "group": "b.example", "resource": "gizmos", "subresource": "scale"},
    {"verb": "get", "group": "z.example", "resource": "whatever", "subresource": "status"},
    {"verb": "update", "group": "a.example", "resource": "bolts", "name": "m8"},
    {"verb": "watch", "group": "c.example", "resource": "nuts"},
    {"verb": "watch", "group": "c.example", "resource": "nuts", "subresource": "log"},
    {"verb": "get", "path": "/stats"},
    {"verb": "get", "path": "/stats/a/b"},
    {"verb": "get", "path": "/exact"},
]
REFUSED = [
    {"verb": "watch", "group": "a.example", "resource": "widgets"},
    {"verb": "get", "group": "b.example", "resource": "widgets"},
    {"verb": "get", "group": "a.example", "resource": "widgets", "subresource": "log"},
    {"verb": "*", "group": "a.example", "resource": "widgets"},
    {"verb": "sing", "group": "b.example", "resource": "gizmos"},
    {"verb": "get", "group": "z.example", "resource": "whatever", "subresource": "statuses"},
    {"verb": "get", "group": "z.example", "resource": "status"},
    {"verb": "update", "group": "a.example", "resource": "bolts"},
    {"verb": "update", "group": "a.example", "resource": "bolts", "name": "m10"},
    {"verb": "post", "path": "/stats"},
    {"verb": "get", "path": "/exact/ly"},
    {"verb": "get", "path": "/statsandmore"},
]


async def test_rule_allows_its_verbs_on_its_resources_and_urls() -> None:
    """Groups, resources, subresources, names and URLs must all match; `*`, `*/sub` and a `*` at the end of a URL are wildcards."""
    async with asking() as asker:
        await asker.create(CLUSTER_ROLES, role("mixed", *RULES))
        await asker.create(CLUSTER_BINDINGS, binding("mixed", "ClusterRole/mixed", "User/una"))
        reason = 'RBAC: allowed by ClusterRoleBinding "mixed" of ClusterRole "mixed" to User "una"'
        for asked in ALLOWED:
            assert await asker.review("una", **asked) == {"allowed": True, "reason": reason}, asked
        for asked in REFUSED:
            assert await asker.review("una", **asked) == {"allowed": False}, asked


@pytest.mark.parametrize(
    ("subjects", "user", "groups", "reason"),
    [
        (["User/una"], "una", "", 'User "una"'),
        (["Group/crew"], "una", "other crew", 'Group "crew"'),
        (["Group/crew", "User/una"], "una", "crew", 'Group "crew"'),
        (["ServiceAccount/default/robot"], ROBOT, "", 'ServiceAccount "robot/default"'),
        (["User/" + ROBOT], ROBOT, "", f'User "{ROBOT}"'),
        (["User/una"], "unab", "", ""),
        (["User/crew"], "una", "crew", ""),
        (["Group/una"], "una", "", ""),
        (["ServiceAccount/other/robot"], ROBOT, "", ""),
        ([], "una", "crew", ""),
    ],
)
async def test_binding_applies_to_its_subjects(
    rbac: Asker, subjects: list[str], user: str, groups: str, reason: str
) -> None:
    """A user is meant by name, by a group or as a service account; the reason names the first subject that means it."""
    await rbac.create(CLUSTER_ROLES, role("viewer", rule("get", "pods")))
    await rbac.create(BINDINGS, binding("b", "ClusterRole/viewer", *subjects))
    expected = f'RBAC: allowed by RoleBinding "b/default" of ClusterRole "viewer" to {reason}'
    status = await rbac.review(user, groups, namespace="default", verb="get", resource="pods")
    assert status == ({"allowed": True, "reason": expected} if reason else {"allowed": False})
    assert await rbac.review(user, groups, namespace="other", verb="get", resource="pods") == {"allowed": False}
    assert await rbac.review(user, groups, verb="get", resource="pods") == {"allowed": False}


async def test_account_of_a_binding_without_namespace_is_in_that_of_the_binding(rbac: Asker) -> None:
    """That is only possible in a RoleBinding."""
    await rbac.create(ROLES, role("viewer", rule("get", "pods")))
    await rbac.create(BINDINGS, binding("b", "Role/viewer", "ServiceAccount/robot"))
    status = await rbac.review(ROBOT, namespace="default", verb="get", resource="pods")
    assert status["reason"].endswith('of Role "viewer" to ServiceAccount "robot/default"')


async def test_roles_that_are_missing_are_the_reason_of_a_refusal(rbac: Asker) -> None:
    """Each is named once; they do not matter where another rule allows the action."""
    await rbac.create(CLUSTER_BINDINGS, binding("a", "ClusterRole/nowhere", "User/una"))
    pods = {"namespace": "default", "verb": "get", "resource": "pods"}
    one = 'RBAC: clusterrole.rbac.authorization.k8s.io "nowhere" not found'
    assert await rbac.review("una", **pods) == {"allowed": False, "reason": one}
    await rbac.create(BINDINGS, binding("b", "Role/gone", "User/una"), binding("c", "ClusterRole/nowhere", "User/una"))
    missing = (
        '[clusterrole.rbac.authorization.k8s.io "nowhere" not found, role.rbac.authorization.k8s.io "gone" not found]'
    )
    assert await rbac.review("una", **pods) == {"allowed": False, "reason": f"RBAC: {missing}"}
    answer = await rbac.request("GET", "/api/v1/namespaces/default/pods", as_user="una")
    assert answer.status_code == 403
    message = 'pods is forbidden: User "una" cannot list resource "pods" in API group "" in the namespace "default"'
    assert answer.json()["message"] == f"{message}: RBAC: {missing}"
    assert (await rbac.rules("default", "una", "system:authenticated"))["evaluationError"] == missing
    await rbac.create(ROLES, role("gone", rule("get", "pods")))
    assert (await rbac.review("una", **pods))["allowed"]


async def test_change_of_roles_and_bindings_takes_effect_with_its_answer(rbac: Asker) -> None:
    """The next request is decided by what the last one stored: created, changed, deleted."""
    pods = {"namespace": "default", "verb": "get", "resource": "pods"}
    await rbac.create(ROLES, role("r", rule("list", "pods")))
    await rbac.create(BINDINGS, binding("b", "Role/r", "User/una"))
    assert not (await rbac.review("una", **pods))["allowed"]
    changes = [
        ("PUT", f"{ROLES}/r", role("r", rule("get", "pods")), True),
        ("PUT", f"{BINDINGS}/b", binding("b", "Role/r", "User/bea"), False),
        ("PUT", f"{BINDINGS}/b", binding("b", "Role/r", "User/bea", "Group/all", "User/una"), True),
        ("DELETE", f"{BINDINGS}/b", None, False),
        ("POST", BINDINGS, binding("b", "Role/r", "User/una"), True),
        ("DELETE", f"{ROLES}/r", None, False),
    ]
    for method, path, body, allowed in changes:
        answer = await rbac.request(method, path, body)
        assert answer.is_success, answer.text
        assert (await rbac.review("una", **pods))["allowed"] is allowed, (method, path)


async def test_rules_review_lists_the_rules_of_all_bindings(rbac: Asker) -> None:
    """Those of the whole cluster and of the namespace, rules about resources and about URLs apart."""
    await rbac.create(ROLES, role("r", rule("get", "pods", names=["p"])))
    await rbac.create(CLUSTER_ROLES, role("c", rule("list", "nodes"), rule("get", urls="/stats")))
    await rbac.create(BINDINGS, binding("r", "Role/r", "User/una"))
    await rbac.create(CLUSTER_BINDINGS, binding("c", "ClusterRole/c", "Group/crew"))
    reviewer = role("reviewer", rule("create", "selfsubjectrulesreviews", "authorization.k8s.io"))
    await rbac.create(CLUSTER_ROLES, reviewer)
    await rbac.create(CLUSTER_BINDINGS, binding("reviewers", "ClusterRole/reviewer", "Group/crew"))
    status = await rbac.rules("default", "una", "crew")
    assert status["resourceRules"][:2] == [
        {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
        {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectrulesreviews"]},
    ]
    assert {"verbs": ["get"], "nonResourceURLs": ["/stats"]} in status["nonResourceRules"]
    pod = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]}
    assert pod in status["resourceRules"]
    assert pod not in (await rbac.rules("other", "una", "crew"))["resourceRules"]
    assert not status["incomplete"]


async def test_anonymous_users_get_what_their_group_is_bound_to(rbac: Asker) -> None:
    """Without credentials the version and the health are served, and the rest is 403; under AlwaysAllow all of it is 401."""
    paths = {"/version": 200, "/healthz": 200, "/livez": 200, "/api": 403, "/healthz/ping": 403, f"{RBAC}/roles": 403}
    for path, code in paths.items():
        answer = await rbac.anonymous(path)
        assert answer.status_code == code, path
    async with asking(authorization="AlwaysAllow") as friendly:
        for path in paths:
            assert (await friendly.anonymous(path)).status_code == 401
        assert await friendly.review("system:anonymous", verb="get", path="/api") == {"allowed": True}
