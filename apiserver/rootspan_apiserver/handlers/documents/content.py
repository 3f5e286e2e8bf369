"""A document as Go's file server answers it: validators, 304, 412, and a range of its bytes.

Several ranges at once are answered with the whole document, as HTTP allows.

Upstream: Go's net/http/fs.go (ServeContent)
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime

from rootspan_apiserver.http.request import Request
from rootspan_apiserver.http.responses import Headers, Response, plain_text

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*")
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def content_response(
    request: Request, body: bytes, content_type: str, headers: Headers, *, modified: float, tag: str = ""
) -> Response:
    """Return the document, a part of it, or what the validators of the request make of it.

    Args:
        modified: When the document was made, in seconds since 1970.
        tag: Its entity tag, in quotes; "" for none.
    """
    dated = (b"last-modified", formatdate(modified, usegmt=True).encode())
    tagged = [*headers, (b"etag", tag.encode())] if tag else [*headers]
    reading = request.method in ("GET", "HEAD")
    if not _is_wanted(request, tag, modified):
        if not reading:
            return Response(status=412, headers=[*tagged, dated])
        return Response(status=304, headers=tagged if tag else [*tagged, dated])
    full = Response(
        body=body, content_type=content_type, headers=[*tagged, dated, (b"accept-ranges", b"bytes")], compressible=False
    )
    return _part(request, full, tag, modified) if reading and request.header(b"range") else full


def _is_wanted(request: Request, tag: str, modified: float) -> bool:
    """Return whether the client has not got the document yet."""
    if listed := request.header(b"if-none-match"):
        return listed.strip() != "*" and tag not in _tags(listed)
    since = _seconds(request.header(b"if-modified-since"))
    return since is None or request.method not in ("GET", "HEAD") or int(modified) > since


def _tags(listed: str) -> Iterator[str]:
    """Yield the entity tags of a list; weak ones count as strong."""
    yield from (found.removeprefix("W/") for found in _TAG.findall(listed))


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _part(request: Request, full: Response, tag: str, modified: float) -> Response:
    condition, size = request.header(b"if-range"), len(full.body)
    if condition and condition != tag and _seconds(condition) != int(modified):
        return full
    asked = request.header(b"range")
    if "," in asked:
        return full
    found = _RANGE.fullmatch(asked)
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return plain_text("invalid range\n", 416)
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < int(first):
        return plain_text("invalid range\n", 416)
    if begin >= size:
        unmet = (b"content-range", f"bytes */{size}".encode())
        return plain_text("invalid range: failed to overlap\n", 416, [unmet])
    where = (b"content-range", f"bytes {begin}-{end}/{size}".encode())
    return replace(full, status=206, body=full.body[begin : end + 1], headers=[*full.headers, where])
