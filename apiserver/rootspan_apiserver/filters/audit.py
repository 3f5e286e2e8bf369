"""The audit log: one event a request, at level Metadata (audit.k8s.io/v1).

https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/. An event carries the trace id of its request as the annotation
`tracing.rootspan.dev/trace-id`, so that a line of the log leads to the trace.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go, staging/src/k8s.io/apiserver/pkg/audit/request.go
"""

from collections.abc import Callable
from typing import Any

from opentelemetry import trace

from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.dialects import operations
from rootspan_apiserver.http.request import Request, request_of
from rootspan_apiserver.kube.asgi import ASGIApp, Message, Receive, Scope, Send
from rootspan_apiserver.kube.times import now, write_micro_time
from rootspan_apiserver.kube.users import user_info

Event = dict[str, Any]
Sink = Callable[[Event], None]


class Audit:
    """Gives the event of each request to `sink` once its response is complete.

    Args:
        sink: Takes the events, and must not block; None records nothing.
    """

    def __init__(self, app: ASGIApp, sink: Sink | None) -> None:
        self._app = app
        self._sink = sink

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with request_of(scope).tracing.span(operations.AUDIT):
            if self._sink is None:
                await self._app(scope, receive, send)
                return
            await self._recorded(self._sink, scope, receive, send)

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
            sink(_event(request_of(scope), received, status))


def _event(request: Request, received: str, status: int) -> Event:
    info = request.info
    query = request.scope.get("query_string", b"").decode("latin-1")
    event: Event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": request.audit_id,
        "stage": "ResponseComplete",
        "requestURI": request.path + (f"?{query}" if query else ""),
        "verb": info.verb,
        "user": user_info(request.impersonated_by or request.user),
        "sourceIPs": [request.client],
        "userAgent": request.user_agent,
        "responseStatus": {"metadata": {}, "code": status},
        "requestReceivedTimestamp": received,
        "stageTimestamp": write_micro_time(now()),
    }
    if request.impersonated_by is not None:
        event["impersonatedUser"] = user_info(request.user)
    if request.impersonation_constraint:
        event["authenticationMetadata"] = {"impersonationConstraint": request.impersonation_constraint}
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
    annotations = request.audit_annotations.of(Level.METADATA)
    traced = trace.get_current_span().get_span_context()
    if traced.is_valid:
        annotations["tracing.rootspan.dev/trace-id"] = f"{traced.trace_id:032x}"
    if annotations:
        event["annotations"] = annotations
    return event
