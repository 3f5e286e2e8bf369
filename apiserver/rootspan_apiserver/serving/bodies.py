"""The body of a request on its connection: so many bytes, chunks, or whatever follows an upgrade.

A malformed body is an error of the one who reads it, in Go's words; what follows it is not read as a request.

Upstream: Go's net/http/internal/chunked.go, net/http/transfer.go
"""

import re
from typing import Protocol

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.serving.header_fields import read_fields

_LONGEST_LINE = 4096
"""The size of Go's read buffer, in which the line of a chunk and all trailers have to fit."""
_MOST_EXCESS = 16 * 1024
_NO_HEX = re.compile(rb"[^0-9A-Fa-f]")


class BodyError(Exception):
    """The body is malformed; the message is Go's."""


class Body(Protocol):
    """What remains of a body. `complete` is set when all of it has been read."""

    complete: bool

    def read(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the content in received bytes, and the bytes that are not the body's. Raises BodyError."""
        ...

    def remaining(self) -> int | None:
        """Return the bytes that are still to come, None if that is not known."""
        ...


class SizedBody:
    """A body whose length is in the head."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.complete = not length

    def read(self, data: bytes) -> tuple[bytes, bytes]:
        part = data[: self._left]
        self._left -= len(part)
        self.complete = not self._left
        return part, data[len(part) :]

    def remaining(self) -> int | None:
        return self._left


class ChunkedBody:
    """A body in chunks. Extensions and trailers are read and dropped."""

    def __init__(self) -> None:
        self.complete = False
        self._begun = b""
        self._left = 0
        self._excess = 0
        self._in_trailers = False

    def remaining(self) -> int | None:
        return None

    def read(self, data: bytes) -> tuple[bytes, bytes]:
        parts: list[bytes] = []
        data, self._begun = self._begun + data, b""
        position = 0
        while not self.complete and position < len(data):
            if self._left > 2:
                part = data[position : position + self._left - 2]
                parts.append(part)
                position += len(part)
                self._left -= len(part)
                continue
            after = self._after_line(data, position)
            if after is None:
                self._begun = data[position:]
                return b"".join(parts), b""
            position = after
        return b"".join(parts), data[position:]

    def _after_line(self, data: bytes, position: int) -> int | None:
        """Return the position after the end of a chunk, the line of one, or the trailers; None if that has not arrived."""
        if self._left:
            return self._end_chunk(data, position)
        if self._in_trailers:
            return self._end_trailers(data, position)
        end = data.find(b"\n", position, position + _LONGEST_LINE)
        if end < 0:
            if len(data) - position >= _LONGEST_LINE:
                raise BodyError("header line too long")
            return None
        self._begin_chunk(data[position : end + 1])
        return end + 1

    def _end_chunk(self, data: bytes, position: int) -> int | None:
        end = data[position : position + 2]
        if len(end) < 2:
            return None
        if end != b"\r\n":
            raise BodyError("malformed chunked encoding")
        self._left = 0
        return position + 2

    def _begin_chunk(self, line: bytes) -> None:
        carriage = line.find(b"\r")
        if carriage < 0:
            raise BodyError("chunked line ends with bare LF")
        if carriage != len(line) - 2:
            raise BodyError("invalid CR in chunked line")
        size = _size(line[:-2].rstrip(b" \t").partition(b";")[0])
        self._excess = max(self._excess + len(line) - 16 - 2 * size, 0)
        if self._excess > _MOST_EXCESS:
            raise BodyError("chunked encoding contains too much non-data")
        self._in_trailers = not size
        self._left = size + 2 if size else 0

    def _end_trailers(self, data: bytes, position: int) -> int | None:
        seen = data[position : position + _LONGEST_LINE]
        if seen[:2] == b"\r\n":
            self.complete = True
            return position + 2
        end = seen.find(b"\r\n\r\n")
        if end < 0:
            if len(seen) == _LONGEST_LINE:
                raise BodyError("http: suspiciously long trailer after chunked body")
            return None
        _check_trailers(seen[: end + 2])
        self.complete = True
        return position + end + 4


class Tunnel:
    """What follows an upgrade of the connection: everything."""

    complete = False

    def read(self, data: bytes) -> tuple[bytes, bytes]:
        return data, b""

    def remaining(self) -> int | None:
        return None


def _size(text: bytes) -> int:
    if not text:
        raise BodyError("empty hex number for chunk length")
    wrong = _NO_HEX.search(text)
    if wrong is not None and wrong.start() <= 16:
        raise BodyError("invalid byte in chunk length")
    if len(text) > 16:
        raise BodyError("http chunk length too large")
    return int(text, 16)


def _check_trailers(block: bytes) -> None:
    if read_fields(block) is None:
        line = block.partition(b"\r\n")[0]
        if b":" not in line:
            raise BodyError(f"malformed MIME header: missing colon: {quote(line.decode('utf-8', 'surrogateescape'))}")
        raise BodyError(f"malformed MIME header line: {line.decode('utf-8', 'replace')}")
