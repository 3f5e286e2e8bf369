"""Write the rules that Kubernetes declares in its Go types as a readable table.

    python tools/declared_rules.py DIRECTORY VERSION > apiserver/rootspan_apiserver/rules/declared_v1_36.txt

DIRECTORY is a checkout of k8s.io/api at the tag VERSION (for instance v0.36.2). The table has one block a type and one line a field,
in the order of the Go struct, and holds only facts: names, types, and the `+k8s:` validation tags. A type or field is listed when it
carries a tag or a tag can be reached through it, or when it is the key of a list. `rules/declared.py` makes rules of the table.

The notation, beside that of Go:

    resource/v1.DeviceClassSpec struct                      a type: its name (package and Go name) and what it is
      selectors []DeviceSelector alpha:optional             a field: its JSON name, its Go type, and its tags, one a word
      status Status alpha:item(type="Approved"):optional    a tag with arguments and a tag that it wraps
      - DeviceConfiguration                                 a field that Go embeds and JSON inlines

`since` of the level prefixes is left out; an enum lists the values of its Go constants; `default=` repeats `+default` of a field that
is optional.

Raises `ValueError` for a tag that it does not know, so that no rule of a later version is dropped in silence.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

VALIDATIONS = re.compile(
    "alpha|beta|customUnique|discriminator|eachKey|enum|forbidden|format|ifDisabled|ifEnabled|immutable|isSubresource|item|listMapKey"
    "|listType|maxBytes|maxItems|maxLength|maximum|member|minimum|optional|required|subfield|supportsSubresource|unionMember|unique"
    "|update|zeroOrOneOfMember"
)
OTHERS = ("conversion-", "deepcopy-", "deprecated", "openapi-", "prerelease-", "protobuf-", "validation-gen")
FOREIGN = {"types.UID": "string", "types.NodeName": "string"}

TYPE = re.compile(r"type (\w+) (=\s*)?(.+?)( \{.*)?$")
MEMBER = re.compile(r'(?:(\w+)\s+)?([\w.*\[\]]+)\s+`(?:.*\s)?json:"([^",]*)(?:,([^"]*))?"')
CONSTANT = re.compile(r'\w+(?:\s+(\w+))?\s*=\s*(?:(\w+)\()?("[^"]*")')
IMPORT = re.compile(r'(\w+)?\s*"k8s\.io/(api|apimachinery/pkg/apis)/([\w/]+)"')
TAG = re.compile(r"\+k8s:(\w[\w-]*)(?:\(([^)]*)\))?(?:=(\+?.*))?$")


@dataclass
class Member:
    """A field of a struct: its JSON name ("" where JSON inlines it), its Go type with full names, and its tags."""

    name: str
    type: str
    tags: list[str]


@dataclass
class GoType:
    """A named type: what stands behind the name (`struct`, or another type), the tags of the type, and the fields of a struct."""

    name: str
    kind: str
    tags: list[str]
    members: list[Member] = field(default_factory=list)


def tag_word(text: str) -> str | None:
    """Return a tag of a comment as a word of the table, or None where it declares no validation."""
    match = TAG.match(text.split(" # ")[0].strip())
    if match is None:
        return None
    name, arguments, value = match.groups()
    if name.startswith(OTHERS):
        return None
    if not VALIDATIONS.fullmatch(name):
        raise ValueError(f"unknown tag {text!r}")
    if arguments and name not in ("alpha", "beta"):
        pairs = [re.sub(r"^(\w+):\s*", r"\1=", argument.strip()) for argument in arguments.split(",")]
        name += f"({','.join(pair if '=' in pair else pair.strip(chr(34)) for pair in pairs)})"
    if re.search(r"\s", f"{name}{'' if value is None or value.startswith('+') else value}"):
        raise ValueError(f"the tag {text!r} is no word of a table")
    if value is None:
        return name
    if value.startswith("+"):
        wrapped = tag_word(value)
        return None if wrapped is None else f"{name}:{wrapped}"
    return f"{name}={value.strip(chr(34))}"


def tags_of(comments: list[str]) -> list[str]:
    """Return the words of the tags of a comment, with the default of an optional field at the end."""
    words = [word for comment in comments if comment.startswith("+k8s:") and (word := tag_word(comment)) is not None]
    defaults = [comment.removeprefix("+default=") for comment in comments if comment.startswith("+default=")]
    if defaults and any(word.endswith("optional") for word in words):
        json.loads(defaults[0])  # raises where the default is no JSON value: such a default is not understood here
        words.append("default=" + defaults[0])
    return words


class Package:
    """The types and constants of one directory of Go files."""

    def __init__(self, root: Path, directory: Path) -> None:
        self.name = directory.relative_to(root).as_posix()
        self.types: dict[str, GoType] = {}
        self.constants: list[tuple[str, str]] = []
        for path in sorted(directory.glob("*.go")):
            if not path.name.endswith(("_test.go", ".pb.go")) and not path.name.startswith("zz_"):
                self._read(path.read_text(encoding="utf-8").splitlines())

    def _read(self, lines: list[str]) -> None:
        imports: dict[str, str] = {}
        comments: list[str] = []
        current: GoType | None = None
        for line in map(str.strip, lines):
            if line.startswith("//"):
                comments.append(line.removeprefix("//").strip())
                continue
            if match := IMPORT.match(line):
                imports[match[1] or match[3].rsplit("/", 1)[-1]] = match[3]
            elif current is None and (match := TYPE.match(line)):
                kind = match[3]
                found = GoType(
                    f"{self.name}.{match[1]}",
                    kind if kind == "struct" else self._full(kind, imports),
                    tags_of(comments),
                )
                self.types[found.name] = found
                current = found if kind == "struct" and not line.endswith("}") else None
            elif current is not None and line == "}":
                current = None
            elif current is not None and (match := MEMBER.match(line)):
                _, kind, name, options = match.groups()
                name = "" if options == "inline" else name
                current.members.append(Member(name, self._full(kind, imports), tags_of(comments)))
            elif current is None and (match := CONSTANT.match(line.removeprefix("const "))):
                self.constants.append((f"{self.name}.{match[1] or match[2]}", json.loads(match[3])))
            comments = comments if not line and current is None else []

    def _full(self, kind: str, imports: dict[str, str]) -> str:
        """Return a type with the package in each name: `[]Device` as `[]resource/v1.Device`."""

        def full(match: re.Match[str]) -> str:
            package, _, name = match[0].rpartition(".")
            if match[0] in FOREIGN:
                return FOREIGN[match[0]]
            if package:
                return f"{imports.get(package, package)}.{name}"
            return f"{self.name}.{name}" if name[0].isupper() else name

        return re.sub(r"[A-Za-z_][\w.]*", full, kind)


def named_in(kind: str) -> list[str]:
    """Return the named types of a Go type: of `map[resource/v1.QualifiedName]resource/v1.Counter` both."""
    return re.findall(r"[\w/]+\.\w+", kind)


class Universe:
    """All packages of the checkout, and which of their types are worth a block."""

    def __init__(self, root: Path) -> None:
        packages = [Package(root, path) for path in sorted({path.parent for path in root.rglob("*.go")})]
        types = (found for package in packages for found in package.types.values())
        self.types = {
            found.name: found for found in types if all(member.type != "meta/v1.ListMeta" for member in found.members)
        }
        self.constants = [constant for package in packages for constant in package.constants]
        self.listed = {
            name for name, found in self.types.items() if found.tags or any(member.tags for member in found.members)
        }
        while more := {
            name for name in self.types.keys() - self.listed if self.listed.intersection(self._inside(name))
        }:
            self.listed |= more
        self.keys = {
            (inner, tag.rpartition("=")[2])
            for name in self.listed
            for member in self.types[name].members
            for tag in member.tags
            for inner in named_in(member.type)
            if "listMapKey=" in tag
        }
        self.listed |= {name for name, _ in self.keys if name in self.types}

    def _inside(self, name: str) -> Iterator[str]:
        found = self.types[name]
        for kind in [found.kind, *(member.type for member in found.members)]:
            yield from named_in(kind)

    def _named(self, name: str) -> bool:
        """Return whether the table says what a name stands for: a listed type, or one that is not a struct."""
        return name in self.listed or (name in self.types and self.types[name].kind != "struct")

    def text(self) -> Iterator[str]:
        """Return the blocks of the table, by the names of their types."""
        blocks, written = sorted(self.listed), set[str]()
        lines: dict[str, list[str]] = {}
        while blocks:
            name = blocks.pop()
            written.add(name)
            found = self.types[name]
            lines[name] = [" ".join([name, found.kind, *(self._enum(name, tag) for tag in found.tags)])]
            for member in found.members:
                if member.tags or (name, member.name) in self.keys or self.listed.intersection(named_in(member.type)):
                    lines[name].append("  " + " ".join([member.name or "-", member.type, *member.tags]))
                    blocks += [inner for inner in named_in(member.type) if self._named(inner) and inner not in written]
        for name in sorted(lines):
            package = name.partition(".")[0] + "."
            head, *members = lines[name]
            yield ""
            yield head
            yield from (line.replace(package, "") for line in members)

    def _enum(self, name: str, tag: str) -> str:
        if not tag.endswith("enum"):
            return tag
        values = sorted(value for kind, value in self.constants if kind == name)
        if not values or any(re.search(r"[\s,()]", value) for value in values):
            raise ValueError(f"the constants of {name} cannot be written as words: {values}")
        return f"{tag}({','.join(values)})"


def main(directory: str, version: str) -> None:
    print(
        f"# Rules that Kubernetes declares in its Go types. Source: k8s.io/api {version}, written by tools/declared_rules.py."
    )
    print("\n".join(Universe(Path(directory)).text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
