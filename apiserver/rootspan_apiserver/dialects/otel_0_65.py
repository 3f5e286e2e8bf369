"""Server and client spans of otelhttp and otelgrpc 0.65, which kube-apiserver v1.36 is built with, and what it adds to server spans.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/traces.go; otelhttp and otelgrpc of opentelemetry-go-contrib
"""

from types import MappingProxyType
from typing import ClassVar

import httpx
from opentelemetry.trace import Span, Status, StatusCode

from rootspan.httpx import AsyncTracingTransport
from rootspan.redaction import text
from rootspan_apiserver.dialects.etcd_rpcs import OTELGRPC, RPCS
from rootspan_apiserver.dialects.http_client import CallError, in_go, recorded_url
from rootspan_apiserver.dialects.server_span import OTELHTTP, Scope, ServerSpan, header, target
from rootspan_apiserver.etcd.tracing import OK, EtcdTracingTransport
from rootspan_apiserver.kube.request_info import request_info

Attributes = dict[str, str | int]


GRPC_CODES = (
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
)
DEFAULT_PORTS = MappingProxyType({"http": 80, "https": 443})


class ServerSpan065(ServerSpan):
    """otelhttp 0.65: the query is no attribute, and a status below 500 no error."""

    scope_name: ClassVar[str] = OTELHTTP
    scope_version: ClassVar[str] = "0.65.0"
    user_agent_key: ClassVar[str] = "user_agent.original"

    @staticmethod
    def span_name(scope: Scope) -> str:
        """Return the method, and for a resource its route with placeholders (since v1.31)."""
        info = request_info(scope)
        method: str = scope["method"]
        if not info.is_resource_request:
            return method
        route = [method + " ", info.api_prefix]
        if info.api_group:
            route.append(info.api_group)
        route.append(info.api_version)
        if info.namespace:
            route.append("namespaces/{:namespace}")
        route.append(info.resource)
        if info.name:
            route.append("{:name}")
        if info.subresource:
            route.append(info.subresource)
        return "/".join(route)

    def request_attributes(self, scope: Scope) -> Attributes:
        attributes = super().request_attributes(scope)
        attributes.pop("url.query", None)
        attributes["url.path"] = text(scope["path"])
        if forwarded := header(scope, b"x-forwarded-for"):
            attributes["client.address"] = forwarded.partition(",")[0]
        if attributes.get("server.port") == DEFAULT_PORTS.get(str(attributes["url.scheme"])):
            attributes.pop("server.port", None)
        return attributes

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))

    @staticmethod
    def describe(span: Span, scope: Scope, audit_id: str) -> None:
        span.set_attribute("http.target", target(scope))
        span.set_attribute("audit-id", audit_id)
        if peer := scope.get("client"):
            span.set_attribute("network.peer.address", peer[0])
            span.set_attribute("network.peer.port", peer[1])

    @staticmethod
    def record_sizes(span: Span, *, read: int, written: int) -> None:
        if written:
            span.set_attribute("http.response.body.size", written)
        if read:
            span.set_attribute("http.request.body.size", read)


class HTTPClientSpans065(AsyncTracingTransport):
    """otelhttp 0.65: the name is `HTTP POST`, and a port is recorded only if it is not the scheme's default."""

    scope_name: ClassVar[str] = OTELHTTP
    scope_version: ClassVar[str] = "0.65.0"

    def span_name(self, request: httpx.Request) -> str:
        return f"HTTP {request.method}"

    def request_attributes(self, request: httpx.Request) -> Attributes:
        attributes: Attributes = {
            "http.request.method": request.method,
            "url.full": recorded_url(request),
            "server.address": request.url.host,
        }
        if request.url.port:
            attributes["server.port"] = request.url.port
        return attributes | {"network.protocol.version": "1.1"}

    def record_response(self, span: Span, response: httpx.Response) -> None:
        span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 400:
            span.set_attribute("error.type", str(response.status_code))
            span.set_status(Status(StatusCode.ERROR))

    def record_error(self, span: Span, error: BaseException) -> None:
        error = in_go(error)
        if isinstance(error, CallError):
            span.set_attribute("error.type", error.go_type)
            span.set_status(Status(StatusCode.ERROR, str(error)))
        else:
            super().record_error(span, error)


class EtcdSpans065(EtcdTracingTransport):
    """otelgrpc 0.65."""

    scope_name: ClassVar[str] = OTELGRPC
    scope_version: ClassVar[str] = "0.65.0"

    def span_name(self, request: httpx.Request) -> str:
        return RPCS[request.url.path]

    def request_attributes(self, request: httpx.Request) -> Attributes:
        url = request.url
        return {
            "rpc.system.name": "grpc",
            "rpc.method": RPCS[url.path],
            "server.address": url.host,
            "server.port": url.port or DEFAULT_PORTS[url.scheme],
        }

    def record_status(self, span: Span, code: int, message: str) -> None:
        span.set_attribute("rpc.response.status_code", GRPC_CODES[code])
        if code != OK:
            span.set_status(Status(StatusCode.ERROR, message))

    def record_sent(self, span: Span, *, number: int, size: int, time: int) -> None:
        span.add_event("message", _message("SENT", number, size), timestamp=time)

    def record_received(self, span: Span, *, number: int, size: int) -> None:
        span.add_event("message", _message("RECEIVED", number, size))


def _message(direction: str, number: int, size: int) -> Attributes:
    return {
        "rpc.message.type": direction,
        "rpc.message.id": number,
        "rpc.message.compressed_size": size,
        "rpc.message.uncompressed_size": size,
    }
