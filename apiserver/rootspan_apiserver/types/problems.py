"""Problems of a body that is decoded: strict decoding errors, and errors that make it undecodable.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/error.go
"""

from dataclasses import dataclass, field

from rootspan_apiserver.kube.go_quote import quote

_STRICT_LIMIT = 100


class NotDecodableError(Exception):
    """The body is not the object it should be; the text is what the real server's decoder says."""


class MismatchError(NotDecodableError):
    """A value that its field cannot take.

    Args:
        text: Go's message.
        value: the value.
        go_name: the name of the type that it should have.
        go_kind: the `reflect.Kind` of that type; "" if the field's type reads itself.
    """

    def __init__(self, text: str, value: object, go_name: str, go_kind: str) -> None:
        super().__init__(text)
        self.value = value
        self.go_name = go_name
        self.go_kind = go_kind


class Base64Error(NotDecodableError):
    """A text that is not base64."""


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
    """Return the message of a refusal for unknown and repeated fields."""
    return "strict decoding error: " + ", ".join(found)
