"""Header fields as Go's net/textproto reads them: line by line, with continuation lines, and line feeds alone as ends of lines.

Upstream: Go's net/textproto/reader.go
"""

import re
from collections.abc import Iterable
from typing import TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]
_NAME = rb"[!#-'*+\-.0-9A-Z^_`a-z|~]+"
_VALUE = rb"[ -~\t\x80-\xff]*"
# Possessive, so that a flood of lines leaves no trail of states to go back to.
_FIELDS = re.compile(rb"(?:%b:%b\r?\n)*+" % (_NAME, _VALUE))
_WITH_SPACES = re.compile(rb"(?:[ !#-'*+\-.0-9A-Z^_`a-z|~]+:%b\r?\n)*+" % _VALUE)
_FIELD = re.compile(rb"([^:]+):[ \t]*([^\r\n]*?)[ \t]*\r?\n")
_CONTINUATION = re.compile(rb"[ \t]*\r?\n[ \t]+")
_FIRST_LINES = re.compile(rb"^[^ \t\r\n].*", re.MULTILINE)


def read_fields(block: bytes) -> tuple[Headers, bool] | None:
    """Return the fields, their names in lower case, and whether a name has spaces; None if a line is malformed."""
    if _FIELDS.fullmatch(block):
        return [(name.lower(), value) for name, value in _FIELD.findall(block)], False
    if block[:1] in (b" ", b"\t") or any(b":" not in line for line in _FIRST_LINES.findall(block)):
        return None
    block = _CONTINUATION.sub(b" ", block)
    if not _WITH_SPACES.fullmatch(block):
        return None
    fields = [(name.lower(), value) for name, value in _FIELD.findall(block)]
    return fields, any(b" " in name for name, _ in fields)


def tokens(values: Iterable[bytes]) -> set[bytes]:
    """Return the elements of comma-separated lists, in lower case."""
    return {each.strip(b" \t").lower() for value in values for each in value.split(b",")}
