"""The outermost room: what every request is given on its way in and every answer on its way out.

In: its `RequestInfo`, its audit id, its `RequestContext`. Out: the headers all answers carry, the warnings collected, the attributes the
server span has from Kubernetes, the metrics.
"""

import time
import uuid

from opentelemetry import trace

from rootspan_apiserver.dialects.server_span import ServerSpan
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.warnings import warning_headers
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.http.request_context import RequestContext
from rootspan_apiserver.kube.request_info import RequestInfo, request_info
from rootspan_apiserver.telemetry.audit_id import audit_id
from rootspan_apiserver.telemetry.metrics import verb_of

_CACHE_CONTROL = (b"cache-control", b"no-cache, private")
_AUDIT_ID_LIMIT = 64
_KNOWN_VERBS = ("get", "head", "options", "post", "put", "patch", "delete")
_NOT_RESOURCE = {verb: RequestInfo(is_resource_request=False, path="", verb=verb) for verb in _KNOWN_VERBS}
_OTHER = RequestInfo(is_resource_request=False, path="", verb="other")


class _Answer:
    """Sends the answer on, adding its headers and measuring it."""

    __slots__ = ("_context", "_read", "_receive", "_send", "_server_span", "_span", "size", "status")

    def __init__(
        self,
        context: RequestContext,
        server_span: type[ServerSpan],
        receive: Receive,
        send: Send,
        span: trace.Span | None,
    ) -> None:
        self._context = context
        self._server_span = server_span
        self._receive = receive
        self._send = send
        self._span = span
        self._read = 0
        self.status = 0
        self.size = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._headers(message["headers"])
        else:
            self.size += len(message.get("body", b""))
            if self._span is not None and self._span.is_recording() and not message.get("more_body", False):
                self._server_span.record_sizes(self._span, read=self._read, written=self.size)
        await self._send(message)

    def _headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        context = self._context
        added = [(b"audit-id", context.audit_id.encode("latin-1", "replace"))]
        if not any(name == b"cache-control" for name, _ in headers):
            added.append(_CACHE_CONTROL)
        if context.flow_schema_uid:
            added.append((b"x-kubernetes-pf-flowschema-uid", context.flow_schema_uid.encode()))
            added.append((b"x-kubernetes-pf-prioritylevel-uid", context.priority_level_uid.encode()))
        if context.warnings:
            added += [(b"warning", header) for header in warning_headers(context.warnings)]
        return added + headers


class Exchange:
    """See the module."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._metrics = parts.metrics
        self._registry = parts.registry
        self._server_span = parts.dialect.server_span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        info = request_info(scope)
        given, content_type = _headers_read(scope)
        context = RequestContext(info, given or str(uuid.uuid4()))
        context.put(scope)
        span: trace.Span | None = trace.get_current_span()
        if span is not None and span.is_recording():
            self._server_span.describe(span, scope, context.audit_id[:_AUDIT_ID_LIMIT])
        else:
            span = None
        answer = _Answer(context, self._server_span, receive, send, span)
        long_running = is_long_running(info, scope)
        counted = self._counted(info)
        gauge = self._metrics.long_running(counted) if long_running else self._metrics.in_flight(counted)
        token = audit_id.set(context.audit_id[:_AUDIT_ID_LIMIT])
        gauge.inc()
        try:
            await self._app(scope, receive if span is None else answer.receive, answer.send)
        finally:
            gauge.dec()
            audit_id.reset(token)
            dry_run = "All" if b"dryRun" in scope.get("query_string", b"") else ""
            verb = verb_of(counted, content_type)
            seconds = 0.0 if long_running else time.perf_counter() - started
            trace_id = span.get_span_context().trace_id if span is not None else None
            self._metrics.observe(
                counted, verb=verb, dry_run=dry_run, code=answer.status, seconds=seconds, trace_id=trace_id
            )

    def _counted(self, info: RequestInfo) -> RequestInfo:
        """What the metrics are told: nothing that is not served, or callers could make as many series as they like."""
        if info.is_resource_request:
            resource = self._registry.lookup(info.api_group, info.api_version, info.resource)
            if resource is not None and (not info.subresource or info.subresource in resource.subresources):
                return info
        return _OTHER if info.is_resource_request or info.verb not in _KNOWN_VERBS else _NOT_RESOURCE[info.verb]


def _headers_read(scope: Scope) -> tuple[str, str]:
    given = content_type = ""
    for name, value in scope["headers"]:
        if name == b"audit-id":
            given = value.decode("latin-1")
        elif name == b"content-type":
            content_type = value.decode("latin-1")
    return given, content_type
