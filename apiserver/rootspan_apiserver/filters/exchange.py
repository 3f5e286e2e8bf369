"""The outermost filter: headers that every response has, and the record of the request.

In: its `RequestInfo`, its audit id, the `Request`. Out: the headers that all responses carry, the warnings collected, the attributes that
Kubernetes adds to the server span, the metrics.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_received_time.go, cachecontrol.go,
staging/src/k8s.io/apiserver/pkg/server/filters/hsts.go
"""

import time
import uuid

from opentelemetry import trace

from rootspan_apiserver.dialects.dialect import Dialect
from rootspan_apiserver.dialects.server_span import ServerSpan
from rootspan_apiserver.filters.long_running import is_long_running
from rootspan_apiserver.filters.warnings import warning_headers
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.asgi import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.kube.request_info import RequestInfo, request_info
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.telemetry.audit_id import audit_id
from rootspan_apiserver.telemetry.metrics import Metrics, verb_of
from rootspan_apiserver.telemetry.tracing import Tracing

_CACHE_CONTROL = (b"cache-control", b"no-cache, private")
_AUDIT_ID_LIMIT = 64
_KNOWN_VERBS = ("get", "head", "options", "post", "put", "patch", "delete")
_NOT_RESOURCE = {verb: RequestInfo(is_resource_request=False, path="", verb=verb) for verb in _KNOWN_VERBS}
_OTHER = RequestInfo(is_resource_request=False, path="", verb="other")


class _Sending:
    """Sends the response on, with the headers it lacks, and counts its bytes.

    Attributes:
        status: The status sent, 0 before that.
        read: The bytes of the request's body that were read.
        size: The bytes of the response's body that were sent.
    """

    __slots__ = ("_request", "_send", "_server_span", "_span", "read", "size", "status")

    def __init__(self, request: Request, server_span: type[ServerSpan], send: Send, span: trace.Span | None) -> None:
        self._request = request
        self._server_span = server_span
        self._send = send
        self._span = span
        self.size = 0
        self.read = 0
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = _with_common_headers(self._request, message["headers"])
        else:
            self.size += len(message.get("body", b""))
            if self._span is not None and self._span.is_recording() and not message.get("more_body", False):
                self._server_span.record_sizes(self._span, read=self.read, written=self.size)
        await self._send(message)

    def counting(self, receive: Receive) -> Receive:
        """Return a `receive` that counts the bytes it reads."""

        async def counted() -> Message:
            message = await receive()
            self.read += len(message.get("body", b""))
            return message

        return counted


def _with_common_headers(request: Request, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    added = [(b"audit-id", request.audit_id.encode("latin-1", "replace"))]
    if not any(name == b"cache-control" for name, _ in headers):
        added.append(_CACHE_CONTROL)
    if request.flow_schema_uid is not None:
        added.append((b"x-kubernetes-pf-flowschema-uid", request.flow_schema_uid.encode()))
        added.append((b"x-kubernetes-pf-prioritylevel-uid", request.priority_level_uid.encode()))
    if request.warnings:
        added += [(b"warning", header) for header in warning_headers(request.warnings)]
    return added + headers


class Exchange:
    """Makes the `Request`, and passes on what is not HTTP."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        registry: Registry,
        tracing: Tracing,
        metrics: Metrics,
        body_limit: int,
        dialect: Dialect,
    ) -> None:
        self._app = app
        self._registry = registry
        self._tracing = tracing
        self._metrics = metrics
        self._body_limit = body_limit
        self._server_span = dialect.server_span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        info = request_info(scope)
        given, content_type = _headers_read(scope)
        request = Request(
            scope=scope,
            receive=receive,
            info=info,
            audit_id=given or str(uuid.uuid4()),
            tracing=self._tracing,
            body_limit=self._body_limit,
        )
        span: trace.Span | None = trace.get_current_span()
        if span is not None and span.is_recording():
            self._server_span.describe(span, scope, request.audit_id[:_AUDIT_ID_LIMIT])
        else:
            span = None
        sending = _Sending(request, self._server_span, send, span)
        if span is not None:
            request.receive = sending.counting(receive)
        long_running = is_long_running(info, scope)
        counted = self._counted(info)
        gauge = self._metrics.long_running(counted) if long_running else None
        token = audit_id.set(request.audit_id[:_AUDIT_ID_LIMIT])
        if gauge is not None:
            gauge.inc()
        try:
            await self._app(scope, request.receive, sending)
        finally:
            if gauge is not None:
                gauge.dec()
            if request.body_size is not None and counted.is_resource_request:
                self._metrics.bodies.observe(counted, request.body_size, request.parameter("fieldValidation") or "")
            audit_id.reset(token)
            dry_run = "All" if b"dryRun" in scope.get("query_string", b"") else ""
            verb = verb_of(counted, content_type)
            seconds = 0.0 if long_running else time.perf_counter() - started
            trace_id = span.get_span_context().trace_id if span is not None else None
            self._metrics.observe(
                counted,
                verb=verb,
                dry_run=dry_run,
                code=sending.status,
                seconds=seconds,
                waited=0.0 if long_running else request.waited,
                size=sending.size,
                trace_id=trace_id,
            )

    def _counted(self, info: RequestInfo) -> RequestInfo:
        """Return what the metrics count: only what is served, or callers could make as many series as they like."""
        if info.is_resource_request:
            resource = self._registry.lookup(info.api_group, info.api_version, info.resource)
            if resource is not None and (not info.subresource or info.subresource in resource.subresources):
                if resource.deprecation:
                    self._metrics.deprecated(info)
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
