"""Replay operations against a server, and record its responses and the spans that reach the collector."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import httpx

from rootspan.spans import Span
from rootspan_apiserver.collector.received_spans import ReceivedSpans
from rootspan_apiserver.collector.trees import is_whole
from rootspan_apiserver.conformance.callers import Callers
from rootspan_apiserver.conformance.operation import Caller, Operation
from rootspan_apiserver.conformance.recording import Recorded, RecordedSpan
from rootspan_apiserver.dialects.versions import DIALECTS
from rootspan_apiserver.serving.kubeconfig import Access

KEYS = tuple(chain.from_iterable(dialect.conformance.requests for dialect in DIALECTS.values()))
POLLS, POLL_SECONDS = 100, 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """Waiting times in seconds: for the effect of a write, and for the last spans."""

    settling: float
    arriving: float


class Replay:
    """One run: `record` sends the operations, `finished` returns the recording."""

    def __init__(self, access: Access, spans: ReceivedSpans, pace: Pace) -> None:
        self._access = access
        self._spans = spans
        self._pace = pace
        self._recorded: list[tuple[Recorded, frozenset[str]]] = []
        self._last_list = {"resourceVersion": "", "continue": ""}

    async def record(self, operations: Iterable[Operation]) -> None:
        """Send all operations, one after the other. Raises httpx.HTTPError."""
        async with Callers(self._access) as callers:
            for operation in operations:
                await self._send(callers, operation)

    async def finished(self, flush: Callable[[], Any]) -> list[Recorded]:
        """Wait until the trace of each operation is complete, at most `pace.arriving` seconds, and return the recording.

        Args:
            flush: Makes the server export its spans, if it is our own.
        """

        def arrived(spans: tuple[Span, ...]) -> bool:
            whole = {key for key, trace in _traces(spans).items() if is_whole(trace)}
            return all(keys & whole for _, keys in self._recorded)

        await asyncio.to_thread(flush)
        try:
            await asyncio.wait_for(self._spans.until(arrived), self._pace.arriving)
        except TimeoutError:
            await asyncio.to_thread(flush)
        traces = _traces(self._spans.snapshot())
        return [
            replace(item, trace=next((RecordedSpan.of(traces[key]) for key in keys if key in traces), None))
            for item, keys in self._recorded
        ]

    async def _send(self, callers: Callers, operation: Operation) -> None:
        agent = f"op-{operation.name}"
        headers = {"accept": "application/json", "user-agent": agent} | dict(operation.headers)
        content = await self._content(callers, operation)
        if content is not None:
            headers["content-type"] = operation.content_type
        path = operation.path.format(**self._last_list) if "{" in operation.path else operation.path
        answer = await callers.request(operation.caller, operation.method, path, headers=headers, content=content)
        self._remember(answer)
        if operation.method != "GET" and answer.is_success:
            await callers.request(Caller.ADMIN, "GET", f"{collection_of(path)}?limit=1", headers={})
        if operation.settles:
            await asyncio.sleep(self._pace.settling)
        if operation.awaits:
            await self._await(callers, operation.awaits)
        if not operation.setting:
            recorded = Recorded(
                operation=operation.name,
                method=operation.method,
                path=path,
                status=answer.status_code,
                headers=dict(answer.headers),
                body=answer.text,
            )
            keys = {answer.headers.get("audit-id", ""), agent}
            self._recorded.append((recorded, frozenset(keys - {""})))

    def _remember(self, answer: httpx.Response) -> None:
        if "json" in answer.headers.get("content-type", "") and answer.content.startswith(b'{"kind":"'):
            metadata = answer.json().get("metadata", {}) if b'List",' in answer.content[:80] else {}
            self._last_list |= {key: metadata[key] for key in self._last_list if key in metadata}

    async def _await(self, callers: Callers, path: str) -> None:
        for _ in range(POLLS):
            if (await callers.request(Caller.ADMIN, "GET", path, headers={})).status_code == httpx.codes.OK:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _content(self, callers: Callers, operation: Operation) -> bytes | None:
        if operation.amend is not None:
            stored = await callers.request(Caller.ADMIN, "GET", operation.path, headers={})
            return _json(_merged(stored.raise_for_status().json(), operation.amend))
        body = operation.body
        return body if body is None or isinstance(body, bytes) else _json(body)


def collection_of(path: str) -> str:
    """Return the path of the collection that contains `path`.

    Listing it without a resourceVersion makes the server's cache catch up with the last write.
    """
    segments = path.partition("?")[0].strip("/").split("/")
    version = 2 if segments[0] == "api" else 3
    below = segments[version:]
    namespaced = len(below) > 2 and below[0] == "namespaces" and below[2] not in ("status", "finalize")
    return "/" + "/".join(segments[: version + (3 if namespaced else 1)])


def _traces(spans: tuple[Span, ...]) -> dict[str, list[Span]]:
    """Return the traces by the audit id of any span and by the user agent of the SERVER span."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    found = {}
    for trace in by_trace.values():
        for span in trace:
            for key in KEYS:
                if key in span.attributes and (key == "audit-id" or span.kind == "SERVER"):
                    found[str(span.attributes[key])] = trace
    return found


def _json(obj: object) -> bytes:
    return json.dumps(obj).encode()


def _merged(stored: dict[str, Any], amendment: dict[str, Any]) -> dict[str, Any]:
    merged = dict(stored)
    for key, value in amendment.items():
        merged[key] = _merged(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return merged
