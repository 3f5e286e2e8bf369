"""The page beside a collector: its files, the traces that are kept, and the changes as server-sent events.

Upstream: HTML Living Standard, "Server-sent events"
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from ipaddress import ip_address
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rootspan.spans import Span
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.serving.http import Address, listen, serving
from rootspan_apiserver.trace_page.assets import MODULES, START, asset, csp_hash, document, import_map, media_type
from rootspan_apiserver.trace_page.documents import has_attribute, summary, trace_document

INTERVAL = 0.25
"""Seconds in which changes are collected before they are sent."""
HEARTBEAT = 15.0
"""Seconds without a change after which something is sent, so that a connection that is lost is noticed."""


@contextlib.asynccontextmanager
async def serving_trace_page(spans: ReceivedSpans, endpoint: str) -> AsyncIterator[Address]:
    """Serve the page of `spans`, which may arrive in other threads, on `endpoint` (host:port) inside the block. Raises BindError."""
    host, _, port = endpoint.rpartition(":")
    host = host.strip("[]")
    page = _Page(spans)
    names = frozenset({"localhost", host, socket.gethostname()})
    async with serving(_OwnNames(page.app(), names), listen(host, int(port)), stopping=page.stop) as address:
        yield address


class _OwnNames:
    """Refuses requests whose `Host` is a name that is not one of `names`.

    Otherwise a page of another site could read the traces, by pointing its own name to this address.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._own(Request(scope).url.hostname or ""):
            await Response("This host is not one of the server's.\n", 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _own(self, host: str) -> bool:
        if host in self._names:
            return True
        try:
            ip_address(host)
        except ValueError:
            return False
        return True


class _Page:
    def __init__(self, spans: ReceivedSpans) -> None:
        self._spans = spans
        self._stopping = asyncio.Event()
        imports = import_map(lambda name: f"/static/{name}")
        self._document = document(style='<link rel="stylesheet" href="/static/page.css">', imports=imports, data="null")
        scripts = f"script-src 'self' {csp_hash(imports)} {csp_hash(START)}"
        self._policy = (
            f"default-src 'self'; {scripts}; style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'"
        )

    def app(self) -> ASGIApp:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/", self._index),
                Route("/static/{name}", self._static),
                Route("/api/traces", self._summaries),
                Route("/api/traces/{id}", self._trace),
                Route("/api/events", self._events),
            ]
        )

    def stop(self) -> None:
        """End the streams of events."""
        self._stopping.set()

    async def _index(self, request: Request) -> Response:
        return Response(self._document, media_type="text/html", headers={"Content-Security-Policy": self._policy})

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in (*MODULES, "page.css"):
            return Response("not found\n", 404)
        return Response(asset(name), headers={"Content-Type": media_type(name), "Cache-Control": "no-cache"})

    async def _summaries(self, request: Request) -> Response:
        key, value = request.query_params.get("attribute"), request.query_params.get("value", "")
        found = self._traces(self._spans.trace_ids())
        if key is None:
            return _json({"summaries": [summary(trace_id, each) for trace_id, each in found]})
        return _json({"ids": [trace_id for trace_id, each in found if has_attribute(each, key, value)]})

    def _traces(self, trace_ids: Iterable[str]) -> Iterator[tuple[str, tuple[Span, ...]]]:
        """Yield those of the traces that are still kept."""
        for trace_id in trace_ids:
            if spans := self._spans.trace(trace_id):
                yield trace_id, spans

    async def _trace(self, request: Request) -> Response:
        trace_id = request.path_params["id"]
        found = self._spans.trace(trace_id)
        return _json(trace_document(trace_id, found)) if found else _json({"error": "the trace is not kept"}, 404)

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(self._changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _changes(self) -> AsyncIterator[bytes]:
        changed: dict[str, None] = {}
        arrived = asyncio.Event()

        def note(received: tuple[Span, ...]) -> None:
            changed.update(dict.fromkeys(span.trace_id for span in received))
            arrived.set()

        with self._spans.subscribed(note):
            yield b": open\n\n"
            while not self._stopping.is_set():
                if not await _first_of(arrived, self._stopping, seconds=HEARTBEAT):
                    yield b": no change\n\n"
                elif not await _first_of(self._stopping, seconds=INTERVAL):
                    arrived.clear()
                    found = [summary(trace_id, each) for trace_id, each in self._traces(changed)]
                    changed.clear()
                    yield b"data: " + orjson.dumps(found) + b"\n\n"


async def _first_of(*events: asyncio.Event, seconds: float) -> bool:
    """Wait until one of `events` is set, for at most this time. Return whether one is."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return any(event.is_set() for event in events)


def _json(content: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(content), status, media_type="application/json", headers=headers)
