"""watch: events as lines of JSON, messages of protobuf or frames of a WebSocket.

It lasts until the time is over, the client closes its connection or the server stops.

A watch list (`sendInitialEvents`) begins with the state as ADDED events, followed by a bookmark that says so. One task waits for the
client's disconnection, one for the server's stop; both end with the watch.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/watch.go, get.go (ListResource)
"""

import random
import struct
from asyncio import Event, sleep
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace

import anyio
import orjson

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import Facts, facts
from rootspan_apiserver.handlers.call import Call
from rootspan_apiserver.handlers.output import converted, include_object, json_of
from rootspan_apiserver.http.encoding import to_protobuf
from rootspan_apiserver.http.negotiation import STREAMS, not_acceptable
from rootspan_apiserver.http.query import list_options
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.websocket import WebSocket, is_websocket, refusal
from rootspan_apiserver.kube.asgi import Send
from rootspan_apiserver.kube.media_types import JSON, PROTOBUF, YAML
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.list_options import NOT_OLDER_THAN
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.storage import WatchEvent
from rootspan_apiserver.telemetry.step_metrics import WatchMetrics
from rootspan_apiserver.telemetry.tracing import InternalSpan
from rootspan_apiserver.types.normal_form import empty_object
from rootspan_apiserver.types.wire import bytes_field

END_SECONDS = 1.0
"""How long a client that reads nothing may take to receive the end of its watch, before its connection is cut."""
TOGETHER = 16
"""How many events are encoded before the event loop goes on."""
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class WatchVerb:
    """watch, of collections and of single objects.

    Args:
        min_seconds: How long a watch lasts at least whose client names no time-out.
        stopping: Ends all watches when it is set.
    """

    def __init__(self, store: Store, metrics: WatchMetrics, *, min_seconds: float, stopping: Event) -> None:
        self._store = store
        self._metrics = metrics
        self._min_seconds = min_seconds
        self._stopping = stopping

    async def watch(self, call: Call) -> "WatchStream":
        target = call.target
        if call.shown.media_type == YAML:
            raise not_acceptable(STREAMS)
        if call.shown.transformation == "Table":
            include_object(call.request)
        options = _with_initial_events(list_options(call.request))
        # Between once and twice the minimum, so that clients do not all come back at once.
        seconds = options.timeout_seconds or self._min_seconds * (1 + random.random())
        options = replace(options, timeout_seconds=seconds)
        if target.name:
            options = replace(options, field_selector=f"metadata.name={target.name}")
        is_list = bool(options.send_initial_events and options.allow_watch_bookmarks)
        if is_list:
            call.spans.enter_context(call.request.verb_span(operations.WATCH_LIST))
        stack = AsyncExitStack()
        events = await stack.enter_async_context(self._store.watch(target.resource, target.namespace, options))
        events.on_initialized(call.request.watch_initialized)
        return WatchStream(
            call, events, stack, metrics=self._metrics, seconds=seconds, stopping=self._stopping, is_list=is_list
        )


def _with_initial_events(options: ListOptions) -> ListOptions:
    """Since v1.34 a watch without a resourceVersion is a watch list."""
    if options.send_initial_events is not None or options.resource_version_match:
        return options
    if options.resource_version not in ("", "0"):
        return options
    return replace(options, send_initial_events=True, resource_version_match=NOT_OLDER_THAN)


class WatchStream:
    """The answer to one watch: `events` for at most `seconds`; `watching` is left at the end."""

    def __init__(
        self,
        call: Call,
        events: AsyncIterator[WatchEvent],
        watching: AbstractAsyncContextManager[object],
        *,
        metrics: WatchMetrics,
        seconds: float,
        stopping: Event,
        is_list: bool,
    ) -> None:
        self._metrics = metrics
        self._request = call.request
        self._target = call.target
        self._shown = call.shown
        self._spans = call.spans
        self._events = events
        self._watching = watching
        self._seconds = seconds
        self._stopping = stopping
        self._is_list = is_list
        self._columns = True
        self._has_lengths = True
        self._serving: InternalSpan | None = None

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

    async def send(self, request: Request, send: Send) -> None:
        """Send events until one of the ends. The client's disconnection cancels nothing but this."""
        async with self._watching:
            if is_websocket(request.scope):
                if (refused := refusal(request)) is not None:
                    await refused.send(request, send)
                    return
                socket = WebSocket(request, send, binary=self._shown.media_type == PROTOBUF)
                request.receive, send, self._has_lengths = socket.receive, socket.send, False
            if self._is_list:
                span = request.tracing.span(operations.WRITE_WATCH, self._facts)
                self._serving = self._spans.enter_context(span)
                self._serving.event(events.WRITE_STARTING)
            headers = [(b"content-type", self._media_type.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _send_piece(send, b"")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._cancel_on_disconnect, tasks.cancel_scope)
                tasks.start_soon(self._cancel_on_stop, tasks.cancel_scope)
                with anyio.move_on_after(self._seconds):
                    await self._send_all(send)
                tasks.cancel_scope.cancel()
            with anyio.move_on_after(END_SECONDS):
                await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send) -> None:
        sent = 0
        try:
            async for event in self._events:
                try:
                    piece = self._encoded(event)
                except StatusError:
                    return  # what cannot be shown as asked for ends the watch without a word, as in kube-apiserver
                await _send_piece(send, piece)
                kind = self._target.kind
                self._metrics.event(kind.group, kind.version, self._target.resource.plural, len(piece))
                sent += 1
                if not sent % TOGETHER:
                    await sleep(0)
                if event.initial_events_end:
                    self._initial_events_written()
        except StatusError as error:
            await _send_piece(send, self._frame("ERROR", orjson.dumps(error.body())))

    def _initial_events_written(self) -> None:
        if self._serving is not None:
            self._serving.event(events.INITIAL_EVENTS_WRITTEN)
            self._serving = None
        self._spans.close()

    def _encoded(self, event: WatchEvent) -> bytes:
        if event.object is not None and self._shown.converted_to is None:
            return self._frame(event.kind, json_of(self._target, event.object))
        obj = self._bookmark(event) if event.object is None else self._target.decoded(event.object)
        if self._shown.converted_to is not None:
            obj = converted(self._request, self._target, obj, self._shown, columns=self._columns)
            self._columns = False
        return self._frame(event.kind, orjson.dumps(obj))

    def _frame(self, kind: str, obj: bytes) -> bytes:
        """Return a line of JSON, or a `WatchEvent` message, after its length where nothing else delimits it."""
        if self._shown.media_type != PROTOBUF:
            return b'{"type":"%b","object":%b}\n' % (kind.encode(), obj)
        raw = bytes_field(1, to_protobuf(orjson.loads(obj)))
        event = bytes_field(1, kind.encode()) + bytes_field(2, raw)
        return struct.pack(">I", len(event)) + event if self._has_lengths else event

    def _bookmark(self, event: WatchEvent) -> JSONObject:
        """Return an object of the watched kind in which only its version is set."""
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
        await self._stopping.wait()
        scope.cancel()


async def _send_piece(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
