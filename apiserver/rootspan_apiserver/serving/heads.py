"""Read the head of a request as Go's net/http does, and reject what it rejects, with its messages.

Upstream: Go's net/http/server.go, net/http/request.go, net/http/transfer.go, net/textproto/reader.go
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from rootspan_apiserver.kube.go_url import URLError, check_request_uri
from rootspan_apiserver.serving.header_fields import Headers, read_fields, tokens

BAD_REQUEST = b"400 Bad Request"
TOO_LARGE = b"431 Request Header Fields Too Large"
LINE = re.compile(rb"([!#-'*+\-.0-9A-Z^_`a-z|~]+) ([^ ]*) HTTP/([0-9]\.[0-9])")
_UNSUPPORTED_VERSION = b"505 HTTP Version Not Supported: unsupported protocol version"
_NO_LIST = frozenset({b"transfer-encoding", b"trailer", b"content-length"})
_HOST = re.compile(rb"[0-9A-Za-z!$%&()*+,\-.:;=\[\]'_~]*")
_DIGITS = re.compile(rb"[0-9]+")
_LONGEST = (1 << 63) - 1
_AFTER_HOST = re.compile(rb"[/?]")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTINUE = re.compile(rb"(?i)(?:^|[ ,\t])100-continue(?:[ ,\t]|$)")
_KEEP_ALIVE = re.compile(rb"(?i)(?:^|[ ,\t])keep-alive(?:[ ,\t]|$)")
RequestLine: TypeAlias = tuple[bytes, bytes, str]
"""Method, request target, and HTTP version."""


class RefusedError(Exception):
    """The request is rejected. `answer` is the status line without the version; `body` is the same unless it is given."""

    def __init__(self, answer: bytes, body: bytes = b"") -> None:
        super().__init__(answer)
        self.answer = answer
        self.body = body or answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What the headers of a request say about its body and its connection.

    Attributes:
        headers: The names are in lower case; without those that are about the framing.
        hosts: The Host headers.
        length: The bytes of the body, None if it is chunked.
        keep_alive: Whether the connection may be used again. A client of HTTP/1.0 has to ask for it.
        expects: The Expect header: "" if there is none, `100-continue`, or what is not supported.
        bad_name: Whether a name has spaces.
    """

    headers: Headers
    hosts: tuple[bytes, ...]
    length: int | None
    keep_alive: bool
    expects: bytes
    bad_name: bool


def read_line(line: bytes) -> RequestLine:
    """Read a request line, without its end. Raises RefusedError."""
    found = LINE.fullmatch(line)
    if found is None or not found[2]:
        raise RefusedError(BAD_REQUEST)
    return found[1], found[2], found[3].decode("ascii")


def read_framing(block: bytes, version: str) -> Framing:
    """Read the lines after the request line, up to the empty one.

    Raises:
        RefusedError: a line is malformed, Host is repeated, or the length of the body is not clear.
    """
    fields = read_fields(block)
    if fields is None:
        raise RefusedError(BAD_REQUEST)
    headers, bad_name = fields
    hosts: list[bytes] = []
    encodings: list[bytes] = []
    lengths: list[bytes] = []
    connections: list[bytes] = []
    trailers: list[bytes] = []
    expects = b""
    for name, value in headers:
        match name:
            case b"host":
                hosts.append(value)
            case b"content-length":
                lengths.append(value)
            case b"connection":
                connections.append(value)
            case b"transfer-encoding":
                encodings.append(value)
            case b"trailer":
                trailers.append(value)
            case b"expect" if not expects:
                expects = b"100-continue" if _CONTINUE.search(value) else value
    if len(hosts) > 1:
        raise RefusedError(BAD_REQUEST)
    chunked = version != "1.0" and _is_chunked(encodings)
    length = _length(lengths)
    if chunked and not _NO_LIST.isdisjoint(tokens(trailers)):
        raise RefusedError(BAD_REQUEST)
    if encodings or len(lengths) > 1:
        headers = _unambiguous(headers, chunked=chunked)
    return Framing(
        headers=headers,
        hosts=tuple(hosts),
        length=None if chunked else length,
        keep_alive=_keeps_alive(version, connections),
        expects=expects,
        bad_name=bad_name,
    )


def check(line: RequestLine, framing: Framing) -> None:
    """Check the HTTP version, the Host header and the names of the headers. Raises RefusedError."""
    method, _, version = line
    is_preface = line == (b"PRI", b"*", "2.0")
    if version[0] != "1" and not is_preface:
        raise RefusedError(_UNSUPPORTED_VERSION)
    hosts = framing.hosts
    if not hosts and version != "1.0" and method != b"CONNECT" and not is_preface:
        raise RefusedError(b"400 Bad Request: missing required Host header")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise RefusedError(b"400 Bad Request: malformed Host header")
    if framing.bad_name:
        raise RefusedError(b"400 Bad Request: invalid header name")


def split_target(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """Return the path and the query of a request target in any of its forms, both as they are escaped.

    The path is empty if the target is a host only.

    Raises:
        RefusedError: the target is no URL from the root, or it has a malformed percent escape.
    """
    if _CONTROL.search(target):
        raise RefusedError(BAD_REQUEST)
    if not target.startswith(b"/"):
        absolute = b"http://" + target if method == b"CONNECT" else target
        try:
            check_request_uri(absolute.decode("utf-8", "surrogateescape"))
        except URLError:
            raise RefusedError(BAD_REQUEST) from None
        target = _from_root(absolute)
    path, _, query = target.partition(b"?")
    if b"%" in path and _BAD_ESCAPE.search(path):
        raise RefusedError(BAD_REQUEST)
    return path, query


def _from_root(url: bytes) -> bytes:
    """Return what follows scheme and host, empty for a URL without a path (`http:opaque`)."""
    if url == b"*":
        return url
    _, _, rest = url.partition(b":")
    if not rest.startswith(b"//"):
        return rest if rest.startswith(b"/") else b""
    begin = _AFTER_HOST.search(rest, 2)
    return rest[begin.start() :] if begin else b""


def _is_chunked(encodings: list[bytes]) -> bool:
    if not encodings:
        return False
    if len(encodings) > 1 or encodings[0].lower() != b"chunked":
        raise RefusedError(b"501 Not Implemented", b"Unsupported transfer encoding")
    return True


def _length(values: list[bytes]) -> int:
    if not values:
        return 0
    if len(set(values)) > 1 or not _DIGITS.fullmatch(values[0]):
        raise RefusedError(BAD_REQUEST)
    # Twenty digits are more than any length has; int() takes time quadratic in the digits.
    digits = values[0].lstrip(b"0") or b"0"
    if len(digits) > 19 or int(digits) > _LONGEST:
        raise RefusedError(BAD_REQUEST)
    return int(digits)


def _keeps_alive(version: str, connections: list[bytes]) -> bool:
    if not connections:
        return version != "1.0"
    if version == "1.0":
        return bool(_KEEP_ALIVE.search(connections[0]))
    return b"close" not in tokens(connections)


def _unambiguous(headers: Headers, *, chunked: bool) -> Headers:
    """Return the headers for those who read the length again: one Content-Length, none beside a chunked body."""
    seen = False
    kept: Headers = []
    for pair in headers:
        if pair[0] == b"content-length":
            if chunked or seen:
                continue
            seen = True
        elif pair[0] == b"transfer-encoding" and not chunked:
            continue
        kept.append(pair)
    return kept
