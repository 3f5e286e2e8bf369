"""Which mode of impersonation allows a request, what is remembered of that, and the refusals of those who may not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from rootspan.testing import recording_provider
from rootspan_apiserver.authn.tokens import StaticTokens
from rootspan_apiserver.authz.authorizer import ALLOW, NO_OPINION, AuthorizationAttributes, AuthorizationDecision
from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.http.request import request_of
from rootspan_apiserver.kube.asgi import Receive, Scope, Send
from rootspan_apiserver.kube.users import User, user_info
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.serving.http import listen, serving
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing

pytestmark = pytest.mark.anyio
AGENT = "system:serviceaccount:kube-system:agent"
MAPS = "/api/v1/namespaces/team/configmaps"
PODS = "/api/v1/pods"


def account(node: str, pod: str) -> User:
    extra = {"authentication.kubernetes.io/node-name": (node,), "authentication.kubernetes.io/pod-name": (pod,)}
    return User(AGENT, extra=extra)


USERS = StaticTokens({"bob": User("bob"), "agent-1": account("n1", "a"), "agent-2": account("n2", "b")})


@dataclass
class Granting:
    """Allows pairs of a verb and what it is about, and all that is not impersonation; `asked` are the others, in order."""

    grants: set[tuple[str, str]]
    asked: list[tuple[str, str]] = field(default_factory=list)
    users: list[User] = field(default_factory=list)

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        if not attributes.verb.startswith("impersonate"):
            return ALLOW
        about = "/".join(filter(None, (attributes.group, attributes.resource, attributes.subresource, attributes.name)))
        question = (attributes.verb, about or attributes.path)
        self.asked.append(question)
        self.users.append(attributes.user)
        return ALLOW if question in self.grants else NO_OPINION


async def tells_user(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer who the request is made as, and by which verb."""
    request = request_of(scope)
    body = json.dumps({"user": user_info(request.user), "constraint": request.impersonation_constraint}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serve(authorizer: Granting, metrics: Metrics) -> AsyncIterator[httpx.AsyncClient]:
    provider, _ = recording_provider()
    app = chain(
        tells_user,
        authenticator=USERS,
        authorizer=authorizer,
        registry=builtin_registry(),
        tracing=Tracing(provider, DEFAULT),
        metrics=metrics,
    )
    async with (
        serving(app, listen("127.0.0.1", 0), stopping=lambda: None) as address,
        httpx.AsyncClient(base_url=address.url, timeout=10, trust_env=False) as client,
    ):
        yield client


async def answers(
    client: httpx.AsyncClient, token: str, path: str, **headers: str
) -> tuple[int, str, dict[str, object]]:
    """Return status, constraint or message, and user of a request with `Impersonate-*` headers."""
    named = {f"impersonate-{name.replace('_', '-')}": value for name, value in headers.items()}
    answer = await client.get(path, headers={"authorization": f"Bearer {token}", **named})
    told = answer.json()
    return answer.status_code, told.get("constraint", told.get("message")), told.get("user", {})


async def test_user_info_mode_needs_identity_and_action() -> None:
    """Who may be ann may do as her what is allowed on top of that, and is refused in words of the mode tried first."""
    granted = {
        ("impersonate:user-info", "authentication.k8s.io/users/ann"),
        ("impersonate-on:user-info:list", "configmaps"),
    }
    async with serve(Granting(granted), Metrics()) as client:
        allowed = await answers(client, "bob", MAPS, user="ann")
        assert allowed == (200, "impersonate:user-info", {"username": "ann", "groups": ["system:authenticated"]})
        other = await answers(client, "bob", f"{MAPS}/x", user="ann")
        assert other[:2] == (
            403,
            (
                'configmaps "x" is forbidden: User "bob" cannot impersonate-on:user-info:get resource "configmaps" in API '
                'group "" in the namespace "team"'
            ),
        )
        nobody = await answers(client, "bob", MAPS, user="zoe")
        assert nobody[:2] == (
            403,
            (
                'users.authentication.k8s.io "zoe" is forbidden: User "bob" cannot impersonate:user-info resource "users" in API '
                'group "authentication.k8s.io" at the cluster scope'
            ),
        )
        path = await answers(client, "bob", "/metrics", user="ann")
        assert path[:2] == (403, 'forbidden: User "bob" cannot impersonate-on:user-info:get path "/metrics"')


async def test_mode_that_was_allowed_last_is_tried_first() -> None:
    """Its refusal is then the one that is told."""
    granted = {("impersonate", "users/old")}
    async with serve(authorizer := Granting(granted), Metrics()) as client:
        assert (await answers(client, "bob", MAPS, user="old"))[:2] == (200, "")
        assert authorizer.asked == [("impersonate-on:user-info:list", "configmaps"), ("impersonate", "users/old")]
        authorizer.asked.clear()
        assert (await answers(client, "bob", MAPS, user="old"))[:2] == (200, "")
        assert authorizer.asked == [("impersonate", "users/old")], "the original mode asks every time"
        refused = await answers(client, "bob", MAPS, user="ann")
        assert refused[1] == (
            'users "ann" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope'
        )


async def test_constrained_mode_remembers_identity_and_request() -> None:
    """The same request asks nothing more, another request only whether it is allowed."""
    granted = {
        ("impersonate:user-info", "authentication.k8s.io/users/ann"),
        ("impersonate-on:user-info:list", "configmaps"),
        ("impersonate-on:user-info:get", "configmaps/x"),
    }
    metrics = Metrics()
    async with serve(authorizer := Granting(granted), metrics) as client:
        for _ in range(3):
            assert (await answers(client, "bob", MAPS, user="ann"))[0] == 200
        assert len(authorizer.asked) == 2
        assert (await answers(client, "bob", f"{MAPS}/x", user="ann"))[0] == 200
        assert authorizer.asked[2:] == [("impersonate-on:user-info:get", "configmaps/x")]
        assert (await answers(client, "bob", f"{MAPS}?labelSelector=a", user="ann"))[0] == 200
        assert authorizer.asked[3:] == [("impersonate-on:user-info:list", "configmaps")]
        for _ in range(2):
            assert (await answers(client, "bob", f"{MAPS}?labelSelector=a+in", user="ann"))[0] == 200
        assert len(authorizer.asked) == 6, "a selector that is not understood is not remembered"
    page = metrics.page("")[0].decode()
    assert 'apiserver_impersonation_attempts_total{decision="allowed",mode="user-info"} 7' in page
    assert 'apiserver_impersonation_authorization_attempts_total{decision="allowed",mode="user-info"} 6' in page


@pytest.mark.parametrize(
    ("headers", "about", "why"),
    [
        (
            {"group": "system:masters"},
            'groups.authentication.k8s.io "system:masters"',
            "impersonating the system:masters group is not allowed",
        ),
        ({"group": ""}, "groups.authentication.k8s.io", "impersonating the empty string group is not allowed"),
        (
            {"extra-foo": "7"},
            "userextras.authentication.k8s.io",
            (
                'impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "foo": must be a domain-prefixed '
                'path (such as "acme.io/foo")'
            ),
        ),
        (
            {"extra-": "7"},
            "userextras.authentication.k8s.io",
            "impersonating the empty string key in extra is not allowed",
        ),
        (
            {"extra-a.b%2Fc": ""},
            "userextras.authentication.k8s.io",
            "impersonating the empty string value in extra is not allowed",
        ),
    ],
)
async def test_constrained_mode_refuses_identities_that_are_not_sound(
    headers: dict[str, str], about: str, why: str
) -> None:
    """Some groups and keys of extra are never allowed, whatever is granted."""
    granted = {
        ("impersonate:user-info", "authentication.k8s.io/users/ann"),
        ("impersonate-on:user-info:list", "configmaps"),
    }
    async with serve(Granting(granted), Metrics()) as client:
        code, message, _ = await answers(client, "bob", MAPS, user="ann", **headers)
    assert code == 403
    assert message.startswith(f"{about} is forbidden: User ")
    assert message.endswith(f" at the cluster scope: {why}")


async def test_many_groups_are_asked_for_together_first() -> None:
    """From four on; three are asked for one by one."""
    granted = {
        ("impersonate:user-info", "authentication.k8s.io/users/ann"),
        ("impersonate-on:user-info:list", "configmaps"),
        ("impersonate:user-info", "authentication.k8s.io/groups/*"),
        ("impersonate:user-info", "authentication.k8s.io/userextras/*/*"),
    }
    async with serve(authorizer := Granting(granted), Metrics()) as client:
        base = [("authorization", "Bearer bob"), ("impersonate-user", "ann")]
        four = [("impersonate-group", f"g{index}") for index in range(4)]
        extra = [("impersonate-extra-a.b%2Fc", str(index)) for index in range(4)]
        assert (await client.get(MAPS, headers=[*base, *four, *extra])).status_code == 200
        assert authorizer.asked[2:] == [
            ("impersonate:user-info", "authentication.k8s.io/groups/*"),
            ("impersonate:user-info", "authentication.k8s.io/userextras/*/*"),
        ]
        assert (await client.get(MAPS, headers=[*base, *four[:3]])).status_code == 403


async def test_service_accounts_and_nodes_have_modes_of_their_own() -> None:
    """They get the groups of their kind, and cannot be impersonated in the mode for other users."""
    granted = {
        ("impersonate:serviceaccount", "authentication.k8s.io/serviceaccounts/robot"),
        ("impersonate-on:serviceaccount:list", "configmaps"),
        ("impersonate:arbitrary-node", "authentication.k8s.io/nodes/n7"),
        ("impersonate-on:arbitrary-node:list", "configmaps"),
    }
    async with serve(authorizer := Granting(granted), Metrics()) as client:
        robot = await answers(client, "bob", MAPS, user="system:serviceaccount:team:robot")
        assert robot[1] == "impersonate:serviceaccount"
        groups = ["system:serviceaccounts", "system:serviceaccounts:team", "system:authenticated"]
        assert robot[2] == {"username": "system:serviceaccount:team:robot", "groups": groups}
        node = await answers(client, "bob", MAPS, user="system:node:n7")
        assert node[1] == "impersonate:arbitrary-node"
        assert node[2] == {"username": "system:node:n7", "groups": ["system:nodes", "system:authenticated"]}
        authorizer.asked.clear()
        assert (await answers(client, "bob", MAPS, user="system:node:n7", group="x"))[0] == 403
        assert [verb for verb, _ in authorizer.asked] == ["impersonate"], "with a group it is no mode for nodes"


async def test_agents_may_impersonate_their_own_node_only() -> None:
    """One permission, remembered once, serves the pods of an account on all nodes; the question hides the node."""
    granted = {
        ("impersonate:associated-node", "authentication.k8s.io/nodes/*"),
        ("impersonate-on:associated-node:list", "pods"),
    }
    async with serve(authorizer := Granting(granted), Metrics()) as client:
        for index in (1, 2):
            found = await answers(client, f"agent-{index}", PODS, user=f"system:node:n{index}")
            assert found[1] == "impersonate:associated-node"
            assert found[2]["username"] == f"system:node:n{index}"
        assert len(authorizer.asked) == 2
        keys = ("authentication.kubernetes.io/node-name", "authentication.kubernetes.io/pod-name")
        assert [user.extra for user in authorizer.users] == [
            {"authentication.kubernetes.io/associated-node-keys": keys}
        ] * 2
        code, message, _ = await answers(client, "agent-1", PODS, user="system:node:n2")
        assert (code, message) == (
            403,
            (
                f'pods is forbidden: User "{AGENT}" cannot impersonate-on:arbitrary-node:list resource "pods" in API group "" at '
                "the cluster scope"
            ),
        )
