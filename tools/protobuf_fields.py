"""Writes the table of the API's Go types that the codec reads: for each struct its fields, with JSON name, protobuf number, type,
whether a pointer and whether left out when empty.

    python tools/protobuf_fields.py DIRECTORY... > apiserver/rootspan_apiserver/codec/types.txt

Each directory is a Go module (k8s.io/api, k8s.io/apimachinery, k8s.io/apiextensions-apiserver, k8s.io/kube-aggregator) checked out at
the version to be served; its declarations are read, nothing of it is run. The format is told in `rootspan_apiserver.codec.types`.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WELL_KNOWN = {
    "api/resource.Quantity": "q",
    "meta/v1.Time": "t",
    "meta/v1.MicroTime": "m",
    "meta/v1.Duration": "d",
    "meta/v1.FieldsV1": "v",
    "util/intstr.IntOrString": "n",
    "runtime.RawExtension": "r",
    "runtime.Object": "r",
    "apiextensions/v1.JSON": "j",
    "apiextensions/v1beta1.JSON": "j",
    "apiextensions/v1.JSONSchemaPropsOrBool": "B",
    "apiextensions/v1beta1.JSONSchemaPropsOrBool": "B",
    "apiextensions/v1.JSONSchemaPropsOrArray": "A",
    "apiextensions/v1beta1.JSONSchemaPropsOrArray": "A",
    "apiextensions/v1.JSONSchemaPropsOrStringArray": "S",
    "apiextensions/v1beta1.JSONSchemaPropsOrStringArray": "S",
}
PRIMITIVES = {
    "string": "s",
    "bool": "b",
    "int": "l",
    "int32": "i",
    "int64": "l",
    "uint8": "i",
    "float64": "f",
    "[]byte": "y",
}

STRUCT = re.compile(r"^type (\w+) struct ?\{(\}|.*?^\})", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"^type (\w+) (?:= )?(?!struct)([\w.\[\]*]+)\s*$", re.MULTILINE)
FIELD = re.compile(r"^\s*(?:(\w+)\s+)?([\w.\[\]*]+)\s+`([^`]*)`", re.MULTILINE)
IMPORT = re.compile(r'^\s*(?:import\s+)?(?:(\w+)\s+)?"([\w./-]+)"', re.MULTILINE)
GROUP = re.compile(r'GroupName\s*=\s*"([^"]*)"')


@dataclass(frozen=True)
class Declaration:
    package: str
    imports: dict[str, str]
    body: str
    struct: bool


def short(path: str) -> str:
    """`k8s.io/apimachinery/pkg/apis/meta/v1` → `meta/v1`."""
    path = re.sub(r"^k8s\.io/(api|apimachinery|apiextensions-apiserver|kube-aggregator)/", "", path)
    return re.sub(r"^pkg/(apis/)?", "", path)


def declarations(modules: list[Path]) -> tuple[dict[str, Declaration], dict[str, str]]:
    found: dict[str, Declaration] = {}
    groups: dict[str, str] = {}
    for module in modules:
        for file in sorted(module.rglob("*.go")):
            if file.name.startswith(("zz_generated", "generated")) or file.name.endswith("_test.go"):
                continue
            relative = file.parent.relative_to(module)
            if any(
                part in {"examples", "testdata", "test", "testing", "testapigroup", "fuzzer"} for part in relative.parts
            ):
                continue
            package = short(f"k8s.io/{module.name}/{relative}")
            text = re.sub(r"^\s*//.*$", "", file.read_text(), flags=re.MULTILINE)
            if match := GROUP.search(text):
                groups[package] = match[1]
            imports = {alias or path.rsplit("/", 1)[-1]: short(path) for alias, path in IMPORT.findall(text)}
            for name, body in STRUCT.findall(text):
                found[f"{package}.{name}"] = Declaration(package, imports, body, struct=True)
            for name, body in NAMED.findall(text):
                found[f"{package}.{name}"] = Declaration(package, imports, body, struct=False)
    return found, groups


class Table:
    def __init__(self, found: dict[str, Declaration]) -> None:
        self.found = found
        self.needed: dict[str, list[str]] = {}

    def type(self, text: str, owner: Declaration) -> str:
        if text in PRIMITIVES:
            return PRIMITIVES[text]
        if text.startswith("*"):
            return "*" + self.type(text[1:], owner)
        if text.startswith("[]"):
            return "[" + self.type(text[2:], owner)
        if text.startswith("map["):
            return "{" + self.type(text[text.index("]") + 1 :], owner)
        alias, dot, name = text.rpartition(".")
        package = owner.imports.get(alias, alias) if dot else owner.package
        full = f"{package}.{name}"
        if full in WELL_KNOWN:
            for part in ("JSONSchemaProps",) if WELL_KNOWN[full] in "BAS" else ():
                self.struct(f"{package}.{part}")
            return WELL_KNOWN[full]
        declaration = self.found.get(full)
        if declaration is None:
            return "s"
        if declaration.struct:
            self.struct(full)
            return full
        if name in {"ExtraValue", "Verbs"}:
            return "x"
        return self.type(declaration.body, declaration)

    def struct(self, full: str) -> None:
        if full in self.needed:
            return
        declaration = self.found[full]
        fields: list[str] = []
        self.needed[full] = fields
        fields.extend(self.fields(declaration))

    def fields(self, declaration: Declaration) -> Iterator[str]:
        for _, go_type, tags in FIELD.findall(declaration.body):
            json_tag = re.search(r'json:"([^"]*)"', tags)
            protobuf_tag = re.search(r'protobuf:"\w+,(\d+)', tags)
            if json_tag is None or go_type in {"TypeMeta", "metav1.TypeMeta", "v1.TypeMeta"}:
                continue
            name, *options = json_tag[1].split(",")
            if name == "-":
                continue
            number = protobuf_tag[1] if protobuf_tag else "0"
            mark = ("?" if "omitempty" in options else "") + ("~" if "omitzero" in options else "")
            field_type = self.type(go_type, declaration)
            short_type = field_type.replace(f"{declaration.package}.", ".")
            yield f"{name}:{number}:{short_type}{mark}"


def main(arguments: list[str]) -> None:
    found, groups = declarations([Path(argument) for argument in arguments])
    table = Table(found)
    kinds: dict[str, str] = {}
    for full, declaration in found.items():
        package = declaration.package
        version = package.rsplit("/", 1)[-1]
        if declaration.struct and "TypeMeta `json" in declaration.body and re.fullmatch(r"v\d+\w*", version):
            group = groups.get(package)
            if group is None:
                continue
            table.struct(full)
            kind = full.rpartition(".")[2]
            kinds[f"{group}/{version}/{kind}"] = full
    table.struct("meta/v1.WatchEvent")
    kinds["meta.k8s.io/v1/WatchEvent"] = "meta/v1.WatchEvent"
    for name, fields in sorted(table.needed.items()):
        print("\t".join([name, *fields]))
    print()
    for kind, full in sorted(kinds.items()):
        print(f"{kind}\t{full}")


if __name__ == "__main__":
    main(sys.argv[1:])
