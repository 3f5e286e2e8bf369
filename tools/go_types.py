"""Write the table of Kubernetes' Go types, of which the server's reading, writing, protobuf, schemas and OpenAPI documents are views.

    python tools/go_types.py DIRECTORY... > apiserver/rootspan_apiserver/types/table.txt

Each directory is a Go module (k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator), checked out at the
version to be served. Its declarations, their struct tags and marker comments are read; nothing of it is run. The table holds what the kinds
of these modules consist of. `rootspan_apiserver.types.table` describes its form.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

IGNORED_DIRECTORIES = {"examples", "testdata", "test", "testing", "testapigroup", "fuzzer"}
TYPE_META = "meta/v1.TypeMeta"
WITHOUT_TYPE_META = ("meta/v1.Patch", "meta/v1.WatchEvent")
"""Structs that the server needs though they are no kinds."""
SCALARS = {"bool", "byte", "float64", "int", "int32", "int64", "string", "uint8"}
OPAQUE = {
    "api/resource.Quantity",
    "apiextensions/v1.JSON",
    "apiextensions/v1beta1.JSON",
    "meta/v1.FieldsV1",
    "meta/v1.MicroTime",
    "meta/v1.Time",
    "runtime.Object",
    "runtime.RawExtension",
    "util/intstr.IntOrString",
}
"""Types that read and write themselves: their fields are of no interest."""
UNIONS = ("JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray")

COMMENT_BLOCK = r"((?:^[ \t]*//[^\n]*\n)*)"
DECLARATION = re.compile(
    COMMENT_BLOCK + r"^type (\w+) (?:struct ?\{(\}|.*?^\})|(?:= )?([^\s{]+)[ \t]*$)", re.MULTILINE | re.DOTALL
)
FIELD = re.compile(COMMENT_BLOCK + r"^[ \t]*(?:(\w+)[ \t]+)?([\w.\[\]*]+)[ \t]+`([^`]*)`", re.MULTILINE)
IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([\w./-]+)"', re.MULTILINE)
GROUP = re.compile(r'GroupName\s*=\s*"([^"]*)"')
CONSTANT = re.compile(r'^\s*(\w+)\s+\w+\s*=\s*("[^"]*")', re.MULTILINE)
MARKER = re.compile(r"^[ \t]*//[ \t]*\+([\w:.]+)(?:=(.*?))?[ \t]*$", re.MULTILINE)
TAG = re.compile(r'(\w+):"([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A type: its `fields` (the text of a struct's body) or the type that it `renames`."""

    package: str
    imports: dict[str, str]
    markers: dict[str, list[str]]
    fields: str
    renames: str

    @property
    def is_kind(self) -> bool:
        return re.search(r"^\s*(\w+\.)?TypeMeta\s+`json", self.fields, re.MULTILINE) is not None


def short(path: str) -> str:
    """`k8s.io/apimachinery/pkg/apis/meta/v1` → `meta/v1`."""
    path = re.sub(r"^k8s\.io/(api|apimachinery|apiextensions-apiserver|kube-aggregator)/", "", path)
    return re.sub(r"^pkg/(apis/)?", "", path)


def markers(comments: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in MARKER.findall(comments):
        found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True)
class Source:
    """What is declared: types by name (`core/v1.Pod`); of packages the import path and the API group; text constants by name."""

    types: dict[str, Declaration] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)


def read(modules: list[Path]) -> Source:
    source = Source()
    for module in modules:
        for file in sorted(module.rglob("*.go")):
            relative = file.parent.relative_to(module)
            if file.name.startswith(("zz_generated", "generated")) or file.name.endswith("_test.go"):
                continue
            if IGNORED_DIRECTORIES.intersection(relative.parts):
                continue
            path = f"k8s.io/{module.name}/{relative}"
            package = short(path)
            source.paths[package] = path
            text = file.read_text()
            if match := GROUP.search(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)):
                source.groups[package] = match[1]
            source.constants.update((f"{package}.{name}", value) for name, value in CONSTANT.findall(text))
            imports = {alias or path.rsplit("/", 1)[-1]: short(path) for alias, path in IMPORT.findall(text)}
            for comments, name, fields, renames in DECLARATION.findall(text):
                source.types[f"{package}.{name}"] = Declaration(
                    package=package, imports=imports, markers=markers(comments), fields=fields, renames=renames
                )
    return source


