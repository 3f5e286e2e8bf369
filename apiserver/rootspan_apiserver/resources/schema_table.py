"""The built-in types, read from `facts/types.txt` into `Schema`s.

A line that begins in the first column is a type; the lines below it, one blank in, are its fields. Words: the name (`*` after it:
required), the type, and notes. `[]` before a type is a list, `{}` a map; a type with a dot is another line's. Types are read when first
asked for, each once; equal fields share one `Schema`.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.resources.schema import Schema

META = "meta.v1."
PACKAGES = {
    "": "core",
    "authentication.k8s.io": "authentication",
    "authorization.k8s.io": "authorization",
    "rbac.authorization.k8s.io": "rbac",
    "apiextensions.k8s.io": "apiextensions",
    "apiregistration.k8s.io": "apiregistration",
    "flowcontrol.apiserver.k8s.io": "flowcontrol",
}


def go_package(group: str) -> str:
    """The Go package of a group's types: its first word, but for a few."""
    return PACKAGES.get(group) or group.partition(".")[0]


def type_name(kind: GroupVersionKind) -> str:
    """The name in the table of a kind, e.g. `apps.v1.Deployment`."""
    return f"{go_package(kind.group)}.{kind.version}.{kind.kind}"


class SchemaTable:
    def __init__(self, text: str) -> None:
        self._lines: dict[str, tuple[str, list[str]]] = {}
        fields: list[str] = []
        for line in text.splitlines():
            if line[0] == " ":
                fields.append(line)
            else:
                name, _, notes = line.partition(" ")
                fields = []
                self._lines[name] = (notes, fields)
        self._types: dict[str, Schema] = {}
        self._fields: dict[str, Schema] = {}

    def names(self) -> Iterable[str]:
        return self._lines.keys()

    def type(self, name: str) -> Schema:
        """The schema of a type.

        Raises:
            KeyError: the table has no such type.
        """
        known = self._types.get(name)
        if known is not None:
            return known
        notes, lines = self._lines[name]
        fields = [line[1:].partition(" ") for line in lines]
        properties: dict[str, Schema] = {}
        schema = replace(
            self._field(notes),
            properties=properties,
            required=frozenset(field[:-1] for field, _, _ in fields if field[-1] == "*"),
            preserve_unknown_fields=not fields,
        )
        self._types[name] = schema
        for field, _, rest in fields:
            properties[field.rstrip("*")] = self._field(rest)
        return schema

    def text(self, name: str) -> tuple[str, list[str]]:
        """A type's line after its name, and the lines of its fields."""
        return self._lines[name]

    def references(self, name: str) -> set[str]:
        """The types that a type's fields name."""
        notes, lines = self._lines[name]
        words = {notes.split()[0], *(line[1:].split(" ", 2)[1] for line in lines)}
        return {word.lstrip("[]{}") for word in words if "." in word}

    def _field(self, text: str) -> Schema:
        known = self._fields.get(text)
        if known is None:
            word, *notes = text.split(" ")
            known = self._typed(word)
            if notes:
                known = replace(known, **_notes(notes))
            if "." not in word:
                self._fields[text] = known
        return known

    def _typed(self, word: str) -> Schema:
        if word.startswith("[]"):
            return Schema(type="array", items=self._field(word[2:]))
        if word.startswith("{}"):
            return Schema(type="object", additional=self._field(word[2:]))
        if "." in word:
            return self.type(word)
        if word == "int-or-string":
            return Schema(int_or_string=True)
        if word == "any":
            return Schema(preserve_unknown_fields=True)
        kind, _, form = word.rstrip(")").partition("(")
        return Schema(type=cast("Any", kind), format=form)


def _notes(notes: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for note in notes:
        key, _, value = note.partition("=")
        match key:
            case "list":
                found["list_type"] = value
            case "keys":
                found["list_map_keys"] = tuple(value.split(","))
            case "map":
                found["map_type"] = value
            case "patch":
                found["patch_strategies"] = frozenset(value.split(","))
            case "merge-key":
                found["patch_merge_key"] = value
            case "pointer":
                found["pointer"] = True
            case "default":
                found["default"] = orjson.loads(value)
    return found


@cache
def builtin_types() -> SchemaTable:
    """The table that comes with the package."""
    facts = files("rootspan_apiserver.resources").joinpath("facts/types.txt")
    return SchemaTable(facts.read_text(encoding="utf-8"))
