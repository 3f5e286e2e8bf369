"""The file of `--authorization-config`: what it says, what is wrong with it, and what it says while the server runs."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from rootspan import ConfigurationError
from rootspan_apiserver import Environment
from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration, WebhookConfiguration
from rootspan_apiserver.authz.configuration_file import configuration_of, read_configuration
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.options.options import Options, OptionsError
from tests.apiserver.access_webhook import AccessWebhook, serving_webhook, write_kubeconfig

pytestmark = pytest.mark.anyio
HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n"
WEBHOOK = """- type: Webhook
  name: hook
  webhook:
    timeout: 3s
    subjectAccessReviewVersion: v1
    matchConditionSubjectAccessReviewVersion: v1
    failurePolicy: Deny
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: FILE}
"""
CONDITIONS = """    matchConditions:
    - expression: request.user == 1
    - expression: request.uid
    - expression: ' '
    - expression: 'true'
    - expression: 'true'
"""
IN_HOOK = "authorizers[0]."


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file that can be a kubeconfig."""
    return write_kubeconfig(tmp_path, "https://127.0.0.1:1")


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_versions_are_alike(version: str, file: str) -> None:
    """All have the same fields and defaults."""
    text = f"{HEAD}authorizers:\n{WEBHOOK}- {{type: RBAC, name: rbac}}\n".replace("/v1", f"/{version}", 1)
    assert list(configuration_of(text.replace("FILE", file).encode())) == [
        AuthorizerConfiguration(
            type="Webhook",
            name="hook",
            webhook=WebhookConfiguration(kubeconfig=file, version="v1", timeout=3, failure_policy="Deny"),
        ),
        AuthorizerConfiguration.of_mode("RBAC"),
    ]


def test_caches_can_be_switched_off(file: str) -> None:
    """Each of the two; their times are durations of Go."""
    more = (
        "    authorizedTTL: 1h1m\n    cacheUnauthorizedRequests: false\n    matchConditions: [{expression: 'true'}]\n"
    )
    [found] = configuration_of(f"{HEAD}authorizers:\n{WEBHOOK}{more}".replace("FILE", file).encode())
    assert found.webhook is not None
    assert (found.webhook.authorized_seconds, found.webhook.unauthorized_seconds) == (3660, 0)
    assert found.webhook.match_conditions == ("true",)


