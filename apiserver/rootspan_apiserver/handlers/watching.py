"""watch: events as lines of JSON or messages of protobuf, as they happen, until the time is over, the client goes away or the server stops.

A watch list (`sendInitialEvents`) begins with the state as ADDED events, closed by a bookmark that says so. One task waits for the
client's going away, one for the server's stopping; both end with the watch.
"""

import random
import struct
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace

import anyio
import orjson

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.handlers.reading import json_of
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.handlers.transformations import transform
from rootspan_apiserver.http.negotiation import JSON, PROTOBUF, YAML, Representation, not_acceptable
from rootspan_apiserver.http.query import list_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import representation, to_protobuf, write_error, write_raw
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.list_options import NOT_OLDER_THAN
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import WatchEvent
from rootspan_apiserver.telemetry.tracing import InternalSpan
from rootspan_apiserver.types.normal_form import empty_object
from rootspan_apiserver.types.wire import bytes_field

END_SECONDS = 1.0
"""What a client that reads nothing has to take the end of its watch, before its connection is cut."""
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


async def watch(request: Request, target: Target) -> None:
    try:
        shown = representation(request, transformations=True, protobuf=not target.resource.custom)
    except StatusError as error:
        await write_raw(request, error.code, error.body())
        return
    try:
        if shown.media_type == YAML:
            raise not_acceptable()
        options = _with_initial_events(list_options(request))
        seconds = _seconds(request, options)
        options = replace(options, timeout_seconds=seconds)
        if target.name:
            options = replace(options, field_selector=f"metadata.name={target.name}")
        with ExitStack() as spans:
            is_list = bool(options.send_initial_events and options.allow_watch_bookmarks)
            if is_list:
                spans.enter_context(request.verb_span(operations.WATCH_LIST))
            async with request.parts.store.watch(target.resource, target.namespace, options) as events:
                stream = _Stream(request, target, shown, spans, is_list)
                await stream.run(events, seconds)
    except StatusError as error:
        await write_error(request, error, target.group_version)


def _with_initial_events(options: ListOptions) -> ListOptions:
    """A watch from no resourceVersion in particular begins with the state, as it always has: since v1.34 that is a watch list."""
    if options.send_initial_events is not None or options.resource_version_match:
        return options
    if options.resource_version not in ("", "0"):
        return options
    return replace(options, send_initial_events=True, resource_version_match=NOT_OLDER_THAN)


def _seconds(request: Request, options: ListOptions) -> float:
    """How long the watch lasts: as told, else between once and twice the minimum, so that clients do not all come back at once."""
    if options.timeout_seconds:
        return options.timeout_seconds
    return request.parts.limits.min_request_timeout * (1 + random.random())


class _Stream:
    """The answer of one watch."""

    def __init__(
        self, request: Request, target: Target, shown: Representation, spans: ExitStack, is_list: bool
    ) -> None:
        self._request = request
        self._target = target
        self._shown = shown
        self._spans = spans
        self._columns = True
        self._serving: InternalSpan | None = None
        if is_list:
            self._serving = spans.enter_context(request.parts.tracing.span(operations.WRITE_WATCH, self._facts))

    @property
    def _media_type(self) -> str:
        media_type = self._shown.media_type
        return media_type if media_type == JSON else f"{media_type};stream=watch"

    def _facts(self) -> Facts:
        request = self._request
        return facts(
            method=request.method,
            url=request.path,
            protocol=request.protocol,
            media_type=self._media_type,
            encoder=f'{{"encodeGV":"{self._target.group_version}","encoder":{self._shown.encoder},"name":"versioning"}}',
        )

    async def run(self, events: AsyncIterator[WatchEvent], seconds: float) -> None:
        """Sends events until one of the ends. The client's disconnection cancels nothing but this."""
        await self._start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_on_disconnect, tasks.cancel_scope)
            tasks.start_soon(self._cancel_on_stop, tasks.cancel_scope)
            with anyio.move_on_after(seconds):
                await self._send_all(events)
            tasks.cancel_scope.cancel()
        with anyio.move_on_after(END_SECONDS):
            await self._request.send({"type": "http.response.body", "body": b""})

    async def _start(self) -> None:
        if self._serving is not None:
            self._serving.event(events.WRITE_STARTING)
        headers = [(b"content-type", self._media_type.encode())]
        await self._request.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send(b"")

    async def _send(self, body: bytes, *, more: bool = True) -> None:
        await self._request.send({"type": "http.response.body", "body": body, "more_body": more})

    async def _send_all(self, events: AsyncIterator[WatchEvent]) -> None:
        try:
            async for event in events:
                await self._send(self._encoded(event))
                if event.initial_events_end:
                    self._initial_events_written()
        except StatusError as error:
            await self._send(self._frame("ERROR", orjson.dumps(error.body())))

    def _initial_events_written(self) -> None:
        if self._serving is not None:
            self._serving.event(events.INITIAL_EVENTS_WRITTEN)
            self._serving = None
        self._spans.close()

    def _encoded(self, event: WatchEvent) -> bytes:
        if event.object is not None and not self._shown.transformation:
            return self._frame(event.kind, json_of(self._target, event.object))
        obj = self._bookmark(event) if event.object is None else self._target.decoded(event.object)
        if self._shown.transformation:
            obj = transform(self._request, self._target, obj, self._shown, columns=self._columns)
            self._columns = False
        return self._frame(event.kind, orjson.dumps(obj))

    def _frame(self, kind: str, obj: bytes) -> bytes:
        """A line of JSON, or a `WatchEvent` message after its length."""
        if self._shown.media_type != PROTOBUF:
            return b'{"type":"%b","object":%b}\n' % (kind.encode(), obj)
        raw = bytes_field(1, to_protobuf(orjson.loads(obj)))
        event = bytes_field(1, kind.encode()) + bytes_field(2, raw)
        return struct.pack(">I", len(event)) + event

    def _bookmark(self, event: WatchEvent) -> JSONObject:
        """An object of the kind that is watched, in which nothing is set but its version."""
        metadata: JSONObject = {"resourceVersion": event.resource_version}
        if event.initial_events_end:
            metadata["annotations"] = {_INITIAL_EVENTS_END: "true"}
        kind = self._target.kind
        head = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return head if self._target.resource.custom else head | empty_object(kind) | head

    async def _cancel_on_disconnect(self, scope: anyio.CancelScope) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _cancel_on_stop(self, scope: anyio.CancelScope) -> None:
        await self._request.parts.stopping.wait()
        scope.cancel()
