"""What a SERVER span says of its request: the stable HTTP semantic conventions, read from an ASGI scope.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span. Everything here was chosen by the caller, so
nothing is trusted to be well-formed, and nothing raises: values are cut, and the method is one of the known ones or `_OTHER`.
"""

from collections.abc import Iterable
from typing import Any

from rootspan.continuation import Scope
from rootspan.redaction import redacted_query, text

KNOWN_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
OTHER_METHOD = "_OTHER"

Attributes = dict[str, str | int]


def method_of(scope: Scope) -> str:
    """The request's method for a span's name: `HTTP` for one that is not known. A websocket opens with GET."""
    method = scope.get("method", "GET")
    return method if method in KNOWN_METHODS else "HTTP"


def request_attributes(scope: Scope, sensitive: Iterable[str]) -> Attributes:
    """The attributes known when a request starts.

    Args:
        scope: The ASGI scope of an HTTP request or a websocket.
        sensitive: Ends of the names of query parameters to redact, as in `rootspan.redaction`.
    """
    method = scope.get("method", "GET")
    attributes: Attributes = {
        "http.request.method": method if method in KNOWN_METHODS else OTHER_METHOD,
        "url.scheme": text(scope.get("scheme") or "http"),
        "url.path": text(_without_query(scope.get("raw_path") or scope.get("path") or "/")),
    }
    if method not in KNOWN_METHODS:
        attributes["http.request.method_original"] = text(str(method))
    if query := scope.get("query_string"):
        attributes["url.query"] = redacted_query(query, sensitive)
    if version := scope.get("http_version"):
        attributes["network.protocol.version"] = text(version)
    if client := scope.get("client"):
        attributes["client.address"] = attributes["network.peer.address"] = text(client[0])
        attributes["network.peer.port"] = client[1]
    host = user_agent = None
    for name, value in scope.get("headers") or ():
        if name == b"host" and host is None:
            host = text(value)
        elif name == b"user-agent" and user_agent is None:
            user_agent = attributes["user_agent.original"] = text(value)
    _add_server(attributes, host, scope.get("server"))
    return attributes


def _without_query(path: bytes | str) -> bytes | str:
    if isinstance(path, bytes):
        return path.partition(b"?")[0]
    return path


def _add_server(attributes: Attributes, host: str | None, server: Any) -> None:
    if host:
        address, _, port = host.rpartition(":")
        if not address or not (port.isascii() and port.isdigit()) or (":" in address and not address.endswith("]")):
            attributes["server.address"] = host
        else:
            attributes["server.address"] = address
            attributes["server.port"] = int(port[:5])
    elif server:
        attributes["server.address"] = text(server[0])
        if server[1] is not None:
            attributes["server.port"] = server[1]
