"""What a SERVER span says of its request: the stable HTTP semantic conventions, read from an ASGI scope.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span. All of it was chosen by the caller, so
nothing is trusted to be well-formed, and nothing raises: values are cut, and the method is one that is known or `_OTHER`.
The hosts and user agents seen last are kept as text, since most requests repeat them.
"""

from functools import lru_cache

from rootspan.continuation import Scope
from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.redaction import LONGEST_VALUE, QueryRedaction, text

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
        "url.scheme": _known_text(get("scheme") or "http"),
        "url.path": text(get("path") or "/") if path is None else text(path).partition("?")[0],
    }
    if method not in KNOWN_METHODS:
        attributes["http.request.method"] = OTHER_METHOD
        attributes["http.request.method_original"] = text(str(method))
    if query := get("query_string"):
        attributes["url.query"] = redact(query)
    if http_version := get("http_version"):
        attributes["network.protocol.version"] = _known_text(http_version)
    if client := get("client"):
        attributes["client.address"] = _known_text(client[0])
    host = user_agent = None
    for name, value in get("headers") or ():
        if name == b"host" and host is None:
            host = value
            if user_agent is not None:
                break
        elif name == b"user-agent" and user_agent is None:
            user_agent = value
            if host is not None:
                break
    if user_agent is not None:
        attributes["user_agent.original"] = _known_text(bytes(user_agent[:LONGEST_VALUE]))
    if host:
        address, port = _address_and_port(bytes(host[:LONGEST_VALUE]))
    else:
        address, port = get("server") or ("", None)
        address = text(address)
    if address:
        attributes["server.address"] = address
    if port is not None:
        attributes["server.port"] = port
    return attributes


_known_text = lru_cache(maxsize=256)(text)


@lru_cache(maxsize=256)
def _address_and_port(host: bytes) -> tuple[str, int | None]:
    whole = host.decode("latin-1")
    address, colon, port = whole.rpartition(":")
    if colon and len(port) <= 5 and port.isascii() and port.isdigit() and (":" not in address or address[-1] == "]"):
        return address, int(port)
    return whole, None
