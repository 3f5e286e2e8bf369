"""The mode ABAC: what the policies of a file allow."""

from pathlib import Path

import pytest

from rootspan import ConfigurationError
from rootspan_apiserver.authz.abac import read_policies
from rootspan_apiserver.authz.authorizer import (
    ALLOW,
    AuthorizationAttributes,
    AuthorizationDecision,
    NonResourceRule,
    ResourceRule,
    UserRules,
)
from rootspan_apiserver.kube.request_info import resolve
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.options.options import Options, OptionsError
from tests.apiserver.authz.asking import asking

pytestmark = pytest.mark.anyio
HEAD = '{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": '
FILE = f"""
# The team reads and writes its pods, everybody who is known reads services, bob may see some paths.
{HEAD}{{"group": "team", "namespace": "team", "resource": "pods"}}}}
{HEAD}{{"user": "*", "readonly": true, "namespace": "*", "resource": "services"}}}}
{HEAD}{{"user": "bob", "nonResourcePath": "/stats/*", "readonly": true}}}}
{HEAD}{{"user": "carol", "group": "ops", "namespace": "*", "resource": "*", "apiGroup": "*"}}}}
{{"user": "old", "resource": "nodes"}}
{{"user": "root"}}
"""
DEVELOPER = User("dora", groups=("team", "system:authenticated"))


def user(name: str, *groups: str) -> User:
    return User(name, groups=(*groups, "system:authenticated"))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "policies.jsonl"
    path.write_text(FILE)
    return str(path)


@pytest.mark.parametrize(
    ("caller", "method", "path", "allowed"),
    [
        (DEVELOPER, "POST", "/api/v1/namespaces/team/pods", True),
        (DEVELOPER, "GET", "/api/v1/namespaces/other/pods", False),
        (DEVELOPER, "GET", "/apis/metrics.k8s.io/v1/namespaces/team/pods", False),
        (user("bob"), "GET", "/api/v1/services", True),
        (user("bob"), "DELETE", "/api/v1/namespaces/team/services/s", False),
        (User("system:anonymous", groups=("system:unauthenticated",)), "GET", "/api/v1/services", False),
        (user("bob"), "GET", "/stats/a/b", True),
        (user("bob"), "GET", "/stats", False),
        (user("bob"), "POST", "/stats/a", False),
        (user("carol"), "GET", "/apis/apps/v1/deployments", False),
        (user("carol", "ops"), "DELETE", "/apis/apps/v1/namespaces/x/deployments/d", True),
        (user("carol", "ops"), "GET", "/metrics", False),
        (user("old"), "DELETE", "/api/v1/nodes/n", True),
        (user("old"), "GET", "/metrics", False),
        (user("root"), "GET", "/metrics", True),
        (user("root"), "DELETE", "/apis/apps/v1/namespaces/x/deployments/d", True),
    ],
)
async def test_policy_allows_what_it_matches(caller: User, method: str, path: str, allowed: bool, file: str) -> None:
    """A user and a group must both match; policies without a version are broader."""
    attributes = AuthorizationAttributes.of_request(caller, resolve(method, path))
    expected = ALLOW if allowed else AuthorizationDecision("no opinion", "No policy matched.")
    assert await read_policies(file).authorize(attributes) == expected


async def test_rules_are_those_of_the_policies(file: str) -> None:
    """In the order of the file, for the namespace that is asked about."""
    policies = read_policies(file)
    services = ResourceRule(verbs=("get", "list", "watch"), api_groups=("",), resources=("services",))
    pods = ResourceRule(verbs=("*",), api_groups=("",), resources=("pods",))
    found = await policies.rules_for(DEVELOPER, "team")
    assert found == UserRules(resource_rules=[pods, services], non_resource_rules=[])
    everything = ResourceRule(verbs=("*",), api_groups=("*",), resources=("*",))
    assert await policies.rules_for(user("root"), "x") == UserRules(
        resource_rules=[services, everything],
        non_resource_rules=[NonResourceRule(verbs=("*",), non_resource_urls=("*",))],
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "unexpected end of JSON input"),
        (
            f'{HEAD}{{"user": 1}}}}',
            "json: cannot unmarshal number into Go struct field PolicySpec.spec.user of type string",
        ),
        ("[]", "json: cannot unmarshal array into a policy"),
    ],
)
def test_line_that_is_no_policy_is_refused(line: str, words: str, tmp_path: Path) -> None:
    """With the file, the number of the line and its text."""
    path = tmp_path / "policies.jsonl"
    path.write_text(f"# comment\n{line}\n")
    with pytest.raises(ConfigurationError) as refused:
        read_policies(str(path))
    assert str(refused.value) == f"error reading policy file {path}, line 2: {line}: {words}"


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ("--authorization-mode=ABAC", "authorization-mode ABAC's authorization policy file not passed"),
        ("--authorization-policy-file={file}", "cannot specify --authorization-policy-file without mode ABAC"),
    ],
)
def test_mode_and_file_belong_together(flags: str, fault: str, file: str) -> None:
    """One without the other is refused."""
    with pytest.raises(OptionsError) as refused:
        Options.parse(flags.format(file=file).split())
    assert refused.value.faults == (fault,)


async def test_server_follows_the_policies(file: str) -> None:
    """The mode is one of the server's."""
    async with asking(f"--authorization-policy-file={file}", authorization="ABAC") as asker:
        status = await asker.review("bob", "system:authenticated", verb="get", path="/stats/a")
        assert status == {"allowed": True}
        status = await asker.review("bob", "system:authenticated", verb="get", path="/metrics")
        assert status == {"allowed": False, "reason": "No policy matched."}
