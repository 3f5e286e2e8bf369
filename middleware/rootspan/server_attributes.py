"""What a SERVER span says of its request: the stable HTTP semantic conventions, read from an ASGI scope.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span. All of it was chosen by the caller, and servers leave
parts out or spell them in their own way, so nothing is trusted to be well-formed, and nothing raises: values are cut, a
method is a known one or `_OTHER`, and a part of an unexpected type is left out. The texts seen last are kept, since most
requests repeat them.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rootspan.continuation import Scope
from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.redaction import LONGEST_VALUE, QueryRedaction, text

Attributes = dict[str, str | int]
"""Attributes of a span as the overridable methods return them."""

_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_VERSIONS = {"1": "1.0", "2.0": "2", "3.0": "3"}
_HIGHEST_PORT = 65535


def method_of(scope: Scope) -> str:
    """Return the request's method for a span's name: `HTTP` for one that is not known. A websocket opens with GET.

    The string is always a new one: a span that still has this very name was not renamed by the application.
    """
    method = scope.get("method", "GET")
    name = method if method in KNOWN_METHODS else "HTTP"
    return f"{name} "[:-1]


def scheme_of(scope: Scope) -> str:
    """Return the URL's scheme; without one, ASGI's default for the type of the connection."""
    scheme = scope.get("scheme")
    if isinstance(scheme, str) and scheme:
        return _known_text(scheme)
    return "ws" if scope.get("type") == "websocket" else "http"


def http_version_of(scope: Scope) -> str:
    """Return the version of HTTP as the conventions write it: 1.0, 1.1, 2, 3. ASGI's default is 1.1."""
    version = scope.get("http_version")
    if not isinstance(version, str) or not version:
        return "1.1"
    return _VERSIONS.get(version) or _known_text(version)


def request_attributes(scope: Scope, redact: QueryRedaction) -> Attributes:
    """Return the attributes known when an HTTP request or a websocket starts."""
    get = scope.get  # what follows takes the usual values by the shortest way, and all others by a function
    method = get("method", "GET")
    path = get("raw_path") or get("path") or "/"
    whole = text(path.partition(b"?")[0] if type(path) is bytes else path)
    version = get("http_version")
    attributes: Attributes = {
        "http.request.method": method,
        "url.scheme": scheme if (scheme := get("scheme")) in _SCHEMES else scheme_of(scope),
        "url.path": whole if whole[:1] == "/" else _path(whole),
        "network.protocol.version": version if version == "1.1" else http_version_of(scope),
    }
    if method not in KNOWN_METHODS:
        attributes["http.request.method"] = OTHER_METHOD
        attributes["http.request.method_original"] = text(str(method))
    if query := get("query_string"):
        attributes["url.query"] = redact(query)
    client = get("client")
    if isinstance(client, (tuple, list)) and client and type(address := client[0]) is str and address:
        attributes["client.address"] = _known_text(address)
    try:
        host, user_agent = _host_and_user_agent(get("headers") or ())
    except (TypeError, ValueError):  # what no server sends
        host = user_agent = None
    if user_agent is not None:
        attributes["user_agent.original"] = _known_text(user_agent)
    address, port = _address_and_port(host) if host else _endpoint(get("server"))
    if address:
        attributes["server.address"] = address
        if port is not None:
            attributes["server.port"] = port
    return attributes


def _host_and_user_agent(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes | None, bytes | None]:
    host = user_agent = None
    for name, value in headers:
        if name == b"host" and host is None:
            host = bytes(value[:LONGEST_VALUE])
            if user_agent is not None:
                break
        elif name == b"user-agent" and user_agent is None:
            user_agent = bytes(value[: LONGEST_VALUE + 1])
            if host is not None:
                break
    return host, user_agent


_known_text = lru_cache(maxsize=256)(text)


def _path(target: str) -> str:
    """The path alone, of a request target that is a whole URL (it may have credentials) or `*`."""
    _, is_url, rest = target.partition("://")
    if not is_url:
        return target
    _, slash, path = rest.partition("/")
    return slash + path or "/"


@lru_cache(maxsize=256)
def _address_and_port(host: bytes) -> tuple[str, int | None]:
    whole = text(host)
    address, colon, port = whole.rpartition(":")
    if colon and len(port) <= 5 and port.isascii() and port.isdigit() and (":" not in address or address[-1] == "]"):
        return _without_brackets(address), int(port)
    return _without_brackets(whole), None


def _without_brackets(address: str) -> str:
    return address[1:-1] if address[:1] == "[" and address[-1] == "]" else address


def _endpoint(pair: Any) -> tuple[str, int | None]:
    """The address and the port of `client` or `server` in a scope; the address of a unix socket is its path."""
    try:
        address, port = pair
    except (TypeError, ValueError):
        return "", None
    if not isinstance(address, str):
        return "", None
    if isinstance(port, str) and port.isascii() and port.isdigit():
        port = int(port)
    is_port = isinstance(port, int) and 0 <= port <= _HIGHEST_PORT
    return _known_text(address), port if is_port else None
