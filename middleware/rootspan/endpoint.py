"""Which collector endpoints kube-apiserver accepts, and what it says of the others.

An endpoint is a gRPC target, but it is checked as a URL: one without `//` gets `dns://` in front, Go's `url.Parse`
must take it, and its scheme must be one that gRPC resolves without more ado. Python's `urllib.parse` refuses next to
nothing, so Go's rules are spelled out here: a port is digits, a host holds no character that RFC 3986 would escape, `%`
is followed by two hex digits, brackets hold an IPv6 address, and a relative URL has no colon in its first segment.
"""

import ipaddress
import re

_SCHEMES = ("dns", "unix", "unix-abstract")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_PORT = re.compile(r"(:[0-9]*)?\Z")
_USER_INFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_FORBIDDEN_IN_HOST = re.compile(r"[^A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]")
_SHORT_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


class _ParseError(ValueError):
    pass


def quoted(text: str) -> str:
    """`text` between double quotes, escaped as Go's `%q` does."""
    return f'"{"".join(map(_quoted_character, text))}"'


def endpoint_fault(endpoint: str) -> str | None:
    """The field error kube-apiserver reports for `endpoint`, or None if it accepts it."""
    url = endpoint if "//" in endpoint else f"dns://{endpoint}"
    try:
        scheme = _parse(url)
    except _ParseError as error:
        return f"endpoint: Invalid value: {quoted(url)}: {error}"
    if scheme in _SCHEMES:
        return None
    return (
        f"endpoint: Invalid value: {quoted(url)}: unsupported scheme: {scheme}.  "
        "Options are none, dns, unix, or unix-abstract.  See https://github.com/grpc/grpc/blob/master/doc/naming.md"
    )


def _parse(url: str) -> str:
    before, _, fragment = url.partition("#")
    try:
        scheme = _parse_without_fragment(before)
    except _ParseError as error:
        raise _ParseError(f"parse {quoted(before)}: {error}") from None
    try:
        _check_escapes(fragment)
    except _ParseError as error:
        raise _ParseError(f"parse {quoted(url)}: {error}") from None
    return scheme


def _parse_without_fragment(url: str) -> str:
    if any(character < " " or character == "\x7f" for character in url):
        raise _ParseError("net/url: invalid control character in URL")
    scheme, rest = _split_scheme(url)
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        if scheme:
            return scheme
        if ":" in rest.partition("/")[0]:
            raise _ParseError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        _check_authority(authority)
        rest = slash + path
    _check_escapes(rest)
    return scheme


def _split_scheme(url: str) -> tuple[str, str]:
    scheme, colon, rest = url.partition(":")
    if colon and not scheme:
        raise _ParseError("missing protocol scheme")
    if colon and _SCHEME.match(scheme):
        return scheme.lower(), rest
    return "", url


def _check_authority(authority: str) -> None:
    user_info, _, host = authority.rpartition("@")
    if host.rfind("[") > 0:
        raise _ParseError("invalid IP-literal")
    if host.startswith("["):
        _check_ip_literal(host)
    else:
        colon = host.rfind(":")
        if colon >= 0:
            _check_port(host[colon:])
        _check_host(host)
    if not _USER_INFO.match(user_info):
        raise _ParseError("net/url: invalid userinfo")
    _check_escapes(user_info)


def _check_ip_literal(host: str) -> None:
    address, bracket, port = host[1:].rpartition("]")
    if not bracket:
        raise _ParseError("missing ']' in host")
    _check_port(port)
    _check_host(address)
    try:
        version = ipaddress.ip_address(address.replace("%25", "%", 1)).version
    except ValueError:
        raise _ParseError(f"invalid host: ParseAddr({quoted(address)}): unable to parse IP") from None
    if version == 4:
        raise _ParseError("invalid IP-literal")


def _check_port(colon_and_port: str) -> None:
    if not _PORT.match(colon_and_port):
        raise _ParseError(f"invalid port {quoted(colon_and_port)} after host")


def _check_host(host: str) -> None:
    for match in re.finditer(rf"%|{_FORBIDDEN_IN_HOST.pattern}", host):
        if match.group() != "%":
            raise _ParseError(f"invalid character {quoted(match.group())} in host name")
        escape = host[match.start() : match.start() + 3]
        if not _ESCAPE.match(escape) or (int(escape[1], 16) < 8 and escape != "%25"):
            raise _ParseError(f"invalid URL escape {quoted(escape)}")


def _check_escapes(text: str) -> None:
    for match in re.finditer("%", text):
        if not _ESCAPE.match(text, match.start()):
            raise _ParseError(f"invalid URL escape {quoted(text[match.start() : match.start() + 3])}")


def _quoted_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
