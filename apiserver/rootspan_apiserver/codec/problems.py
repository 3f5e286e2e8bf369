"""What is found wrong with a body while it is decoded: what strictness minds, and what cannot be decoded at all."""

from dataclasses import dataclass, field

_STRICT_LIMIT = 100
_ESCAPES = {character: f"\\{letter}" for character, letter in zip('\a\b\f\n\r\t\v\\"', 'abfnrtv\\"', strict=True)}


class NotDecodableError(Exception):
    """The body is not the object it should be; the text is what the real server's decoder says."""


class MismatchError(NotDecodableError):
    """A value that its field cannot take, and Go's name of the field's type."""

    def __init__(self, text: str, value: object, wanted: str) -> None:
        super().__init__(text)
        self.value = value
        self.wanted = wanted


@dataclass(slots=True)
class Problems:
    """Unknown and duplicate fields, in the words of the real decoder, each once and not more than a hundred."""

    found: list[str] = field(default_factory=list)

    def add(self, kind: str, path: str) -> None:
        """`kind` is `unknown` or `duplicate`, `path` the field's (`spec.containers[0].foo`)."""
        text = f"{kind} field {quote(path)}"
        if len(self.found) < _STRICT_LIMIT and text not in self.found:
            self.found.append(text)


def quote(text: str) -> str:
    """The text as Go's `strconv.Quote` writes it. Bytes that are not UTF-8 are those that `surrogateescape` made of them."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def strict_error(found: list[str]) -> str:
    return "strict decoding error: " + ", ".join(found)
