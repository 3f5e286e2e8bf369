"""The audit log: one event a request, at level Metadata, as a line of JSON (audit.k8s.io/v1).

https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/. An event carries the trace id of its request as the annotation
`tracing.rootspan.dev/trace-id`, so that a line of the log leads to the trace.
"""

from collections.abc import Callable
from typing import Any

from opentelemetry import trace

from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.parts import Parts
from rootspan_apiserver.http.request import ASGIApp, Message, Receive, Request, Scope, Send
from rootspan_apiserver.http.request_context import request_context
from rootspan_apiserver.kube.times import now, write_micro_time
from rootspan_apiserver.kube.users import user_info

Event = dict[str, Any]
Sink = Callable[[Event], None]


class Audit:
    """Writes the event of each request to `parts.audit` once its answer is complete."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._parts.tracing.span(operations.AUDIT):
            if self._parts.audit is None:
                await self._app(scope, receive, send)
                return
            await self._recorded(self._parts.audit, scope, receive, send)

    async def _recorded(self, sink: Sink, scope: Scope, receive: Receive, send: Send) -> None:
        received = write_micro_time(now())
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            sink(self._event(Request(self._parts, scope, receive, send), received, status))

    def _event(self, request: Request, received: str, status: int) -> Event:
        context = request_context(request.scope)
        info = context.info
        query = request.scope.get("query_string", b"").decode("latin-1")
        event: Event = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "Metadata",
            "auditID": context.audit_id,
            "stage": "ResponseComplete",
            "requestURI": request.path + (f"?{query}" if query else ""),
            "verb": info.verb,
            "user": user_info(context.impersonated_by or context.user),
            "sourceIPs": [request.client],
            "userAgent": request.user_agent,
            "responseStatus": {"metadata": {}, "code": status},
            "requestReceivedTimestamp": received,
            "stageTimestamp": write_micro_time(now()),
        }
        if context.impersonated_by is not None:
            event["impersonatedUser"] = user_info(context.user)
        if info.is_resource_request:
            reference = {
                "resource": info.resource,
                "namespace": info.namespace,
                "name": info.name,
                "apiGroup": info.api_group,
                "apiVersion": info.api_version,
                "subresource": info.subresource,
            }
            event["objectRef"] = {key: value for key, value in reference.items() if value}
        annotations = dict(context.audit_annotations)
        traced = trace.get_current_span().get_span_context()
        if traced.is_valid:
            annotations["tracing.rootspan.dev/trace-id"] = f"{traced.trace_id:032x}"
        if annotations:
            event["annotations"] = annotations
        return event
