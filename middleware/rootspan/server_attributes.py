"""What a SERVER span says of its request: the stable HTTP semantic conventions, read from an ASGI scope.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span. All of it was chosen by the caller, so
nothing is trusted to be well-formed, and nothing raises: values are cut, and the method is one that is known or `_OTHER`.
"""

from typing import Any

from rootspan.continuation import Scope
from rootspan.redaction import LONGEST_VALUE, QueryRedaction, text

KNOWN_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
OTHER_METHOD = "_OTHER"

Attributes = dict[str, str | int]


def method_of(scope: Scope) -> str:
    """The request's method for a span's name: `HTTP` for one that is not known. A websocket opens with GET."""
    method = scope.get("method", "GET")
    return method if method in KNOWN_METHODS else "HTTP"


def request_attributes(scope: Scope, redact: QueryRedaction) -> Attributes:
    """The attributes known when an HTTP request or a websocket starts."""
    get = scope.get
    method = get("method", "GET")
    path = get("raw_path")
    attributes: Attributes = {
        "http.request.method": method,
        "url.scheme": get("scheme") or "http",
        "url.path": text(get("path") or "/")
        if path is None
        else path[:LONGEST_VALUE].partition(b"?")[0].decode("latin-1"),
    }
    if method not in KNOWN_METHODS:
        attributes["http.request.method"] = OTHER_METHOD
        attributes["http.request.method_original"] = text(str(method))
    if query := get("query_string"):
        attributes["url.query"] = redact(query)
    if http_version := get("http_version"):
        attributes["network.protocol.version"] = http_version
    if client := get("client"):
        attributes["client.address"] = text(client[0])
    host = user_agent = None
    for name, value in get("headers") or ():
        if name == b"host" and host is None:
            host = value[:LONGEST_VALUE].decode("latin-1")
        elif name == b"user-agent" and user_agent is None:
            attributes["user_agent.original"] = user_agent = value[:LONGEST_VALUE].decode("latin-1")
    if host:
        _add_host(attributes, host)
    elif server := get("server"):
        _add_server(attributes, server)
    return attributes


def _add_host(attributes: Attributes, host: str) -> None:
    address, colon, port = host.rpartition(":")
    if colon and len(port) <= 5 and port.isascii() and port.isdigit() and (":" not in address or address[-1] == "]"):
        attributes["server.address"] = address
        attributes["server.port"] = int(port)
    else:
        attributes["server.address"] = host


def _add_server(attributes: Attributes, server: Any) -> None:
    attributes["server.address"] = text(server[0])
    if server[1] is not None:
        attributes["server.port"] = server[1]
