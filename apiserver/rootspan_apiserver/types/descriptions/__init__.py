"""What the types and their fields are for, in sentences that `kubectl explain` prints. The texts are the `.txt` files of this package.

A block describes a type: the first line is its name and a sentence, each further line a field and its sentence. A type may have its
sentence in one file and its fields in another. `=NAME` in place of a field includes the fields of another type. Fields with the same
meaning in every kind (`kind`, `apiVersion`, `metadata`, `items`) are described here, and so are lists. A version without texts of its
own has those of another version.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from rootspan_apiserver.types.structs import StructType

_OF_EVERY_KIND: Mapping[str, str] = MappingProxyType(
    {
        "apiVersion": "APIVersion defines the group and the version of the kind, such as apps/v1.",
        "kind": "The kind of the object.",
        "metadata": "The name, the labels and other data that every object has.",
        "spec": "The desired state.",
        "status": "The observed state. Written by controllers.",
    }
)
_OF_EVERY_LIST: Mapping[str, str] = MappingProxyType(
    {
        **_OF_EVERY_KIND,
        "metadata": "The version of the list, and where it continues.",
        "items": "The objects of the list.",
    }
)
_OPAQUE: Mapping[str, str] = MappingProxyType(
    {
        "api/resource.Quantity": "A number with a unit, such as 500m, 2, 1.5Gi or 10M.",
        "meta/v1.MicroTime": "A time in RFC 3339 with microseconds, such as 2006-01-02T15:04:05.000000Z.",
        "meta/v1.Time": "A time in RFC 3339, such as 2006-01-02T15:04:05Z.",
        "util/intstr.IntOrString": "An integer or a string.",
        "meta/v1.FieldsV1": "A set of fields, as a tree of their names.",
        "runtime.RawExtension": "An object of any kind.",
    }
)
_ALL_VERSIONS = "*"


def kind_field(name: str) -> str:
    """Return the sentence for a field that objects of every kind have, "" for others."""
    return _OF_EVERY_KIND.get(name, "")


def list_field(name: str) -> str:
    """Return the sentence for a field that lists of every kind have, "" for others."""
    return _OF_EVERY_LIST.get(name, "")


def list_description(kind: str) -> str:
    """Return the sentence for the lists of a kind."""
    return f"A list of objects of the kind {kind}."


def type_description(name: str) -> str:
    """Return the sentence for a type by its name in the table, e.g. `core/v1.Pod`; "" if there is none."""
    if name in _OPAQUE:
        return _OPAQUE[name]
    own = name.rpartition(".")[2]
    found = _of_type(name).get("", "")
    return list_description(own.removesuffix("List")) if not found and own.endswith("List") else found


def field_description(struct: StructType, field: str) -> str:
    """Return the sentence for a field of a struct, "" if there is none."""
    found = _of_type(struct.name).get(field, "")
    if found or not {"kind", "apiVersion"} <= struct.fields.keys():
        return found
    return list_field(field) if "items" in struct.fields else kind_field(field)


def _of_type(name: str) -> Mapping[str, str]:
    """Return the sentences for the fields of a type, and for the type itself under ""."""
    return texts().get(name) or texts().get(_in_all_versions(name), MappingProxyType({}))


def _in_all_versions(name: str) -> str:
    package, _, own = name.rpartition(".")
    return f"{package.partition('/')[0]}/{_ALL_VERSIONS}.{own}"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return the sentences of all files by type and field. Types are also found by their name with `*` for the version."""
    found: dict[str, dict[str, str]] = {}
    for block in _blocks():
        head, *lines = block.split("\n")
        name, _, sentence = head.partition(" ")
        fields = found.setdefault(name, {})
        if sentence:
            fields[""] = sentence
        for line in lines:
            field, _, sentence = line.strip().partition(" ")
            if field.startswith("="):
                fields |= {key: text for key, text in found[field[1:]].items() if key}
            else:
                fields[field] = sentence
    return MappingProxyType({_in_all_versions(name): fields for name, fields in found.items()} | found)


def _blocks() -> Iterator[str]:
    for file in sorted(files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".txt"):
            separator = "\n" if file.name == "kinds.txt" else "\n\n"
            yield from file.read_text(encoding="utf-8").strip("\n").split(separator)
