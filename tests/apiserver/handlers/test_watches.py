"""Watches over a socket: what comes, when it ends, and that nothing is left behind."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from tests.apiserver.handlers.conftest import Server, serve

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
WATCH_LIST = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

Event = dict[str, Any]


def config_map(name: str) -> Event:
    return {"metadata": {"name": name}}


@asynccontextmanager
async def watching(client: httpx.AsyncClient, query: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of a watch, each awaited for at most 5 s."""
    async with client.stream("GET", f"{MAPS}?{query}", headers=headers) as response:
        assert response.status_code == 200
        lines = response.aiter_lines()

        async def events() -> AsyncGenerator[Event, None]:
            while True:
                try:
                    yield orjson.loads(await asyncio.wait_for(anext(lines), 5))
                except StopAsyncIteration:
                    return

        stream = events()
        yield stream
        await stream.aclose()


def names(events: list[Event]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


async def test_watch_list_sends_state_then_changes(client: httpx.AsyncClient) -> None:
    """A watch without a version begins with what is there, and goes on with what happens."""
    await client.post(MAPS, json=config_map("one"))
    async with watching(client, "watch=True&timeoutSeconds=5") as events:
        seen = [await anext(events)]
        await client.post(MAPS, json=config_map("two"))
        seen.append(await anext(events))
        await client.delete(f"{MAPS}/one")
        seen.append(await anext(events))
    assert names(seen) == [("ADDED", "one"), ("ADDED", "two"), ("DELETED", "one")]
    assert list(seen[0]["object"])[:2] == ["kind", "apiVersion"]


async def test_it_ends_in_time(client: httpx.AsyncClient) -> None:
    """A watch lasts as long as it was asked to, and ends as a complete answer."""
    answer = await client.get(f"{MAPS}?watch=1&timeoutSeconds=1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["transfer-encoding"] == "chunked"


async def test_watch_list(client: httpx.AsyncClient) -> None:
    """The initial state is closed by a bookmark that says so."""
    await client.post(MAPS, json=config_map("one"))
    async with watching(client, f"{WATCH_LIST}&timeoutSeconds=5") as events:
        first, bookmark = await anext(events), await anext(events)
    assert names([first]) == [("ADDED", "one")]
    metadata = bookmark["object"]["metadata"]
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "ConfigMap"
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= int(first["object"]["metadata"]["resourceVersion"])


async def test_bookmark_is_empty_object(client: httpx.AsyncClient) -> None:
    """A bookmark is an object of the kind watched in which nothing is set."""
    answer = await client.get(f"/api/v1/pods?{WATCH_LIST}&timeoutSeconds=1")
    bookmark = orjson.loads(answer.content)["object"]
    assert {key: bookmark[key] for key in ("kind", "spec", "status")} == {
        "kind": "Pod",
        "spec": {"containers": None},
        "status": {},
    }


async def test_watch_of_one_object_sends_its_events_only(client: httpx.AsyncClient) -> None:
    """The old path of a watch with a name watches that object alone."""
    for name in ("one", "two"):
        await client.post(MAPS, json=config_map(name))
    answer = await client.get(f"{MAPS}/two".replace("/v1/", "/v1/watch/") + "?timeoutSeconds=1")
    assert names([orjson.loads(line) for line in answer.content.splitlines()]) == [("ADDED", "two")]


async def test_watch_sends_column_definitions_once(client: httpx.AsyncClient) -> None:
    """A watch of tables defines the columns in its first event only."""
    for name in ("one", "two"):
        await client.post(MAPS, json=config_map(name))
    async with watching(client, "watch=1&timeoutSeconds=5", accept=TABLE) as events:
        first, second = await anext(events), await anext(events)
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["object"]["columnDefinitions"] is None
    assert [event["object"]["rows"][0]["cells"][0] for event in (first, second)] == ["one", "two"]


@pytest.mark.parametrize(
    ("include", "shown"),
    [
        ("Metadata", {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}),
        ("Object", {"kind": "ConfigMap", "apiVersion": "v1"}),
    ],
)
async def test_bookmark_as_a_table_has_the_row_of_an_empty_object(
    client: httpx.AsyncClient, include: str, shown: Event
) -> None:
    """With as many cells as there are columns, and the object in the form that was asked for."""
    await client.post(MAPS, json=config_map("one"))
    async with watching(client, f"{WATCH_LIST}&timeoutSeconds=5&includeObject={include}", accept=TABLE) as events:
        added, bookmark = await anext(events), await anext(events)
    assert (added["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    table = bookmark["object"]
    assert table["columnDefinitions"] is None
    version = table["metadata"]["resourceVersion"]
    metadata = {"resourceVersion": version, "annotations": {"k8s.io/initial-events-end": "true"}}
    assert table["rows"] == [{"cells": ["", 0, "<unknown>"], "object": {**shown, "metadata": metadata}}]


async def test_metadata_alone(client: httpx.AsyncClient) -> None:
    """A watch of PartialObjectMetadata carries nothing but that."""
    await client.post(MAPS, json=config_map("one"))
    accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    async with watching(client, "watch=1&timeoutSeconds=5", accept=accept) as events:
        event = await anext(events)
    assert list(event["object"]) == ["kind", "apiVersion", "metadata"]
    assert event["object"]["kind"] == "PartialObjectMetadata"


async def test_future_version_is_refused(client: httpx.AsyncClient) -> None:
    """A version that is not there yet is refused inside the stream or before it, never waited for without end."""
    answer = await client.get(f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=abc")
    assert answer.status_code == 500
    assert "reason" not in answer.json()


async def test_contradicting_list_options_return_422(client: httpx.AsyncClient) -> None:
    """A watch list that does not say how old its state may be is refused."""
    answer = await client.get(f"{MAPS}?watch=1&sendInitialEvents=true")
    assert answer.status_code == 422
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in answer.json()["message"]


async def test_client_that_goes_away_leaves_nothing(server: Server) -> None:
    """When a client hangs up, its watch ends: no task of the server outlives it."""
    await server.client.post(MAPS, json=config_map("one"))
    before = asyncio.all_tasks()
    async with watching(server.client, "watch=1&timeoutSeconds=600") as events:
        await anext(events)
        made = asyncio.all_tasks() - before
    assert made
    _, left = await asyncio.wait(made, timeout=5)
    assert left == set()


async def test_watches_end_with_the_server() -> None:
    """A server that stops ends its watches as complete answers, well before they would end by themselves."""
    async with serve() as server, watching(server.client, "watch=1&timeoutSeconds=600") as events:
        await server.client.post(MAPS, json=config_map("one"))
        assert names([await anext(events)]) == [("ADDED", "one")]
        server.lifecycle.stopping.set()
        assert [event async for event in events] == []


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_items_of_a_list_of_metadata_say_what_they_are(client: httpx.AsyncClient, version: str) -> None:
    """Unlike the items of other lists: a client that decodes each by itself can."""
    await client.post(MAPS, json={**config_map("one"), "data": {"a": "b"}})
    accept = f"application/json;as=PartialObjectMetadataList;v={version};g=meta.k8s.io"
    answer = await client.get(MAPS, headers={"accept": accept})
    item = answer.json()["items"][0]
    head = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}"}
    assert item == {**head, "metadata": item["metadata"]}
    assert item["metadata"]["name"] == "one"
