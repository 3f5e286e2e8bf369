"""Text in quotes, as Go prints it.

Which characters are printable follows the Unicode version of Python, which may be older than Go's.

Upstream: Go's src/strconv/quote.go, and `quote` in src/time/format.go
"""

import re
from collections.abc import Iterable

_NAMED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_PLAIN = re.compile(r"[ !#-\[\]-~]*")


def quote(text: str) -> str:
    """Quote like `%q`. Bytes that are not UTF-8, decoded by `surrogateescape`, are written as `\\xff`."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(_escaped(character, '"') for character in text) + '"'


def quoted_list(texts: Iterable[str]) -> str:
    """Quote like `%q` of a list: `["a" "b"]`."""
    return f"[{' '.join(map(quote, texts))}]"


def quote_character(character: str) -> str:
    """Quote one character like `%q` of a rune: `'a'`, `'\\n'`, `'"'`."""
    return "'" + _escaped(character, "'") + "'"


def quote_ascii(text: str) -> str:
    """Quote like the errors of Go's `time` package: every byte beyond ASCII, and every control character, is written as `\\xc2`."""
    return '"' + "".join(map(_ascii, text)) + '"'


def _escaped(character: str, mark: str) -> str:
    if character in (mark, "\\"):
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


def _ascii(character: str) -> str:
    if " " <= character <= "\x7f":
        return f"\\{character}" if character in '"\\' else character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
