"""The flow control of a whole request path."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from rootspan_apiserver.dialects.versions import DEFAULT
from rootspan_apiserver.filters.exchange import Exchange
from rootspan_apiserver.filters.priority_and_fairness import PriorityAndFairness
from rootspan_apiserver.http.limits import Limits
from rootspan_apiserver.kube.asgi import Receive, Scope, Send
from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

ONE_SEAT = Limits(max_requests_in_flight=1, max_mutating_requests_in_flight=0, queue_wait=0.05)


class Slow:
    """An application that answers when it is let."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.release = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.entered.set()
        await self.release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def limited(server: Server, limits: Limits) -> AsyncIterator[tuple[Slow, httpx.AsyncClient]]:
    slow = Slow()
    application = Exchange(
        PriorityAndFairness(slow, server.metrics, limits),
        registry=server.registry,
        tracing=server.tracing,
        metrics=server.metrics,
        body_limit=limits.body,
        dialect=DEFAULT,
    )
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield slow, client


async def test_request_without_seat_in_time_returns_429(server: Server) -> None:
    """While the seats of a level are taken a request waits, and is then refused: 429 with Retry-After, and counted."""
    async with limited(server, ONE_SEAT) as (slow, client):
        first = asyncio.create_task(client.get("/a"))
        await asyncio.wait_for(slow.entered.wait(), 5)
        refused = await client.get("/b")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.text == "Too many requests, please try again later.\n"
        slow.release.set()
        assert (await first).status_code == 200
    page = server.metrics.page("")[0].decode()
    labels = 'flow_schema="global-default",priority_level="global-default"'
    assert f'apiserver_flowcontrol_rejected_requests_total{{{labels},reason="time-out"}} 1\n' in page
    assert f'apiserver_flowcontrol_request_wait_duration_seconds_count{{execute="false",{labels}}} 1\n' in page
    assert f"apiserver_flowcontrol_current_executing_requests{{{labels}}} 0\n" in page


async def test_waiting_request_is_served(server: Server) -> None:
    """A request that waited is served as soon as a seat is free."""
    async with limited(server, replace(ONE_SEAT, queue_wait=5)) as (slow, client):
        first = asyncio.create_task(client.get("/a"))
        await asyncio.wait_for(slow.entered.wait(), 5)
        second = asyncio.create_task(client.get("/b"))
        slow.release.set()
        assert [answer.status_code for answer in await asyncio.gather(first, second)] == [200, 200]


async def test_watch_takes_no_seat(server: Server) -> None:
    """What lasts as long as its client wishes leaves the seats to the others, and so do health probes."""
    async with limited(server, ONE_SEAT) as (slow, client):
        first = asyncio.create_task(client.get("/a"))
        await asyncio.wait_for(slow.entered.wait(), 5)
        others = [asyncio.create_task(client.get(path)) for path in ("/api/v1/pods?watch=1", "/healthz")]
        _, waiting = await asyncio.wait(others, timeout=0.1)
        slow.release.set()
        assert waiting == set(others)
        assert [answer.status_code for answer in await asyncio.gather(first, *others)] == [200, 200, 200]
