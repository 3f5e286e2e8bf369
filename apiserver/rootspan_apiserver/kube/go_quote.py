"""Text as Go's `%q` writes it, which is how kube-apiserver shows what it was sent.

Upstream: Go's src/strconv/quote.go.
"""

import re

_NAMED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_PLAIN = re.compile(r"[ !#-\[\]-~]*")


def quote(text: str) -> str:
    """`text` in double quotes. Bytes that are no UTF-8, as `surrogateescape` decodes them, are shown as `\\xff`."""
    return f'"{text}"' if _PLAIN.fullmatch(text) else f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    if character in _NAMED:
        return _NAMED[character]
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        point -= 0xDC00
        return f"\\x{point:02x}"
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
