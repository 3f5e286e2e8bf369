"""Who may do what."""

import pytest

from rootspan_apiserver.authz.authorization import (
    ALLOW,
    DENY,
    AllowAuthenticated,
    AlwaysDeny,
    Attributes,
    Authorizer,
    Chain,
    Decision,
    PrivilegedGroups,
    attributes_of,
    refusal,
)
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User

pytestmark = pytest.mark.anyio

BOB = User("bob", groups=("system:authenticated",))
NOBODY = User("system:anonymous", groups=("system:unauthenticated",))
ADMIN = User("admin", groups=("system:masters",))


class Denies:
    async def authorize(self, attributes: Attributes) -> Decision:
        return DENY


@pytest.mark.parametrize(
    ("user", "authorizers", "decision"),
    [
        (ADMIN, [PrivilegedGroups(), AlwaysDeny()], ALLOW),
        (BOB, [PrivilegedGroups(), AlwaysDeny()], Decision("no opinion", "Everything is forbidden.")),
        (BOB, [PrivilegedGroups(), AllowAuthenticated()], ALLOW),
        (BOB, [Denies(), AllowAuthenticated()], DENY),
        (BOB, [], Decision("no opinion")),
    ],
)
async def test_the_first_opinion_counts(user: User, authorizers: list[Authorizer], decision: Decision) -> None:
    """Authorizers are asked in order until one allows or denies; nobody's opinion allows nothing."""
    assert await Chain(authorizers).authorize(Attributes(user, "get", False, path="/")) == decision


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
    ],
)
def test_refusals(method: str, path: str, reason: str, text: str) -> None:
    """A refusal says who may not do what, where, and why if that is known."""
    assert refusal(attributes_of(BOB, resolve(method, path)), reason) == text


@pytest.mark.parametrize(
    ("user", "path", "decision"),
    [
        (BOB, "/apis/apps/v1", ALLOW),
        (NOBODY, "/version", ALLOW),
        (NOBODY, "/livez/", ALLOW),
        (NOBODY, "/metrics", Decision("no opinion")),
        (NOBODY, "/apis", Decision("no opinion")),
    ],
)
async def test_the_anonymous_may_ask_how_the_server_is_and_no_more(user: User, path: str, decision: Decision) -> None:
    """Where everybody known may do everything, those who are not known get version and health only."""
    assert await AllowAuthenticated().authorize(Attributes(user, "get", False, path=path)) == decision
