"""serviceaccount-token-controller: secrets get tokens that work, and go with their accounts."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment

pytestmark = pytest.mark.anyio

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
SECRETS = "/api/v1/namespaces/default/secrets"
MERGE = {"content-type": "application/merge-patch+json"}
TYPE = "kubernetes.io/service-account-token"


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[Environment]:
    async with Environment() as found:
        yield found


@pytest.fixture
async def client(env: Environment) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {env.token}"}
    async with httpx.AsyncClient(base_url=env.url, verify=False, headers=headers, timeout=60) as found:
        yield found


async def made(client: httpx.AsyncClient, account: str, secret: str) -> None:
    body = {"name": secret, "annotations": {"kubernetes.io/service-account.name": account}}
    assert (await client.post(SECRETS, json={"metadata": body, "type": TYPE})).status_code == 201


async def seen(client: httpx.AsyncClient, path: str, name: str, wanted: Any, *, since: str = "") -> dict[str, Any]:
    """Wait for an event of the object that is `wanted`, by its type and its object, and return the object."""
    query = {"watch": "1", "fieldSelector": f"metadata.name={name}", "timeoutSeconds": "60", "resourceVersion": since}
    async with client.stream("GET", path, params=query) as answer:
        async for line in answer.aiter_lines():
            event = httpx.Response(200, content=line).json()
            if wanted(event["type"], event["object"]):
                found: dict[str, Any] = event["object"]
                return found
    raise AssertionError("the watch has ended")


def _filled(kind: str, secret: dict[str, Any]) -> bool:
    return "token" in (secret.get("data") or {})


async def test_secret_of_account_gets_a_token_that_works(env: Environment, client: httpx.AsyncClient) -> None:
    """The secret gets the token, the namespace, the authority and the uid; the token is its account's until the secret goes."""
    account = (await client.post(ACCOUNTS, json={"metadata": {"name": "robot"}})).json()
    await made(client, "robot", "robot-token")
    secret = await seen(client, SECRETS, "robot-token", _filled)
    data = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert data["namespace"] == "default"
    assert data["ca.crt"] == env.ca_bundle.decode()
    assert secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] == account["metadata"]["uid"]
    used = {"authorization": f"Bearer {data['token']}"}
    who = await client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}, headers=used)
    assert who.json()["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"
    await client.delete(f"{SECRETS}/robot-token")
    assert (await client.get("/version", headers=used)).status_code == 401


async def test_secret_goes_with_its_account(client: httpx.AsyncClient) -> None:
    """When the account is deleted, so are its tokens."""
    await client.post(ACCOUNTS, json={"metadata": {"name": "short"}})
    await made(client, "short", "short-token")
    await seen(client, SECRETS, "short-token", _filled)
    version = (await client.get(SECRETS)).json()["metadata"]["resourceVersion"]
    await client.delete(f"{ACCOUNTS}/short")
    await seen(client, SECRETS, "short-token", lambda kind, _: kind == "DELETED", since=version)


async def test_account_forgets_a_deleted_secret(client: httpx.AsyncClient) -> None:
    """An account that lists the secret of a token does so no longer when it is deleted."""
    listed = [{"name": "other"}, {"name": "listed-token"}]
    await client.post(ACCOUNTS, json={"metadata": {"name": "listing"}, "secrets": listed})
    await made(client, "listing", "listed-token")
    await seen(client, SECRETS, "listed-token", _filled)
    await client.delete(f"{SECRETS}/listed-token")
    await seen(client, ACCOUNTS, "listing", lambda _, account: account.get("secrets") == [{"name": "other"}])


async def test_secret_of_unknown_account_is_deleted(client: httpx.AsyncClient) -> None:
    """A secret that names an account that is not there does not stay."""
    version = (await client.get(SECRETS)).json()["metadata"]["resourceVersion"]
    await made(client, "nobody", "nobody-token")
    await seen(client, SECRETS, "nobody-token", lambda kind, _: kind == "DELETED", since=version)
