"""An operator that has a service account and a role with what it needs and no more, under RBAC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import kopf
import pytest

from rootspan_apiserver import Environment
from tests.apiserver.real_clients.objects import WIDGETS

pytestmark = pytest.mark.anyio

WIDGET: dict[str, Any] = {"group": "example.com", "version": "v1", "plural": "widgets"}
NAMESPACE = "/api/v1/namespaces/default"
WIDGET_PATH = "/apis/example.com/v1/namespaces/default/widgets"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
WITHIN = 30.0
FORBIDDEN = (
    'configmaps is forbidden: User "system:serviceaccount:default:operator" cannot create resource "configmaps" '
    'in API group "" in the namespace "default"'
)
RULES = [
    {"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": ["example.com"], "resources": ["widgets/status"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
]


@pytest.fixture
async def env() -> AsyncIterator[Environment]:
    async with Environment(authorization="RBAC") as found:
        yield found


def client_of(env: Environment, token: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=env.url, verify=False, headers=headers, timeout=WITHIN, trust_env=False)


async def installed(admin: httpx.AsyncClient) -> str:
    """Install the definition, the account and its role, and return a token of the account."""
    subject = {"kind": "ServiceAccount", "name": "operator", "namespace": "default"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"}
    for path, body in (
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", WIDGETS),
        (f"{NAMESPACE}/serviceaccounts", {"metadata": {"name": "operator"}}),
        (f"{ROLES}/roles", {"metadata": {"name": "operator"}, "rules": RULES}),
        (f"{ROLES}/rolebindings", {"metadata": {"name": "operator"}, "subjects": [subject], "roleRef": reference}),
    ):
        (await admin.post(path, json=body)).raise_for_status()
    answer = await admin.post(f"{NAMESPACE}/serviceaccounts/operator/token", json={"spec": {}})
    token: str = answer.raise_for_status().json()["status"]["token"]
    return token


@asynccontextmanager
async def operating(env: Environment, token: str, registry: kopf.OperatorRegistry) -> AsyncIterator[None]:
    """The operator, with a token, as long as the block runs."""

    def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=env.url, insecure=True, token=token)

    kopf.on.login(registry=registry)(login)
    settings = kopf.OperatorSettings()
    settings.posting.enabled, settings.scanning.disabled = False, True
    ready, stop = asyncio.Event(), asyncio.Event()
    running = kopf.operator(
        registry=registry,
        settings=settings,
        namespaces=["default"],
        standalone=True,
        ready_flag=ready,
        stop_flag=stop,
    )
    operator = asyncio.create_task(running)
    await asyncio.wait_for(ready.wait(), WITHIN)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(operator, WITHIN)


async def test_operator_does_its_work_with_the_rights_of_its_role_only(env: Environment) -> None:
    """It handles a widget; without the right to create config maps its next one is forbidden, until the role gives that back."""
    registry, answers = kopf.OperatorRegistry(), asyncio.Queue[tuple[str, int, str]]()
    async with client_of(env, env.token) as admin:
        token = await installed(admin)
        async with client_of(env, token) as own:

            @kopf.on.create(**WIDGET, id="create", registry=registry)
            async def create(name: str | None, **_: Any) -> dict[str, str]:
                answer = await own.post(f"{NAMESPACE}/configmaps", json={"metadata": {"name": name}})
                answers.put_nowait((name or "", answer.status_code, answer.json().get("message", "")))
                if answer.status_code != httpx.codes.CREATED:
                    raise kopf.TemporaryError("forbidden", delay=0.1)
                return {"child": name or ""}

            async with operating(env, token, registry):
                assert (await made(admin, "one", answers))[1:] == (201, "")
                await set_rules(admin, RULES[:2])
                assert (await made(admin, "two", answers))[1:] == (403, FORBIDDEN)
                await set_rules(admin, RULES)
                async with asyncio.timeout(WITHIN):
                    while (await answers.get())[:2] != ("two", 201):
                        pass
            assert (await own.get(f"{NAMESPACE}/configmaps/one")).status_code == 403
            assert (await own.delete(f"{WIDGET_PATH}/one")).status_code == 403


async def made(admin: httpx.AsyncClient, name: str, answers: asyncio.Queue[tuple[str, int, str]]) -> Any:
    """Create a widget, and return what its config map's creation was answered."""
    body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": 1}}
    (await admin.post(WIDGET_PATH, json=body)).raise_for_status()
    return await asyncio.wait_for(answers.get(), WITHIN)


async def set_rules(admin: httpx.AsyncClient, rules: Any) -> None:
    merge = {"content-type": "application/merge-patch+json"}
    (await admin.patch(f"{ROLES}/roles/operator", json={"rules": rules}, headers=merge)).raise_for_status()
