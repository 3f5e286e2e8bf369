"""JSON into a Go type: what remains of a value that was read into the type and written again.

Reading drops unknown fields (and reports them), refuses what does not fit, and brings quantities and times into their canonical form.
Fields that Go always writes are added, empty ones that it leaves out are removed, null counts as absent.

Upstream: sigs.k8s.io/json/internal/golang/encoding/json/decode.go
"""

from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.types.json_values import DuplicateKeys
from rootspan_apiserver.types.problems import MismatchError, Problems


@dataclass(frozen=True, slots=True)
class FieldName:
    """A field of a path: its JSON name, the Go name of its struct, and the names of the embedded structs that it comes from,
    each with a dot (`VolumeSource.`), as Go's errors show them."""

    name: str
    struct: str
    embedded_in: str = ""


class Reading:
    """The state of reading one value.

    `path` leads to the value that is being read: fields, indices of lists and keys of maps. Readers of containers push an element, replace
    it for each item and pop it at the end; after an exception it still leads to the value that was refused. `converts` is for values that
    are converted, and not decoded: numbers that do not fit into an integer lose what does not.
    """

    __slots__ = ("converts", "path", "problems")

    def __init__(self, problems: Problems, *path: str, converts: bool = False) -> None:
        self.problems = problems
        self.converts = converts
        self.path: list[FieldName | int | str] = [*path]

    def report(self, kind: str, key: str) -> None:
        """Report an `unknown` or `duplicate` key of the object that is being read; the last element of the path is its own."""
        self.problems.add(kind, _dotted([*self.path[:-1], key]))

    def mismatch(self, value: Any, go_name: str, go_kind: str, shown: str = "") -> MismatchError:
        """Return Go's error for a value that its field cannot take.

        `go_name` and `go_kind` are of the type that the value should have; a type that reads itself has no kind. `shown` describes the
        value where its kind does not.
        """
        described = shown or json_type(value)
        fields = [element for element in self.path if isinstance(element, FieldName)]
        if not fields:
            text = f"json: cannot unmarshal {described} into Go value of type {go_name}"
        else:
            path = ".".join(field.embedded_in + field.name for field in fields)
            text = (
                f"json: cannot unmarshal {described} into Go struct field {fields[-1].struct}.{path} of type {go_name}"
            )
        return MismatchError(text, value, go_name, go_kind)


def _dotted(path: list[FieldName | int | str]) -> str:
    text = ""
    for element in path:
        if isinstance(element, int):
            text += f"[{element}]"
        else:
            name = element if isinstance(element, str) else element.name
            text += f".{name}" if text else name
    return text


def search_duplicates(value: Any, at: str, problems: Problems) -> None:
    """Report the keys that are repeated anywhere in a value of no known type, which stands at the path `at`."""
    if isinstance(value, dict):
        for key, item in value.items():
            search_duplicates(item, f"{at}.{key}" if at else key, problems)
        if isinstance(value, DuplicateKeys):
            for key in value.repeated:
                problems.add("duplicate", f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            search_duplicates(item, f"{at}[{index}]", problems)
