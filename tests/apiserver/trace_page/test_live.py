"""The server of the page: its files, its documents, what follows the arrival of spans, and whom it refuses."""

import re
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.trace_page.live import serving_trace_page
from tests.apiserver.trace_page.spans import request_trace

pytestmark = pytest.mark.anyio
Page = tuple[httpx.AsyncClient, ReceivedSpans]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    spans = ReceivedSpans(1_000)
    async with (
        serving_trace_page(spans, "127.0.0.1:0") as address,
        httpx.AsyncClient(base_url=address.url, trust_env=False) as client,
    ):
        yield client, spans


async def test_every_file_that_the_page_names_is_served(page: Page) -> None:
    """Its modules, its style sheet, and nothing from elsewhere."""
    client, _ = page
    document = (await client.get("/")).text
    names = set(re.findall(r'"(/static/[^"]+)"', document))
    for name in names:
        answer = await client.get(name)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert not re.search(r"https?://", answer.text)
    assert "/static/page.css" in names
    assert len(names) > 5
    assert (await client.get("/static/../documents.py")).status_code == 404


async def test_traces_are_listed_and_read(page: Page) -> None:
    """All summaries, the ids of those with an attribute, and one trace whole."""
    client, spans = page
    for number in (1, 2):
        spans.add(request_trace(number))
    ids = [f"{number:032x}" for number in (1, 2)]
    assert [each["id"] for each in (await client.get("/api/traces")).json()["summaries"]] == ids
    query = {"attribute": "audit-id", "value": "audit-2"}
    assert (await client.get("/api/traces", params=query)).json() == {"ids": ids[1:]}
    assert len((await client.get(f"/api/traces/{ids[0]}")).json()["spans"]) == 4
    assert (await client.get("/api/traces/00")).status_code == 404


async def test_arrivals_are_sent_as_events(page: Page) -> None:
    """A reader gets the summary of each trace that has changed, also when a span arrives late."""
    client, spans = page
    async with client.stream("GET", "/api/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ": open"
        for part, expected in ((slice(1, None), 3), (slice(0, 1), 4)):
            spans.add(request_trace(1)[part])
            event = await _data(lines)
            assert [(each["id"], each["spans"]) for each in orjson.loads(event)] == [(f"{1:032x}", expected)]


async def _data(lines: AsyncIterator[str]) -> str:
    while not (line := await anext(lines)).startswith("data: "):
        pass
    return line.removeprefix("data: ")


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:16686", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("192.0.2.7", 200), ("evil.example", 421)],
)
async def test_names_of_other_sites_are_refused(page: Page, host: str, status: int) -> None:
    """A site that points its own name to this address must not read the traces; an address cannot be pointed elsewhere."""
    client, _ = page
    for path in ("/", "/api/traces", "/api/events?x"):
        if status == 200 and "events" in path:
            continue  # a stream without an end
        assert (await client.get(path, headers={"Host": host})).status_code == status


async def test_streams_end_when_the_server_stops() -> None:
    """At once, without the time that requests in flight have."""
    async with httpx.AsyncClient(trust_env=False) as client:
        serving = serving_trace_page(ReceivedSpans(10), "127.0.0.1:0")
        address = await serving.__aenter__()
        async with client.stream("GET", f"{address.url}/api/events") as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == ": open"
            await serving.__aexit__(None, None, None)
            assert [line async for line in lines if line] == []
