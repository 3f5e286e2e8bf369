"""The blocks of a PEM text, as far as their frames show them.

Upstream: Go's encoding/pem/pem.go (Decode)
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator

_BEGIN = re.compile(rb"-----BEGIN ([^-]+)-----\s")
_END = re.compile(rb"-----END ([^-]+)-----")


def block_types(encoded: str) -> Iterator[str]:
    """Yield the types of the blocks in a text that is encoded in base64; what begins and does not end is no block."""
    try:
        text = b64decode(encoded, validate=True)
    except NotBase64Error:
        return
    last_ends = {end[1]: end.start() for end in _END.finditer(text)}
    position = 0
    while begin := _BEGIN.search(text, position):
        position = begin.end()
        if last_ends.get(begin[1], -1) >= position:
            end = b"-----END " + begin[1] + b"-----"
            position = text.index(end, position) + len(end)
            yield begin[1].decode(errors="replace")
