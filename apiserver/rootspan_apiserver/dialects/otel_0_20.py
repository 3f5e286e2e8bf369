"""Server and client spans of otelhttp and otelgrpc 0.20, which kube-apiserver v1.22 is built with.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/traces.go; otelhttp and otelgrpc of opentelemetry-go-contrib
"""

import ipaddress
from typing import ClassVar

import httpx
from opentelemetry.trace import Span, Status, StatusCode

from rootspan.httpx import AsyncTracingTransport
from rootspan_apiserver.dialects.etcd_rpcs import OTELGRPC, RPCS
from rootspan_apiserver.dialects.http_client import CallError, in_go, recorded_url
from rootspan_apiserver.dialects.server_span import OTELHTTP, Scope, ServerSpan, header, target
from rootspan_apiserver.etcd.tracing import OK, EtcdTracingTransport

Attributes = dict[str, str | int]

OPERATION = "KubernetesAPI"
_INT64_DIGITS = 18
"""Any number of so many digits is a 64-bit integer."""


class ServerSpan020(ServerSpan):
    """otelhttp 0.20: all requests have one name, and a status of 400 or more is an error."""

    scope_name: ClassVar[str] = OTELHTTP
    scope_version: ClassVar[str] = "semver:0.20.0"
    user_agent_key: ClassVar[str] = "http.user_agent"

    @staticmethod
    def span_name(scope: Scope) -> str:
        return OPERATION

    def request_attributes(self, scope: Scope) -> Attributes:
        host, user_agent = header(scope, b"host"), header(scope, b"user-agent")
        length = header(scope, b"content-length")
        attributes: Attributes = {"net.transport": "IP.TCP"}
        if peer := scope.get("client"):
            attributes["net.peer.ip"], attributes["net.peer.port"] = peer
        attributes |= _net_host(host)
        attributes |= {
            "http.method": scope["method"],
            "http.target": target(scope),
            "http.server_name": OPERATION,
            "http.scheme": scope["scheme"],
            "http.flavor": scope["http_version"],
        }
        if forwarded := header(scope, b"x-forwarded-for"):
            attributes["http.client_ip"] = forwarded
        if user_agent:
            attributes[self.user_agent_key] = user_agent
        if _is_int64(length) and int(length) > 0:
            attributes["http.request_content_length"] = int(length)
        if host:
            attributes["http.host"] = host
        return attributes

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        if status is not None:
            span.set_attribute("http.status_code", status)
            if status >= 400:
                span.set_status(Status(StatusCode.ERROR))

    @staticmethod
    def describe(span: Span, scope: Scope, audit_id: str) -> None:
        """Record nothing: kube-apiserver adds attributes since v1.29."""

    @staticmethod
    def record_sizes(span: Span, *, read: int, written: int) -> None:
        if written:
            span.set_attribute("http.wrote_bytes", written)
        if read:
            span.set_attribute("http.read_bytes", read)


class HTTPClientSpans020(AsyncTracingTransport):
    """otelhttp 0.20: the name is the bare method, and a failed call is the event of an exception."""

    scope_name: ClassVar[str] = OTELHTTP
    scope_version: ClassVar[str] = "semver:0.20.0"

    def span_name(self, request: httpx.Request) -> str:
        return request.method

    def request_attributes(self, request: httpx.Request) -> Attributes:
        attributes: Attributes = {
            "http.method": request.method,
            "http.url": recorded_url(request),
            "http.scheme": "http",  # of HTTPS too: Go's client has no TLS state at this point
            "http.host": request.headers.get("host", request.url.netloc.decode("ascii")),
            "http.flavor": "1.1",
        }
        if agent := request.headers.get("user-agent"):
            attributes["http.user_agent"] = agent
        if length := int(request.headers.get("content-length", 0)):
            attributes["http.request_content_length"] = length
        return attributes

    def record_response(self, span: Span, response: httpx.Response) -> None:
        span.set_attribute("http.status_code", response.status_code)
        if response.status_code >= 400:
            span.set_status(Status(StatusCode.ERROR))

    def record_error(self, span: Span, error: BaseException) -> None:
        error = in_go(error)
        go_type = error.go_type if isinstance(error, CallError) else type(error).__qualname__
        span.add_event("exception", {"exception.type": go_type, "exception.message": str(error)})


class EtcdSpans020(EtcdTracingTransport):
    """otelgrpc 0.20: service and method are two attributes, and the status code is a number."""

    scope_name: ClassVar[str] = OTELGRPC
    scope_version: ClassVar[str] = "semver:0.20.0"

    def span_name(self, request: httpx.Request) -> str:
        return RPCS[request.url.path]

    def request_attributes(self, request: httpx.Request) -> Attributes:
        service, _, method = RPCS[request.url.path].partition("/")
        return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}

    def record_status(self, span: Span, code: int, message: str) -> None:
        span.set_attribute("rpc.grpc.status_code", code)
        if code != OK:
            span.set_status(Status(StatusCode.ERROR, message))

    def record_sent(self, span: Span, *, number: int, size: int, time: int) -> None:
        span.add_event("message", _message("SENT", number, size), timestamp=time)

    def record_received(self, span: Span, *, number: int, size: int) -> None:
        span.add_event("message", _message("RECEIVED", number, size))


def _message(direction: str, number: int, size: int) -> Attributes:
    return {"message.type": direction, "message.id": number, "message.uncompressed_size": size}


def _net_host(host: str) -> Attributes:
    """Return host and port of a `Host` header: an address is an ip, anything else a name."""
    address, colon, port = host.rpartition(":")
    if not colon or not _is_int64(port) or (":" in address and not address.startswith("[")):
        address, port = host, ""
    address = address.strip("[]")
    attributes: Attributes = {}
    if address:
        attributes["net.host.ip" if _is_ip(address) else "net.host.name"] = address
    if port:
        attributes["net.host.port"] = int(port)
    return attributes


def _is_int64(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= _INT64_DIGITS


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
