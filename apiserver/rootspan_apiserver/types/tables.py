"""The table of Go types, `table.txt`, which `tools/go_types.py` writes.

It consists of blocks between empty lines. The first one names packages (`NAME IMPORT-PATH`, then `group=` and the API group); each of the
others is a named type (`NAME TYPE`) or a struct (`NAME struct`, `NAME struct kind` if objects have it), whose fields stand below in the
order of declaration:

    JSON-NAME PROTOBUF-NUMBER TYPE [omitempty] [omitzero] [required] [list=] [keys=] [map=] [patch=] [merge-key=] [gate=] [default=]

`inline` in place of the name is an embedded struct, `-` in place of the number a field that protobuf does not carry. Types are spelled as
in Go, packages as in the first lines; a name without a package is of the same package. `nullable-message` marks a list that protobuf
carries as a message of its own. The words after the type say what struct tags and marker comments say; `gate=` names the feature gates that
guard a field, `default=` is JSON.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType

import orjson

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types.containers import ListType, MapType, MessageListType
from rootspan_apiserver.types.model import Field, Published, Type
from rootspan_apiserver.types.reading import FieldName
from rootspan_apiserver.types.scalars import BooleanType, BytesType, FloatType, IntegerType, StringType
from rootspan_apiserver.types.schema_unions import SchemaOrBool, SchemaOrSchemas, SchemaOrStrings, SchemaUnion
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.well_known import IntOrStringType, JSONType, ObjectType, QuantityType, TimeType

_OPAQUE: Mapping[str, Callable[[str], Type]] = MappingProxyType(
    {
        "api/resource.Quantity": QuantityType,
        "apiextensions/v1.JSON": JSONType,
        "apiextensions/v1beta1.JSON": JSONType,
        "meta/v1.FieldsV1": ObjectType,
        "meta/v1.MicroTime": partial(TimeType, micro=True),
        "meta/v1.Time": partial(TimeType, micro=False),
        "runtime.Object": ObjectType,
        "runtime.RawExtension": ObjectType,
        "util/intstr.IntOrString": IntOrStringType,
    }
)
_UNIONS: Mapping[str, Callable[[str, StructType], SchemaUnion]] = MappingProxyType(
    {
        "JSONSchemaPropsOrArray": SchemaOrSchemas,
        "JSONSchemaPropsOrBool": SchemaOrBool,
        "JSONSchemaPropsOrStringArray": SchemaOrStrings,
    }
)
_SCALARS: Mapping[str, Callable[[str], Type]] = MappingProxyType(
    {
        "string": StringType,
        "bool": BooleanType,
        "float64": FloatType,
        "int": partial(IntegerType, go_kind="int", bits=64),
        "int32": partial(IntegerType, go_kind="int32", bits=32),
        "int64": partial(IntegerType, go_kind="int64", bits=64),
        "uint8": partial(IntegerType, go_kind="uint8", bits=32),
        "[]byte": BytesType,
    }
)


_IN_EVERY_GROUP = frozenset(
    ("CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent")
)
"""Kinds of meta/v1 that are kinds of all other groups too."""


class TypeTable:
    """The types by name. Each is made once, when it is first asked for."""

    def __init__(self, text: str) -> None:
        self._blocks: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._packages: dict[tuple[str, str], str] = {}
        self._made: dict[tuple[str, str], Type] = {}
        packages, *blocks = text.rstrip("\n").split("\n\n")
        for block in blocks:
            name, _, rest = block.partition(" ")
            self._blocks[name] = rest
        for line in packages.split("\n"):
            package, path, *group = line.split(" ")
            self._paths[package] = path
            if group:
                self._packages[group[0].removeprefix("group="), package.rpartition("/")[2]] = package

    def struct(self, name: str) -> StructType:
        """Return the struct with this name, e.g. `core/v1.PodSpec`.

        Raises:
            KeyError: there is none.
        """
        found = self.type(name, "")
        if not isinstance(found, StructType):
            raise KeyError(name)
        return found

    def struct_of(self, kind: GroupVersionKind) -> StructType | None:
        """Return the struct of a built-in kind, None if there is none. Options and WatchEvent are kinds of every group."""
        name = f"{self.package(kind.group, kind.version)}.{kind.kind}"
        if self._is_kind(name):
            return self.struct(name)
        in_meta = f"meta/v1.{kind.kind}"
        if kind.kind in _IN_EVERY_GROUP or (not kind.group and self._is_kind(in_meta)):
            return self.struct(in_meta)
        return None

    def builtin(self, kind: GroupVersionKind) -> StructType:
        """Return the struct of a kind that is built in.

        Raises:
            KeyError: it is not.
        """
        found = self.struct_of(kind)
        if found is None:
            raise KeyError(kind)
        return found

    def kind_of(self, struct: StructType) -> GroupVersionKind | None:
        """Return the kind of which objects have this struct, None if it is a part of others. `Status` and options are of the core group."""
        package, _, own = struct.name.rpartition(".")
        version = package.rpartition("/")[2]
        if not self._is_kind(struct.name):
            return None
        group = next(group for (group, _), known in self._packages.items() if known == package)
        return GroupVersionKind("" if group == "meta.k8s.io" else group, version, own)

    def structs(self) -> Iterator[str]:
        """Return the names of all structs."""
        return (name for name, block in self._blocks.items() if block.startswith("struct"))

    def import_path(self, package: str) -> str:
        """Return the Go import path of a package, e.g. `k8s.io/api/core/v1` of `core/v1`."""
        return self._paths[package]

    def package(self, group: str, version: str) -> str:
        """Return the package of an API group's version, "" if it is not built in."""
        return self._packages.get((group, version), "")

    def internal_name(self, kind: GroupVersionKind) -> str:
        """Return the name of a kind's internal type, e.g. `core.Node`: that of its package without the version."""
        package = self.package(kind.group, kind.version) or kind.group.partition(".")[0]
        return f"{package.partition('/')[0]}.{kind.kind}"

    def _is_kind(self, name: str) -> bool:
        return self._blocks.get(name, "").startswith("struct kind")

    def type(self, text: str, package: str) -> Type:
        """Return a type as the package `package` spells it.

        Raises:
            KeyError: the table has no such type.
        """
        known = self._made.get((text, package))
        if known is None:
            known = self._made[text, package] = self._type(text, package, "")
        return known

    def _type(self, text: str, package: str, go_name: str) -> Type:
        """Make a type; `go_name` is its name if it has one of its own."""
        if text in _SCALARS:
            return _SCALARS[text](go_name or text.replace("[]byte", "[]uint8"))
        if text.startswith("[]"):
            element = self.type(text[2:], package)
            return ListType(go_name or f"[]{element.go_name}", element)
        if text.startswith("map["):
            key, _, value = text[4:].partition("]")
            element = self.type(value, package)
            return MapType(go_name or f"map[{self.type(key, package).go_name}]{element.go_name}", element)
        if "." in text:
            return self._named(text)
        return self.type(f"{package}.{text}", "")

    def _named(self, name: str) -> Type:
        package, _, own = name.rpartition(".")
        go_name = f"{package.rpartition('/')[2]}.{own}"
        if name in _OPAQUE:
            return _named(_OPAQUE[name](go_name), name)
        if own in _UNIONS:
            return _named(_UNIONS[own](go_name, self.struct(f"{package}.JSONSchemaProps")), name)
        head, _, fields = self._blocks[name].partition("\n")
        underlying, *notes = head.split(" ")
        if underlying == "struct":
            map_type = "".join(note.removeprefix("map=") for note in notes if note != "kind")
            return StructType(name, partial(self._fields, fields, name), map_type)
        if "nullable-message" in notes:
            return MessageListType(go_name, self.type("string", ""))
        return self._type(underlying, package, go_name)

    def _fields(self, lines: str, struct: str) -> tuple[Field, ...]:
        package, _, own = struct.rpartition(".")
        return tuple(self._field(line, package, own) for line in lines.split("\n") if line)

    def _field(self, line: str, package: str, struct: str) -> Field:
        name, number, text, *words = line.split()
        notes = dict(word.partition("=")[::2] for word in words)
        return Field(
            path_name=FieldName("" if name == "inline" else name, struct),
            number=0 if number == "-" else int(number),
            go_type=self.type(text.removeprefix("*"), package),
            pointer=text.startswith("*"),
            omit_empty="omitempty" in notes,
            omit_zero="omitzero" in notes,
            published=Published(
                required="required" in notes,
                default=orjson.loads(notes["default"]) if "default" in notes else None,
                list_type=notes.get("list", ""),
                list_map_keys=tuple(notes["keys"].split(",")) if "keys" in notes else (),
                map_type=notes.get("map", ""),
                patch_strategy=notes.get("patch", ""),
                patch_merge_key=notes.get("merge-key", ""),
                gates=tuple(notes["gate"].split(",")) if "gate" in notes else (),
            ),
        )


def _named(go_type: Type, name: str) -> Type:
    go_type.name = name
    return go_type


@cache
def go_types() -> TypeTable:
    """Return the table that comes with the package."""
    return TypeTable(files(__package__).joinpath("table.txt").read_text(encoding="utf-8"))
