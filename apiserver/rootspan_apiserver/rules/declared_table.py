"""Read `declared_v1_36.txt`, the table of what Kubernetes declares about its fields, into values.

`tools/declared_rules.py` writes the table and explains its notation. A tag is a chain of words: `alpha:ifEnabled(Gate):minimum=0` is the
level `alpha`, a condition, and the tag `minimum` with the value 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

Shape = Literal["pointer", "list", "map", "struct", "string", "int", "bool"]
"""What a Go type is to its zero value: nil, empty, or a value."""

_WORD = re.compile(r"(\w+)(?:\(([^)]*)\))?(?:=(.*))?$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a tag: `item(type="Approved")` has an argument, `maxItems=8` a value."""

    name: str
    argument: str
    value: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: the levels, conditions and selectors that wrap it, from the outside in, and what it declares."""

    wrappers: tuple[Word, ...]
    word: Word

    @property
    def level(self) -> str:
        """ "alpha", "beta", or "" for a tag that is enforced."""
        return self.wrappers[0].name if self.wrappers and self.wrappers[0].name in ("alpha", "beta") else ""

    @property
    def sorted_name(self) -> str:
        """The name of the outermost word, by which upstream sorts tags."""
        return (*self.wrappers, self.word)[0].name

    def inside(self) -> tuple[Word, ...]:
        """Return the wrappers without the level."""
        return self.wrappers[1:] if self.level else self.wrappers


@dataclass(frozen=True, slots=True)
class Member:
    """A field: its JSON name ("" where Go embeds it), its Go type with full names, and its tags as they stand in the type."""

    name: str
    type: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class DeclaredType:
    """A type: "struct" or the type behind its name, its own tags, its fields in the order of the Go struct."""

    name: str
    kind: str
    tags: tuple[Tag, ...]
    members: tuple[Member, ...]

    def member(self, name: str) -> Member | None:
        return next((member for member in self.members if member.name == name), None)


@cache
def table() -> Mapping[str, DeclaredType]:
    """Return the types of the table by their names, such as "resource/v1.DeviceClassSpec". The file is read on the first call."""
    text = (files(__package__) / "declared_v1_36.txt").read_text(encoding="utf-8")
    return MappingProxyType({found.name: found for found in map(_block, text.split("\n\n")[1:])})


def _block(text: str) -> DeclaredType:
    head, *lines = text.strip().split("\n")
    name, kind, *words = head.split(" ")
    package = name.partition(".")[0]
    return DeclaredType(
        name, _full(kind, package), tuple(map(_tag, words)), tuple(_member(line.split(), package) for line in lines)
    )


def _member(words: list[str], package: str) -> Member:
    name, kind, *tags = words
    return Member(name.removeprefix("-"), _full(kind, package), tuple(map(_tag, tags)))


def _full(kind: str, package: str) -> str:
    """Return a Go type with the package before each name that has none."""
    return re.sub(r"(?<![\w/.])[A-Z]\w*", rf"{package}.\g<0>", kind)


def _tag(text: str) -> Tag:
    words = []
    for part in re.split(r":(?![^(]*\))", text):
        match = _WORD.match(part)
        assert match is not None, text
        words.append(Word(match[1], match[2] or "", match[3] or ""))
    return Tag(tuple(words[:-1]), words[-1])


def shape_of(kind: str) -> Shape:
    """Return the shape of a Go type; a name that the table does not have is a struct of another package."""
    if kind.startswith("*"):
        return "pointer"
    if kind.startswith("[]"):
        return "list"
    if kind.startswith("map["):
        return "map"
    if kind in ("string", "bool"):
        return "string" if kind == "string" else "bool"
    if kind.startswith("int"):
        return "int"
    found = table().get(kind)
    return "struct" if found is None or found.kind == "struct" else shape_of(found.kind)


def element_of(kind: str) -> str:
    """Return the type of what a list or map holds, or a pointer points to."""
    return re.sub(r"^(\*|\[\]|map\[[^\]]*\])", "", kind)
