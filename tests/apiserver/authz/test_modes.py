"""The authorization modes, their order, and the message of a refusal."""

import pytest

from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.authz.always_deny import AlwaysDeny
from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    DENY,
    AuthorizationAttributes,
    AuthorizationDecision,
    Authorizer,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.authz.forbidden_message import forbidden_message
from rootspan_apiserver.authz.privileged_groups import PrivilegedGroups
from rootspan_apiserver.authz.union import UnionAuthorizer
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User

pytestmark = pytest.mark.anyio

BOB = User("bob", groups=("system:authenticated",))
ANONYMOUS = User("system:anonymous", groups=("system:unauthenticated",))
ADMIN = User("admin", groups=("system:masters",))
ANY_RESOURCE = ResourceRule(verbs=("*",), api_groups=("*",), resources=("*",))
ANY_URL = NonResourceRule(verbs=("*",), non_resource_urls=("*",))
NO_REASON = AuthorizationDecision("no opinion")


class Fails:
    """Has no opinion, because something went wrong."""

    def __init__(self, error: str) -> None:
        self._error = error

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        return AuthorizationDecision("no opinion", error=self._error)


class Denies:
    """Denies everything."""

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        return DENY


def get(user: User, path: str) -> AuthorizationAttributes:
    return AuthorizationAttributes(user=user, verb="get", is_resource=False, path=path)


@pytest.mark.parametrize(
    ("user", "authorizers", "decision"),
    [
        (ADMIN, [PrivilegedGroups(), AlwaysDeny()], ALLOW),
        (BOB, [PrivilegedGroups(), AlwaysDeny()], AuthorizationDecision("no opinion", "Everything is forbidden.")),
        (BOB, [PrivilegedGroups(), AlwaysAllow()], ALLOW),
        (BOB, [AlwaysDeny(), AlwaysAllow()], ALLOW),
        (BOB, [Denies(), AlwaysAllow()], DENY),
        (BOB, [], NO_REASON),
        (BOB, [Fails("one"), AlwaysAllow()], ALLOW),
        (BOB, [Fails("one"), Fails("two"), Fails("one")], AuthorizationDecision("no opinion", error="[one, two]")),
        (
            BOB,
            [Fails("one"), AlwaysDeny()],
            AuthorizationDecision("no opinion", "Everything is forbidden.", "one"),
        ),
        (
            BOB,
            [AlwaysDeny(), AlwaysDeny()],
            AuthorizationDecision("no opinion", "Everything is forbidden.\nEverything is forbidden."),
        ),
    ],
)
async def test_first_decision_of_union_is_returned(
    user: User, authorizers: list[Authorizer], decision: AuthorizationDecision
) -> None:
    """Authorizers are consulted in order until one allows or denies; the reasons of the others are joined by newlines."""
    assert await UnionAuthorizer(authorizers).authorize(get(user, "/")) == decision


@pytest.mark.parametrize(
    ("method", "path", "reason", "text"),
    [
        ("GET", "/metrics", "", 'User "bob" cannot get path "/metrics"'),
        ("GET", "/api/v1/nodes", "", 'User "bob" cannot list resource "nodes" in API group "" at the cluster scope'),
        (
            "PUT",
            "/apis/apps/v1/namespaces/n/deployments/d/scale",
            "why",
            'User "bob" cannot update resource "deployments/scale" in API group "apps" in the namespace "n": why',
        ),
        ("GET", "/<a>&b", "<why>", 'User "bob" cannot get path "/&lt;a&gt;&amp;b": <why>'),
    ],
)
def test_forbidden_message(method: str, path: str, reason: str, text: str) -> None:
    """The message names user, verb, resource or path, scope and, if there is one, the reason."""
    assert forbidden_message(AuthorizationAttributes.of_request(BOB, resolve(method, path)), reason) == text


@pytest.mark.parametrize("user", [BOB, ANONYMOUS, ADMIN])
async def test_always_allow_allows_everybody_everything(user: User) -> None:
    """Who is anonymous is refused before that: authentication knows no anonymous users where AlwaysAllow is a mode."""
    assert await AlwaysAllow().authorize(get(user, "/metrics")) == ALLOW
    pods = AuthorizationAttributes(user=user, verb="delete", is_resource=True, resource="pods")
    assert await AlwaysAllow().authorize(pods) == ALLOW


@pytest.mark.parametrize(
    ("user", "authorizers", "rules"),
    [
        (BOB, [PrivilegedGroups(), AlwaysAllow()], ([ANY_RESOURCE], [ANY_URL])),
        (ADMIN, [PrivilegedGroups(), AlwaysDeny()], ([], [])),
        (BOB, [AlwaysDeny(), AlwaysAllow()], ([ANY_RESOURCE], [ANY_URL])),
    ],
)
async def test_rules_of_union_are_those_of_its_modes(
    user: User, authorizers: list[Authorizer], rules: tuple[list[ResourceRule], list[NonResourceRule]]
) -> None:
    """The rules of all modes are listed together. As upstream, membership in system:masters is not among them."""
    expected = UserRules(resource_rules=rules[0], non_resource_rules=rules[1], errors=[])
    assert await UnionAuthorizer(authorizers).rules_for(user, "default") == expected
