"""What is found wrong with a body while it is decoded: what strictness minds, and what cannot be decoded at all."""

from dataclasses import dataclass, field

from rootspan_apiserver.kube.go_quote import quote

_STRICT_LIMIT = 100


class NotDecodableError(Exception):
    """The body is not the object it should be; the text is what the real server's decoder says."""


class MismatchError(NotDecodableError):
    """A value that its field cannot take, and Go's name of the field's type."""

    def __init__(self, text: str, value: object, wanted: str) -> None:
        super().__init__(text)
        self.value = value
        self.wanted = wanted


class UnknownConversionError(NotDecodableError):
    """The body is an object of another type than it should be."""


@dataclass(slots=True)
class Problems:
    """Unknown and duplicate fields, in the words of the real decoder, each once and not more than a hundred."""

    found: list[str] = field(default_factory=list)

    def add(self, kind: str, path: str) -> None:
        """`kind` is `unknown` or `duplicate`, `path` the field's (`spec.containers[0].foo`)."""
        text = f"{kind} field {quote(path)}"
        if len(self.found) < _STRICT_LIMIT and text not in self.found:
            self.found.append(text)


def strict_error(found: list[str]) -> str:
    return "strict decoding error: " + ", ".join(found)
