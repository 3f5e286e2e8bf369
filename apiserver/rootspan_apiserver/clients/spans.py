"""The client spans of the calls kube-apiserver makes over HTTP: to webhooks and to itself.

They are those of Go's otelhttp transport, in the version that kube-apiserver v1.36 is built with: the name is `HTTP POST`, a port is
told only where it is not the scheme's own, and a call that got no answer is described in Go's words. Those of v1.22 are here too.
"""

from typing import ClassVar

import httpx
from opentelemetry.trace import Span, Status, StatusCode

from rootspan.httpx import AsyncTracingTransport

AttributeValues = dict[str, str | int]


class CallError(httpx.TransportError):
    """A call that got no answer. The message is what Go's net/http says of it, `go_type` the Go type of that error."""

    def __init__(self, message: str, go_type: str = "*errors.errorString") -> None:
        super().__init__(message)
        self.go_type = go_type


class HTTPClientSpans(AsyncTracingTransport):
    """`rootspan.httpx.AsyncTracingTransport` in the dialect of otelhttp 0.65.

    Go keeps a URL as it was written, httpx does not (a port 443 is dropped): the extension `url` has the text to record instead.
    """

    scope_name: ClassVar[str] = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
    scope_version: ClassVar[str] = "0.65.0"

    def span_name(self, request: httpx.Request) -> str:
        return f"HTTP {request.method}"

    def request_attributes(self, request: httpx.Request) -> AttributeValues:
        url = request.url
        attributes: AttributeValues = {
            "http.request.method": request.method,
            "url.full": request.extensions.get("url") or str(url),
            "server.address": url.host,
        }
        if url.port:
            attributes["server.port"] = url.port
        return attributes | {"network.protocol.version": "1.1"}

    def record_response(self, span: Span, response: httpx.Response) -> None:
        span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= 400:
            span.set_attribute("error.type", str(response.status_code))
            span.set_status(Status(StatusCode.ERROR))

    def record_error(self, span: Span, error: BaseException) -> None:
        error = _told(error)
        if isinstance(error, CallError):
            span.set_attribute("error.type", error.go_type)
            span.set_status(Status(StatusCode.ERROR, str(error)))
        else:
            super().record_error(span, error)


class HTTPClientSpansV122(HTTPClientSpans):
    """In the dialect of v1.22, otelhttp 0.20: named after the bare method, and of an error nothing but the event of an exception."""

    scope_version: ClassVar[str] = "semver:0.20.0"

    def span_name(self, request: httpx.Request) -> str:
        return request.method

    def request_attributes(self, request: httpx.Request) -> AttributeValues:
        attributes: AttributeValues = {
            "http.method": request.method,
            "http.url": request.extensions.get("url") or str(request.url),
            "http.scheme": "http",
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
        error = _told(error)
        go_type = error.go_type if isinstance(error, CallError) else type(error).__qualname__
        span.add_event("exception", {"exception.type": go_type, "exception.message": str(error)})


def _told(error: BaseException) -> BaseException:
    """Return what Go calls the error of a call; a call that was given up fails with `context.Canceled` there."""
    return error if isinstance(error, Exception) else CallError("context canceled")
