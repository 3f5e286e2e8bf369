"""Find the heads of requests among the bytes of a connection.

Upstream: Go's net/http/server.go (readRequest)
"""

import re
from dataclasses import dataclass

from rootspan_apiserver.serving import heads

_END = re.compile(rb"\n\r?\n")
_MOST_REMEMBERED = 8192
"""Bytes of headers that are compared with those of the next request."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request, and the bytes that follow it."""

    line: heads.RequestLine
    framing: heads.Framing
    rest: bytes


class HeadReader:
    """Reads the heads of one connection, of at most `limit` bytes each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._line: heads.RequestLine | None = None
        self._line_end = 0
        self._searched = 0
        self._after_post = False
        self._last: tuple[bytes, str, heads.Framing] | None = None

    def read(self, data: bytes | bytearray) -> Head | None:
        """Return the head at the beginning of `data`, None if it is not complete. It is then read again with more behind it.

        The request line is checked as soon as it is complete.

        Raises:
            RefusedError: the head is malformed or too large.
        """
        if self._after_post and self._line is None:
            # Old clients send an empty line after the body of a POST.
            data = data[:4].lstrip(b"\r\n") + data[4:]
        if self._line is None:
            self._line_end = data.find(b"\n", 0, self._limit) + 1
            if self._line_end:
                self._line = heads.read_line(bytes(data[: self._line_end - 1]).removesuffix(b"\r"))
                heads.split_target(self._line[0], self._line[1])
        found = _END.search(data, max(self._searched, self._line_end - 1)) if self._line is not None else None
        size = found.end() if found else len(data)
        if size > self._limit:
            raise heads.RefusedError(heads.TOO_LARGE)
        if found is None or self._line is None:
            self._searched = max(0, len(data) - 2)
            return None
        line, block = self._line, bytes(data[self._line_end : found.start() + 1])
        self._line, self._searched, self._after_post = None, 0, line[0] == b"POST"
        return Head(line, self._framing(block, line[2]), bytes(data[size:]))

    def _framing(self, block: bytes, version: str) -> heads.Framing:
        """Read the headers. Those of the request before are often the same."""
        if self._last is not None and self._last[0] == block and self._last[1] == version:
            return self._last[2]
        framing = heads.read_framing(block, version)
        if len(block) <= _MOST_REMEMBERED:
            self._last = (block, version, framing)
        return framing