class Table:
    """Collects the lines of the types that are asked for, and of all that these consist of."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.packages: set[str] = set()
        self.lines: dict[str, list[str]] = {}

    def add(self, name: str) -> None:
        """Add the type `name`, once."""
        package, _, own = name.rpartition(".")
        self.packages.add(package)
        if name in self.lines or name in OPAQUE:
            return
        if own in UNIONS:
            self.add(f"{package}.JSONSchemaProps")
            return
        declaration = self.source.types[name]
        lines = self.lines[name] = []
        if declaration.renames:
            nullable = " nullable-message" if "protobuf.nullable" in declaration.markers else ""
            lines.append(f"{name} {self.type(declaration.renames, declaration)}{nullable}")
        else:
            atomic = [value for key in ("structType", "mapType") for value in declaration.markers.get(key, ())]
            kind = ["kind"] if declaration.is_kind else []
            lines.append(" ".join([name, "struct", *kind, *(f"map={value}" for value in atomic)]))
            lines.extend(self.fields(declaration))

    def type(self, text: str, owner: Declaration) -> str:
        """A type as `owner` spells it, with the packages' names in the table's spelling."""
        if text in SCALARS:
            return text
        for prefix in ("*", "[]"):
            if text.startswith(prefix):
                return prefix + self.type(text.removeprefix(prefix), owner)
        if text.startswith("map["):
            key, _, value = text.removeprefix("map[").partition("]")
            return f"map[{self.type(key, owner)}]{self.type(value, owner)}"
        full = self.full_name(text, owner)
        self.add(full)
        return full.removeprefix(f"{owner.package}.")

    @staticmethod
    def full_name(text: str, owner: Declaration) -> str:
        alias, dot, name = text.rpartition(".")
        return f"{owner.imports.get(alias, alias) if dot else owner.package}.{name}"

    def fields(self, declaration: Declaration) -> Iterator[str]:
        for comments, _, go_type, text in FIELD.findall(declaration.fields):
            tags = dict(TAG.findall(text))
            name, *options = tags.get("json", "-").split(",")
            if name == "-":
                continue
            protobuf = re.match(r"\w+,(\d+)", tags.get("protobuf", ""))
            words = [f"  {name or 'inline'}", protobuf[1] if protobuf else "-", self.type(go_type, declaration)]
            marked = markers(comments)
            if name:
                words += [option for option in options if option in ("omitempty", "omitzero")]
                if "required" in marked or ("optional" not in marked and "omitempty" not in options):
                    words.append("required")
                words += self.notes(marked, tags, declaration.package)
            yield " ".join(words)

    def notes(self, marked: dict[str, list[str]], tags: dict[str, str], package: str) -> Iterator[str]:
        for value in marked.get("listType", ()):
            yield f"list={value}"
        if "listMapKey" in marked:
            yield "keys=" + ",".join(marked["listMapKey"])
        for value in (*marked.get("structType", ()), *marked.get("mapType", ())):
            yield f"map={value}"
        if "patchStrategy" in tags:
            yield f"patch={tags['patchStrategy']}"
        if "patchMergeKey" in tags:
            yield f"merge-key={tags['patchMergeKey']}"
        if "featureGate" in marked:
            yield "gate=" + ",".join(marked["featureGate"])
        for value in marked.get("default", ()):
            constant = re.fullmatch(r"ref\((\w+)\)", value)
            yield "default=" + (self.source.constants[f"{package}.{constant[1]}"] if constant else value)


def main(arguments: list[str]) -> None:
    source = read([Path(argument) for argument in arguments])
    table = Table(source)
    for name, declaration in source.types.items():
        if declaration.is_kind and declaration.package in source.groups:
            table.add(name)
    for name in WITHOUT_TYPE_META:
        table.add(name)
    for package in sorted(table.packages):
        group = [f"group={source.groups[package]}"] if package in source.groups else []
        print(package, source.paths[package], *group)
    for _, lines in sorted(table.lines.items()):
        print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
