"""Check the head of a request, and reject it with the messages of Go's net/http.

Upstream: Go's net/http/server.go, net/http/request.go
"""

import re
from collections.abc import Sequence

BAD_REQUEST = b"400 Bad Request"
TOO_LARGE = b"431 Request Header Fields Too Large"
_HOST = re.compile(rb"[0-9A-Za-z!$%&()*+,\-.:;=\[\]'_~]*")
_AFTER_HOST = re.compile(rb"[/?]")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class RefusedError(Exception):
    """The request is rejected. `answer` is the status line without the version, and the body."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer)
        self.answer = answer


def check(version: str, method: bytes, hosts: Sequence[bytes]) -> None:
    """Check the HTTP version and the Host headers.

    Raises:
        RefusedError: the version is not supported, or Host is missing, repeated or malformed.
    """
    if version == "1.1":
        if not hosts and method != b"CONNECT":
            raise RefusedError(b"400 Bad Request: missing required Host header")
    elif version != "1.0":
        raise RefusedError(BAD_REQUEST if version < "1" else b"400 Bad Request: unsupported protocol version")
    if len(hosts) > 1:
        raise RefusedError(b"400 Bad Request: too many Host headers")
    if hosts and not _HOST.fullmatch(hosts[0].strip(b" \t")):
        raise RefusedError(b"400 Bad Request: malformed Host header")


def target(url: bytes) -> tuple[bytes, bytes]:
    """Return the path and the query of a request target in any of its forms.

    The path is empty if the target is a host only.

    Raises:
        RefusedError: the path has a malformed percent escape.
    """
    if not url.startswith((b"/", b"*")):
        _, _, url = url.partition(b"://")
        begin = _AFTER_HOST.search(url)
        url = url[begin.start() :] if begin else b""
    path, _, query = url.partition(b"?")
    if b"%" in path and _BAD_ESCAPE.search(path):
        raise RefusedError(BAD_REQUEST)
    return path, query
