"""The server span in kube-apiserver's two dialects: that of v1.36 and that of v1.22.

A reader of traces filters by instrumentation scope, name and keys; whoever compares with the real server finds the same ones here. They
are those of Go's otelhttp in the version that kube-apiserver was built with, and what kube-apiserver itself adds to them.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any, ClassVar

from opentelemetry.trace import Span, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.util.types import Attributes

from rootspan import TracingMiddleware
from rootspan.redaction import text
from rootspan_apiserver.kube.request_info import span_name

OTELHTTP = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
OPERATION = "KubernetesAPI"
LONGEST_TARGET = 8192
Scope = Any
SpanAttributes = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the rooms of the server have to know of it.

    Attributes:
        internal: Whether there are spans below the server span for the filters, verbs and stores, and not for calls alone.
        otelhttp: The version of otelhttp.
        bytes_read: What the server span calls the size of the request's body.
        bytes_written: And of the response's.
    """

    internal: bool
    otelhttp: str
    bytes_read: str
    bytes_written: str


V1_36 = Dialect(True, "0.65.0", "http.request.body.size", "http.response.body.size")
V1_22 = Dialect(False, "semver:0.20.0", "http.read_bytes", "http.wrote_bytes")


def dialect(emulated_version: str) -> Dialect:
    """The dialect of a value of `--emulated-version`."""
    return V1_22 if emulated_version == "1.22" else V1_36


class ServerSpans(TracerProvider):
    """The provider for the tracing middleware: whatever scope is asked for, the tracer is that of Go's otelhttp."""

    def __init__(self, provider: TracerProvider, version: str = V1_36.otelhttp) -> None:
        self._provider = provider
        self._version = version

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        return self._provider.get_tracer(OTELHTTP, self._version)


class ServerSpan(TracingMiddleware):
    """The dialect of v1.36: otelhttp 0.65, where the query is no attribute and a refusal no error.

    It ends when the filters have returned, so that none of their spans outlives it.
    """

    ends_with_application: ClassVar[bool] = True

    def request_attributes(self, scope: Scope) -> SpanAttributes:
        attributes = super().request_attributes(scope)
        attributes.pop("url.query", None)
        attributes["url.path"] = text(scope["path"])
        if forwarded := _header(scope, b"x-forwarded-for"):
            attributes["client.address"] = forwarded.partition(",")[0]
        if attributes.get("server.port") == (443 if attributes["url.scheme"] == "https" else 80):
            del attributes["server.port"]
        return attributes

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))


class ServerSpanV122(TracingMiddleware):
    """The dialect of v1.22: otelhttp 0.20, where every request is an operation of one name and every refusal an error."""

    ends_with_application: ClassVar[bool] = True

    def request_attributes(self, scope: Scope) -> SpanAttributes:
        host, user_agent = _header(scope, b"host"), _header(scope, b"user-agent")
        length = _header(scope, b"content-length")
        attributes: SpanAttributes = {"net.transport": "IP.TCP"}
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
        if forwarded := _header(scope, b"x-forwarded-for"):
            attributes["http.client_ip"] = forwarded
        if user_agent:
            attributes["http.user_agent"] = user_agent
        if _is_number(length) and int(length) > 0:
            attributes["http.request_content_length"] = int(length)
        if host:
            attributes["http.host"] = host
        return attributes

    def record_response(self, span: Span, status: int | None, error: BaseException | None) -> None:
        if status is not None:
            span.set_attribute("http.status_code", status)
            if status >= 400:
                span.set_status(Status(StatusCode.ERROR))


def server_span(emulated: Dialect) -> type[TracingMiddleware]:
    """The middleware that makes the server span of a dialect."""
    return ServerSpan if emulated.internal else ServerSpanV122


def server_span_name(emulated: Dialect) -> Any:
    """What names it: method and kind of path since v1.31, one name for all before."""
    return span_name if emulated.internal else lambda scope: OPERATION


def target(scope: Scope) -> str:
    """The request's target as it was sent, path and query, cut to 8 KiB."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path)[:LONGEST_TARGET].decode("latin-1")


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return text(value)
    return ""


def _net_host(host: str) -> SpanAttributes:
    """Host and port as the client names them: an address is an ip, anything else a name."""
    address, colon, port = host.rpartition(":")
    if not colon or not _is_number(port) or (":" in address and not address.startswith("[")):
        address, port = host, ""
    address = address.strip("[]")
    attributes: SpanAttributes = {}
    if address:
        attributes["net.host.ip" if _is_ip(address) else "net.host.name"] = address
    if port:
        attributes["net.host.port"] = int(port)
    return attributes


def _is_number(digits: str) -> bool:
    """Whether it is one that OTLP has room for."""
    return digits.isascii() and digits.isdigit() and len(digits) < 19


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
