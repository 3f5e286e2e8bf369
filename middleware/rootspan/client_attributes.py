"""What a CLIENT span says of its request: the stable HTTP semantic conventions, read from an httpx-like request.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span. The host is recorded as it goes over the wire (in
punycode, an IPv6 address without brackets); credentials and the values of sensitive query parameters are not recorded.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from rootspan.methods import KNOWN_METHODS, OTHER_METHOD
from rootspan.redaction import REDACTED, QueryRedaction, text
from rootspan.server_attributes import Attributes

RESENDS = "rootspan.resends"
"""The extension of a request that holds its `Resends`."""

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class URL(Protocol):
    """The part of `httpx.URL` that is used here."""

    @property
    def scheme(self) -> str: ...
    @property
    def userinfo(self) -> bytes: ...
    @property
    def raw_host(self) -> bytes: ...
    @property
    def port(self) -> int | None: ...
    def copy_with(self, **kwargs: Any) -> "URL": ...


class Headers(Protocol):
    """The part of `httpx.Headers` that is used here."""

    @property
    def raw(self) -> list[tuple[bytes, bytes]]: ...
    def __getitem__(self, key: str) -> str: ...
    def __setitem__(self, key: str, value: str) -> None: ...
    def __delitem__(self, key: str) -> None: ...


class Request(Protocol):
    """The part of `httpx.Request` that is used here."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> URL: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def extensions(self) -> Mapping[str, Any]: ...


class Resends:
    """Counts how often the request of one call was sent: by redirects, by authentication, by whatever sends it again.

    The extensions of a request are passed on to what is sent in its place, and their values are shared.
    """

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = 0


def method_of(request: Request) -> str:
    """Return the request's method as attributes have it: `_OTHER` for one that is not known."""
    return request.method if request.method in KNOWN_METHODS else OTHER_METHOD


def server_attributes(url: URL) -> Attributes:
    """Return whom a request is sent to: `server.address` and `server.port`, as far as the URL tells them."""
    attributes: Attributes = {}
    if host := url.raw_host:
        attributes["server.address"] = text(host)
    port = url.port
    if port is None:
        port = _PORTS.get(url.scheme)
    if port is not None:
        attributes["server.port"] = port
    return attributes


def request_attributes(request: Request, redact: QueryRedaction) -> Attributes:
    """Return the attributes that are known before a request is sent."""
    method = request.method
    url = request.url
    attributes = server_attributes(url)
    attributes["url.full"] = _recorded_url(url, redact)
    if method in KNOWN_METHODS:
        attributes["http.request.method"] = method
    else:
        attributes["http.request.method"] = OTHER_METHOD
        attributes["http.request.method_original"] = text(method)
    resends = request.extensions.get(RESENDS)
    if isinstance(resends, Resends) and resends.sent > 1:
        attributes["http.request.resend_count"] = resends.sent - 1
    return attributes


def _recorded_url(url: URL, redact: QueryRedaction) -> str:
    full = str(url)
    if "@" in full and url.userinfo:
        full = str(url.copy_with(username=REDACTED, password=REDACTED))
    full, _, _ = full.partition("#")
    before, question_mark, query = full.partition("?")
    return text(before + question_mark + redact(query) if query else full)
