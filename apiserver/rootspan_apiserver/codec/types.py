"""The API's types as its Go declarations tell them, read from the table beside this module.

A line of `types.txt` is a struct: its name (`core/v1.Pod`), then its fields in declaration order, separated by tabs, each
`json name:protobuf number:type`, followed by `?` where the field is left out when empty and `~` where it is left out when zero. A field
without a name is inlined: its fields belong to the struct around it in JSON, while protobuf nests it. Number 0 is a field that protobuf
does not carry. Below an empty line stand the kinds, `group/version/Kind` and the struct.

Types: `s` string, `b` bool, `i` int32, `l` int64, `f` float64, `y` bytes, `q` quantity, `t` time, `m` time with microseconds,
`d` duration, `n` int or string, `r` an embedded object, `j` any JSON, `v` a field set, `x` a wrapped list of strings, `B` `A` `S` the
JSON schema unions with bool, array and string array; `*T` pointer, `[T` list, `{T` map from string, else a struct's name, which starts
with a dot when it belongs to the same package. The table is written by `tools/protobuf_fields.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rootspan_apiserver.kube.meta import GroupVersionKind

GO_NAMES = {
    "s": "string",
    "b": "bool",
    "i": "int32",
    "l": "int64",
    "f": "float64",
    "y": "[]uint8",
    "q": "resource.Quantity",
    "t": "v1.Time",
    "m": "v1.MicroTime",
    "d": "v1.Duration",
    "n": "intstr.IntOrString",
    "r": "runtime.RawExtension",
    "j": "v1.JSON",
    "v": "v1.FieldsV1",
    "x": "[]string",
    "B": "v1.JSONSchemaPropsOrBool",
    "A": "v1.JSONSchemaPropsOrArray",
    "S": "v1.JSONSchemaPropsOrStringArray",
}


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """`code` is the letter of the table, `M` for a struct; `element` that of a list or map. `package` is where the name was read."""

    code: str
    pointer: bool = False
    element: "Type | None" = None
    name: str = ""
    package: str = ""

    @property
    def message(self) -> "Message":
        """The struct. For the JSON schema unions: `JSONSchemaProps` of their package."""
        return message(self.name)

    @property
    def of(self) -> "Type":
        """The element of a list or a map."""
        assert self.element is not None
        return self.element

    @property
    def go_name(self) -> str:
        if self.code == "M":
            package, _, name = self.name.rpartition(".")
            return f"{package.rsplit('/', 1)[-1]}.{name}"
        if self.code == "[":
            return f"[]{self.of.go_name}"
        if self.code == "{":
            return f"map[string]{self.of.go_name}"
        return GO_NAMES[self.code]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`inline` fields have no JSON name. `omit_empty` and `omit_zero` are the options of the JSON tag."""

    name: str
    number: int
    type: Type
    omit_empty: bool
    omit_zero: bool


class Message:
    """A struct. `fields` as declared; `json` by JSON name, inlined structs opened up, in the order Go writes them. One that is a kind
    has `kind` and `apiVersion` wherever it stands, so do the volume claims within a stateful set."""

    __slots__ = ("by_number", "fields", "is_kind", "json", "name")

    def __init__(self, name: str, fields: tuple[Field, ...]) -> None:
        self.name = name
        self.fields = fields
        self.by_number = {field.number: field for field in fields if field.number}
        self.json = {field.name: field for field in self._flat()}
        self.is_kind = name in _kinds()

    def _flat(self) -> Iterator[Field]:
        for field in self.fields:
            if field.name:
                yield field
            else:
                yield from field.type.message.json.values()

    @property
    def go_name(self) -> str:
        return self.name.rpartition(".")[2]


@cache
def _lines() -> tuple[dict[str, str], dict[str, str]]:
    structs, _, kinds = files(__package__).joinpath("types.txt").read_text(encoding="ascii").partition("\n\n")
    return (
        {line[: line.find("\t")] if "\t" in line else line: line for line in structs.split("\n")},
        dict(line.split("\t") for line in kinds.splitlines()),
    )


@cache
def _kinds() -> frozenset[str]:
    return frozenset(_lines()[1].values())


def _type(text: str, package: str) -> Type:
    pointer = text.startswith("*")
    text = text.removeprefix("*")
    if text[0] in "[{":
        return Type(text[0], pointer, _type(text[1:], package))
    if text in {"B", "A", "S"}:
        return Type(text, pointer, name=f"{package}.JSONSchemaProps", package=package)
    if len(text) == 1:
        return Type(text, pointer)
    return Type("M", pointer, name=package + text if text[0] == "." else text)


def _field(text: str, package: str) -> Field:
    name, number, kind = text.split(":")
    omit_zero = kind.endswith("~")
    kind = kind.removesuffix("~")
    return Field(name, int(number), _type(kind.removesuffix("?"), package), kind.endswith("?"), omit_zero)


@cache
def message(name: str) -> Message:
    """The struct of this name.

    Raises:
        KeyError: there is none.
    """
    fields = _lines()[0][name].split("\t")[1:]
    package = name.rpartition(".")[0]
    return Message(name, tuple(_field(field, package) for field in fields))


@cache
def message_of(kind: GroupVersionKind) -> Message | None:
    """The struct of a built-in kind; None if there is none. Options and `Status` belong to every group."""
    kinds = _lines()[1]
    name = kinds.get(f"{kind.group}/{kind.version}/{kind.kind}") or kinds.get(f"meta.k8s.io/v1/{kind.kind}")
    return message(name) if name else None
