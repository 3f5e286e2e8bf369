"""URLs as Go reads and writes them, with its words for those that are none.

Upstream: Go's src/net/url/url.go (1.26) and src/path/path.go.
"""

import posixpath
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote_from_bytes, unquote_to_bytes

from rootspan_apiserver.kube.go_quote import quote

_PATH = "$&+,/:;=@"
"""What stands in a path as it is, besides letters, digits and `-_.~`."""
_USER = "$&+,;="
_IN_HOST = re.compile(r"[A-Za-z0-9!$&'()*+,;=:\[\]<>\"\-_.~%]|[^\x00-\x7f]")
_IN_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PORT = re.compile(r":[0-9]*\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_ESCAPE_IN_HOST = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?!25)[0-7]")


class URLError(ValueError):
    """The text is no URL; the message is Go's."""


@dataclass(frozen=True, slots=True)
class URL:
    """`host` may have a port; `path` and `fragment` are unescaped, `user` ("name" or "name:password") and `query` are not.

    Bytes that are no UTF-8 are kept as `surrogateescape` decodes them.
    """

    scheme: str = ""
    host: str = ""
    path: str = ""
    user: str | None = None
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        name = _PORT.sub("", self.host)
        return name[1:-1] if name.startswith("[") else name

    @property
    def port(self) -> str:
        """The port without its colon, "" if there is none."""
        found = _PORT.search(self.host)
        return found[0][1:] if found else ""


def parse(text: str) -> URL:
    """
    Raises:
        URLError: `parse "https://a b": invalid character " " in host name` and the like.
    """
    whole, _, fragment = text.partition("#")
    try:
        parts = _parse(whole)
    except URLError as exc:
        raise URLError(f"parse {quote(whole)}: {exc}") from None
    try:
        return URL(*parts, _unescape(fragment))
    except URLError as exc:
        raise URLError(f"parse {quote(text)}: {exc}") from None


def check_request_uri(text: str) -> None:
    """
    Raises:
        URLError: `text` cannot stand in a request: it is neither an absolute URI nor a path from the root (Go's `ParseRequestURI`).
    """
    try:
        if not text:
            raise URLError("empty url")
        if not _parse(text)[0] and text != "*" and not text.startswith("/"):
            raise URLError("invalid URI for request")
    except URLError as exc:
        raise URLError(f"parse {quote(text)}: {exc}") from None


def is_request_uri(text: str) -> bool:
    """Return whether `text` can stand in a request."""
    try:
        check_request_uri(text)
    except URLError:
        return False
    return True


def is_escaped_well(text: str) -> bool:
    """Return whether each `%` of a text has two hexadecimal digits after it."""
    return not _BAD_ESCAPE.search(text)


def escape_path(path: str) -> str:
    """A path as it is sent: what is not allowed in one as `%XX`, `/` as it is."""
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"), safe=_PATH + "~")


def clean_path(path: str) -> str:
    """Return the path from the root without `.`, `..`, empty segments and a slash at its end (Go's `path.Join("/", path)`)."""
    return posixpath.normpath(f"///{path}")


def _parse(text: str) -> tuple[str, str, str, str | None, str]:
    if _CONTROL.search(text):
        raise URLError("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise URLError("missing protocol scheme")
    if text == "*":
        return "", "", "*", None, ""
    found = _SCHEME.match(text)
    scheme = found[0][:-1].lower() if found else ""
    rest, _, query = text[found.end() if found else 0 :].partition("?")
    if not rest.startswith("/"):
        if scheme:
            return scheme, "", "", None, query
        if ":" in rest.partition("/")[0]:
            raise URLError("first path segment in URL cannot contain colon")
    host, user = "", None
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        name, at, host = authority.rpartition("@")
        host = _host(host, strict=scheme in ("http", "https"))
        user = _user(name) if at else None
    return scheme, host, _unescape(rest), user, query


def _user(text: str) -> str:
    if not _IN_USER.fullmatch(text):
        raise URLError("net/url: invalid userinfo")
    parts = [_unescape(part) for part in text.split(":", 1)]
    return ":".join(quote_from_bytes(part.encode("utf-8", "surrogateescape"), safe=_USER + "~") for part in parts)


def _host(text: str, *, strict: bool) -> str:
    """`strict` begins the port at the first colon, as Go does for http, and not at the last one."""
    bracket = text.rfind("[")
    if bracket > 0:
        raise URLError("invalid IP-literal")
    if bracket < 0:
        colon = text.find(":") if strict else text.rfind(":")
        _check_port(text[colon:] if colon >= 0 else "")
        return _unescape_host(text)
    end = text.rfind("]")
    if end < 0:
        raise URLError("missing ']' in host")
    _check_port(text[end + 1 :])
    address, percent, zone = text[1:end].partition("%25")
    address = _unescape_host(address) + (f"%{_unescape(zone)}" if percent else "")
    _check_address(address)
    return f"[{address}]{text[end + 1 :]}"


def _check_port(text: str) -> None:
    if text and not _PORT.match(text):
        raise URLError(f"invalid port {quote(text)} after host")


def _check_address(text: str) -> None:
    try:
        IPv6Address(text)
    except AddressValueError:
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text):
            raise URLError("invalid IP-literal") from None
        raise URLError(f"invalid host: ParseAddr({quote(text)}): unable to parse IP") from None


def _unescape_host(text: str) -> str:
    position = 0
    while position < len(text):
        if text[position] == "%":
            if _BAD_ESCAPE_IN_HOST.match(text, position):
                raise _bad_escape(text[position:])
            position += 3
        elif not _IN_HOST.match(text, position):
            raise URLError(f"invalid character {quote(text[position])} in host name")
        else:
            position += 1
    return _unescape(text)


def _unescape(text: str) -> str:
    if bad := _BAD_ESCAPE.search(text):
        raise _bad_escape(text[bad.start() :])
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")


def _bad_escape(text: str) -> URLError:
    """Go shows three bytes, wherever that cuts a character."""
    shown = text.encode("utf-8", "surrogateescape")[:3].decode("utf-8", "surrogateescape")
    return URLError(f"invalid URL escape {quote(shown)}")