FAULTS: list[tuple[str, str]] = [
    ("", "authorizers: Required value: at least one authorization mode must be defined"),
    (
        "kind: Nope\napiVersion: apiserver.config.k8s.io/v1\n",
        (
            'failed to load AuthorizationConfiguration from file: no kind "Nope" is registered for version '
            '"apiserver.config.k8s.io/v1" in scheme "k8s.io/apiserver/pkg/apis/apiserver/load/load.go:32"'
        ),
    ),
    (
        "authorizers: []\n",
        "failed to load AuthorizationConfiguration from file: Object 'Kind' is missing in 'authorizers: []\n'",
    ),
    (
        "{",
        (
            "failed to load AuthorizationConfiguration from file: couldn't get version/kind; json parse error: unexpected end of "
            "JSON input"
        ),
    ),
    (
        f"{HEAD}authorizers: [{{type: RBAC, name: rbac, colour: 1}}]\nshape: 2\n",
        (
            'failed to load AuthorizationConfiguration from file: strict decoding error: unknown field "authorizers[0].colour", '
            'unknown field "shape"'
        ),
    ),
    (
        f"{HEAD}authorizers: {{}}\n",
        (
            "failed to load AuthorizationConfiguration from file: json: cannot unmarshal object into Go struct field "
            "AuthorizationConfiguration.authorizers of type []v1.AuthorizerConfiguration"
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("3s", "3x"),
        'failed to load AuthorizationConfiguration from file: time: unknown unit "x" in duration "3x"',
    ),
    (f"{HEAD}authorizers: [{{name: x}}]", f"{IN_HOOK}type: Required value"),
    (
        f"{HEAD}authorizers: [{{type: Other, name: x}}]",
        (
            f'{IN_HOOK}type: Unsupported value: "Other": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", '
            '"Webhook"'
        ),
    ),
    (
        f"{HEAD}authorizers: [{{type: RBAC, name: rbac}}, {{type: RBAC, name: other}}]",
        'authorizers[1].type: Duplicate value: "RBAC"',
    ),
    (f"{HEAD}authorizers: [{{type: Node}}]", f"{IN_HOOK}name: Required value"),
    (
        f"{HEAD}authorizers: [{{type: RBAC, name: roles}}, {{type: Node, name: nodes}}]",
        "[expected name rbac for authorizer RBAC instead of roles, expected name node for authorizer Node instead of nodes]",
    ),
    (f"{HEAD}authorizers:\n{WEBHOOK}{WEBHOOK}", 'authorizers[1].name: Duplicate value: "hook"'),
    (
        f"{HEAD}authorizers: [{{type: RBAC, name: rbac, webhook: {{}}}}]",
        f'{IN_HOOK}webhook: Invalid value: "non-null": may only be specified when type=Webhook',
    ),
    (
        f"{HEAD}authorizers: [{{type: Webhook, name: a}}]",
        f"{IN_HOOK}webhook: Required value: required when type=Webhook",
    ),
    (
        f"{HEAD}authorizers: [{{type: Webhook, name: a, webhook: {{}}}}]",
        (
            f"[{IN_HOOK}timeout: Required value, {IN_HOOK}subjectAccessReviewVersion: Required value, {IN_HOOK}failurePolicy: "
            f"Required value, {IN_HOOK}connectionInfo.type: Required value]"
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}    authorizedTTL: -1s\n    unauthorizedTTL: -2ms\n".replace("3s", "31s"),
        (
            f'[{IN_HOOK}timeout: Invalid value: "31s": must be > 0s and <= 30s, {IN_HOOK}authorizedTTL: Invalid value: "-1s": must '
            f'be > 0s, {IN_HOOK}unauthorizedTTL: Invalid value: "-2ms": must be > 0s]'
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("Version: v1", "Version: v2").replace("Deny", "Ignore"),
        (
            f'[{IN_HOOK}subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1", '
            f'{IN_HOOK}matchConditionSubjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", '
            f'{IN_HOOK}failurePolicy: Unsupported value: "Ignore": supported values: "NoOpinion", "Deny"]'
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("KubeConfigFile,", "Other,").replace(", kubeConfigFile: FILE", ""),
        (
            f'{IN_HOOK}connectionInfo.type: Unsupported value: {{"Type":"Other","KubeConfigFile":null}}: supported values: '
            '"InClusterConfig", "KubeConfigFile"'
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("KubeConfigFile,", "InClusterConfig,"),
        f'{IN_HOOK}connectionInfo.kubeConfigFile: Invalid value: "FILE": can only be set when type=KubeConfigFile',
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("FILE", "relative"),
        f'{IN_HOOK}connectionInfo.kubeConfigFile: Invalid value: "relative": must be an absolute path',
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("FILE", "/none/file"),
        (
            f'{IN_HOOK}connectionInfo.kubeConfigFile: Invalid value: "/none/file": error loading file: stat /none/file: no such '
            "file or directory"
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}".replace("FILE", "/"),
        f'{IN_HOOK}connectionInfo.kubeConfigFile: Invalid value: "/": must be a regular file',
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}{CONDITIONS}",
        (
            f'[{IN_HOOK}matchConditions[0].expression: Invalid value: "request.user == 1": compilation failed: ERROR: '
            "<input>:1:14: found no matching overload for '_==_' applied to '(string, int)'\n | request.user == 1\n | "
            f'.............^, {IN_HOOK}matchConditions[1].expression: Invalid value: "request.uid": must evaluate to bool but got '
            f"string, {IN_HOOK}matchConditions[2].expression: Required value, {IN_HOOK}matchConditions[4].expression: Duplicate "
            'value: "true"]'
        ),
    ),
    (
        f"{HEAD}authorizers:\n{WEBHOOK}    matchConditions: [" + "{expression: 'true'}," * 65 + "]",
        f"{IN_HOOK}matchConditions: Too many: 65: must have at most 64 items",
    ),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_faults_of_file_are_told_in_kube_apiservers_words(text: str, fault: str, file: str) -> None:
    """Also by the command line, which reads the file."""
    path = Path(file).with_name("authorization.yaml")
    path.write_text(text.replace("FILE", file))
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(str(path))
    assert str(refused.value) == fault.replace("FILE", file)
    with pytest.raises(OptionsError) as told:
        Options.parse([f"--authorization-config={path}"])
    assert told.value.faults == (fault.replace("FILE", file),)


@pytest.mark.parametrize(
    "flag",
    [
        "--authorization-mode=AlwaysAllow",
        "--authorization-webhook-cache-authorized-ttl=5m",
        "--authorization-webhook-version=v1beta1",
    ],
)
def test_file_and_flags_exclude_each_other(flag: str, tmp_path: Path) -> None:
    """Even where a flag has its default value, and before the file is read."""
    with pytest.raises(OptionsError) as refused:
        Options.parse([flag, f"--authorization-config={tmp_path}/none"])
    assert refused.value.faults == (
        "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined",
    )


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """With the error of opening it."""
    with pytest.raises(OptionsError) as refused:
        Options.parse([f"--authorization-config={tmp_path}/none"])
    assert refused.value.faults == (f"open {tmp_path}/none: no such file or directory",)


def decide(review: JSONObject) -> JSONObject:
    return {"allowed": False, "denied": True, "reason": "the webhook says no"}


@asynccontextmanager
async def serve(webhook: AccessWebhook, folder: Path, conditions: str) -> AsyncIterator[tuple[Path, httpx.AsyncClient]]:
    """Serve with the webhook, asked under conditions, before RBAC. Yields the file, and a client that is not the administrator."""
    async with serving_webhook(webhook) as address:
        kubeconfig = write_kubeconfig(folder, address.url)
        path = folder / "authorization.yaml"
        path.write_text(configuration(kubeconfig, conditions))
        tokens = folder / "tokens.csv"
        tokens.write_text('secret,bob,u2\nadmin,admin,u1,"system:masters"\n')
        async with Environment(f"--authorization-config={path}", f"--token-auth-file={tokens}") as env:
            tls = ssl.create_default_context(cadata=env.ca_bundle.decode())
            headers = {"authorization": "Bearer secret"}
            async with httpx.AsyncClient(base_url=env.url, verify=tls, headers=headers, trust_env=False) as client:
                yield path, client


def configuration(kubeconfig: str, conditions: str) -> str:
    hook = f"{WEBHOOK}    cacheUnauthorizedRequests: false\n    matchConditions: {conditions}\n".replace(
        "FILE", kubeconfig
    )
    return f"{HEAD}authorizers:\n{hook}- {{type: RBAC, name: rbac}}\n"


async def test_webhook_is_asked_about_what_its_conditions_match(tmp_path: Path) -> None:
    """What they exclude is for the next mode; a condition that fails is an error, under the policy Deny a final one."""
    conditions = (
        "[{expression: 'has(request.resourceAttributes)'}, "
        '{expression: \'request.resourceAttributes.name != "odd" || request.extra["none"][0] == "x"\'}]'
    )
    async with serve(webhook := AccessWebhook(decide), tmp_path, conditions) as (_, client):
        assert (await client.get("/version")).status_code == 200
        assert not webhook.reviews
        denied = await client.get("/api/v1/namespaces/default/pods")
        assert denied.json()["message"].endswith('in the namespace "default": the webhook says no')
        assert len(webhook.reviews) == 1
        failed = await client.get("/api/v1/namespaces/default/pods/odd")
        assert failed.status_code == 500
        assert failed.text.endswith("resulted in error: no such key: none\n")
        assert len(webhook.reviews) == 1


async def test_file_is_followed_while_the_server_runs(tmp_path: Path) -> None:
    """A change takes effect; one that is not valid, or that drops a mode, changes nothing."""
    async with serve(webhook := AccessWebhook(decide), tmp_path, "[{expression: 'false'}]") as (path, client):
        first = path.read_text()
        assert (await client.get("/version")).status_code == 200
        async with asyncio.timeout(20):
            for faulty in ("authorizers: []", first.replace("- {type: RBAC, name: rbac}\n", "")):
                before = await failures(client)
                path.write_text(faulty)
                while await failures(client) == before:
                    pass
            assert (await client.get("/version")).status_code == 200
            assert not webhook.reviews
            path.write_text(first.replace("'false'", "'true'"))
            while (await client.get("/version")).status_code == 200:
                pass
        assert webhook.reviews


async def failures(client: httpx.AsyncClient) -> str:
    """The line of the metrics that counts the configurations that were not taken."""
    page = (await client.get("/metrics", headers={"authorization": "Bearer admin"})).text
    name = "apiserver_authorization_config_controller_automatic_reloads_total"
    return next((line for line in page.split("\n") if line.startswith(name) and 'status="failure"' in line), "")
