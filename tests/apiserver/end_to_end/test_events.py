"""Events over the API: without a watch cache, and kept as long as a flag says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from rootspan.testing import tree
from rootspan_apiserver import Environment

pytestmark = pytest.mark.anyio

EVENTS = "/api/v1/namespaces/default/events"


def event(name: str) -> dict[str, Any]:
    involved = {"kind": "Pod", "name": "p", "namespace": "default"}
    return {"metadata": {"name": name}, "involvedObject": involved, "reason": "Tested", "message": "m"}


@asynccontextmanager
async def connected(env: Environment) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {env.token}"}
    async with httpx.AsyncClient(base_url=env.url, headers=headers, verify=False, trust_env=False) as client:
        yield client


async def test_event_is_deleted_after_its_time() -> None:
    """A watch in the other group sees it come and go."""
    async with Environment("--event-ttl=1s") as env, connected(env) as client, asyncio.timeout(20):
        watch = "/apis/events.k8s.io/v1/namespaces/default/events?watch=1"
        async with client.stream("GET", watch) as answer:
            (await client.post(EVENTS, json=event("e1"))).raise_for_status()
            lines = answer.aiter_lines()
            seen = [orjson.loads(await anext(lines)) for _ in range(2)]
        assert [(each["type"], each["object"]["metadata"]["name"]) for each in seen] == [
            ("ADDED", "e1"),
            ("DELETED", "e1"),
        ]
        assert seen[0]["object"]["regarding"]["name"] == "p"


async def test_spans_of_event_lists_are_those_of_etcd() -> None:
    """A list is one Range; a create grants a lease, which the next one shares."""
    async with Environment() as env, connected(env) as client:
        (await client.post(EVENTS, json=event("e1"))).raise_for_status()
        (await client.post(EVENTS, json=event("e2"))).raise_for_status()
        env.clear_spans()
        (await client.post(EVENTS, json=event("e3"))).raise_for_status()
        assert (await client.get(EVENTS)).json()["kind"] == "EventList"
        await client.get("/version")  # on the same connection, so that the spans of the list have ended
        names = [line.strip("│├└─ ").split(" INTERNAL")[0].split(" CLIENT")[0] for line in tree(env.spans).splitlines()]
        assert "List(recursive=true) etcd3" in names
        assert not [name for name in names if "acher" in name or "Lease" in name]


async def test_namespace_with_events_ends() -> None:
    """Its events are deleted with it."""
    async with Environment() as env, connected(env) as client, asyncio.timeout(20):
        (await client.post("/api/v1/namespaces", json={"metadata": {"name": "team"}})).raise_for_status()
        in_team = event("e1") | {"involvedObject": {"kind": "Pod", "name": "p", "namespace": "team"}}
        (await client.post("/api/v1/namespaces/team/events", json=in_team)).raise_for_status()
        watch = "/api/v1/namespaces?watch=1&fieldSelector=metadata.name=team"
        async with client.stream("GET", watch) as answer:
            (await client.delete("/api/v1/namespaces/team")).raise_for_status()
            async for line in answer.aiter_lines():
                if orjson.loads(line)["type"] == "DELETED":
                    break
        assert (await client.get("/api/v1/events")).json()["items"] == []
