"""Which rule of an audit policy matches a request."""

import pytest

from rootspan_apiserver.audit.level import Level, Stage
from rootspan_apiserver.audit.policy import AuditPolicyRule, GroupResources, Policy, RequestAuditConfig
from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import User

JANE = User("jane", groups=("devs", "system:authenticated"))
FOUND = RequestAuditConfig(Level.METADATA, frozenset({Stage.PANIC}), True)


def about(
    resource: str = "pods", *, part: str = "", group: str = "", name: str = "web", namespace: str = "team"
) -> RequestInfo:
    return RequestInfo(
        is_resource_request=True,
        path="/",
        verb="get",
        api_group=group,
        resource=resource,
        subresource=part,
        name=name,
        namespace=namespace,
    )


def at(path: str) -> RequestInfo:
    return RequestInfo(is_resource_request=False, path=path, verb="get")


def resources(*plurals: str, group: str = "", names: tuple[str, ...] = ()) -> tuple[GroupResources, ...]:
    return (GroupResources(group=group, resources=plurals, names=frozenset(names)),)


@pytest.mark.parametrize(
    ("rule", "info", "matches"),
    [
        (AuditPolicyRule(config=FOUND), about(), True),
        (AuditPolicyRule(config=FOUND, users=frozenset({"jane"})), about(), True),
        (AuditPolicyRule(config=FOUND, users=frozenset({"joe"})), about(), False),
        (AuditPolicyRule(config=FOUND, groups=frozenset({"devs", "ops"})), about(), True),
        (AuditPolicyRule(config=FOUND, groups=frozenset({"ops"})), about(), False),
        (AuditPolicyRule(config=FOUND, verbs=frozenset({"get"})), about(), True),
        (AuditPolicyRule(config=FOUND, verbs=frozenset({"list"})), about(), False),
        (AuditPolicyRule(config=FOUND, namespaces=frozenset({"team"})), about(), True),
        (AuditPolicyRule(config=FOUND, namespaces=frozenset({""})), about(namespace=""), True),
        (AuditPolicyRule(config=FOUND, namespaces=frozenset({"other"})), about(), False),
        (AuditPolicyRule(config=FOUND, namespaces=frozenset({"team"})), at("/version"), False),
        (AuditPolicyRule(config=FOUND, resources=resources("pods")), about(), True),
        (AuditPolicyRule(config=FOUND, resources=resources("pods")), about(part="log"), False),
        (AuditPolicyRule(config=FOUND, resources=resources("pods/log")), about(part="log"), True),
        (AuditPolicyRule(config=FOUND, resources=resources("pods/*")), about(part="log"), True),
        (AuditPolicyRule(config=FOUND, resources=resources("pods/*")), about(), True),
        (AuditPolicyRule(config=FOUND, resources=resources("*/log")), about(part="log"), True),
        (AuditPolicyRule(config=FOUND, resources=resources("*/log")), about(), False),
        (AuditPolicyRule(config=FOUND, resources=resources("*")), about(part="log"), True),
        (AuditPolicyRule(config=FOUND, resources=resources("pods", names=("web",))), about(), True),
        (AuditPolicyRule(config=FOUND, resources=resources("pods", names=("db",))), about(), False),
        (AuditPolicyRule(config=FOUND, resources=resources(group="apps")), about(group="apps", part="scale"), True),
        (AuditPolicyRule(config=FOUND, resources=resources(group="apps")), about(), False),
        (AuditPolicyRule(config=FOUND, resources=resources("pods", group="*")), about(group="x.io"), True),
        (AuditPolicyRule(config=FOUND, non_resource_urls=("/healthz*",)), at("/healthz/etcd"), True),
        (AuditPolicyRule(config=FOUND, non_resource_urls=("/healthz",)), at("/healthz/etcd"), False),
        (AuditPolicyRule(config=FOUND, non_resource_urls=("*",)), at("/version"), True),
        (AuditPolicyRule(config=FOUND, non_resource_urls=("*",)), about(), False),
    ],
)
def test_rule_matches_what_it_names(rule: AuditPolicyRule, info: RequestInfo, matches: bool) -> None:
    """Everything that a rule names must be so; what it does not name may be anything."""
    assert (Policy([rule]).config_for(JANE, info) is FOUND) is matches


def test_rule_for_users_does_not_match_a_request_of_nobody() -> None:
    """Where authentication fails there is no user and no group; other rules match all the same."""
    by_user = AuditPolicyRule(config=FOUND, users=frozenset({"jane"}))
    by_group = AuditPolicyRule(config=FOUND, groups=frozenset({"devs"}))
    assert Policy([by_user, by_group]).config_for(None, about()).level is Level.NONE
    assert Policy([by_user, AuditPolicyRule(config=FOUND)]).config_for(None, about()) is FOUND


def test_first_matching_rule_decides() -> None:
    """The order of the rules is that of the file."""
    nothing = AuditPolicyRule(config=RequestAuditConfig(Level.NONE), verbs=frozenset({"get"}))
    assert Policy([nothing, AuditPolicyRule(config=FOUND)]).config_for(JANE, about()).level is Level.NONE
