"""Every client can be tested against history that is too old: 410 Expired for its watch, its list and its continue token."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from rootspan_apiserver import Environment

MAPS = "/api/v1/namespaces/default/configmaps"
STORES = ["memory", "disk", "etcd"]


def connected(env: Environment) -> httpx.Client:
    headers = {"Authorization": f"Bearer {env.token}"}
    return httpx.Client(base_url=env.url, verify=False, headers=headers, trust_env=False, timeout=10)


def flags(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> list[str]:
    if store == "disk":
        return [f"--data-dir={tmp_path}"]
    if store == "etcd":
        return [f"--etcd-servers={request.getfixturevalue('real_etcd').url}", f"--etcd-prefix={tmp_path}"]
    return []


def first_event(client: httpx.Client, version: str) -> dict[str, Any]:
    with client.stream("GET", f"{MAPS}?watch=1&timeoutSeconds=5&resourceVersion={version}") as answer:
        event: dict[str, Any] = orjson.loads(next(answer.iter_lines()))
    return event


@pytest.mark.parametrize("store", STORES)
def test_expired_history_returns_410(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> None:
    """With each store; the refusal of a continue token has one that goes on in the present state."""
    with Environment(*flags(request, tmp_path, store)) as env, connected(env) as client:
        for name in ("a", "b"):
            client.post(MAPS, json={"metadata": {"name": name}}).raise_for_status()
        page = client.get(f"{MAPS}?limit=1").json()["metadata"]
        version = page["resourceVersion"]
        env.expire_history()
        event = first_event(client, version)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert event["object"]["message"].startswith(f"too old resource version: {version} (")
        refused = client.get(f"{MAPS}?limit=1&continue={page['continue']}")
        assert (refused.status_code, refused.json()["reason"]) == (410, "Expired")
        rest = client.get(f"{MAPS}?limit=5&continue={refused.json()['metadata']['continue']}").json()
        assert [each["metadata"]["name"] for each in rest["items"]] == ["b", "kube-root-ca.crt"]
        exact = client.get(f"{MAPS}?resourceVersion={version}&resourceVersionMatch=Exact")
        assert (exact.status_code, exact.json()["reason"]) == (410, "Expired")


@pytest.mark.anyio
async def test_history_is_expired_by_a_running_loop() -> None:
    """Inside `async with` it is awaited, and the method that blocks says so."""
    async with Environment() as env:
        headers = {"Authorization": f"Bearer {env.token}"}
        async with httpx.AsyncClient(base_url=env.url, verify=False, headers=headers, trust_env=False) as client:
            page = (await client.get("/api/v1/namespaces?limit=1")).json()["metadata"]
            await env.aexpire_history()
            refused = await client.get(f"/api/v1/namespaces?limit=1&continue={page['continue']}")
        assert refused.status_code == 410
        with pytest.raises(RuntimeError, match="aexpire_history"):
            env.expire_history()


def test_debug_endpoint_expires_history() -> None:
    """For clients in other languages, by POST alone; without its flag there is no such path."""
    with Environment("--debug-expire-history") as env, connected(env) as client:
        version = client.get(MAPS).json()["metadata"]["resourceVersion"]
        assert client.get("/debug/expire-history").status_code == 405
        answer = client.post("/debug/expire-history")
        assert (answer.status_code, answer.text) == (200, "ok")
        assert first_event(client, version)["object"]["code"] == 410
    with Environment() as env, connected(env) as client:
        assert client.post("/debug/expire-history").status_code == 404
