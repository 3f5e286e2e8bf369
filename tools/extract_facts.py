"""Write the tables of facts that the simulated kube-apiserver is built on.

    python tools/extract_facts.py OPENAPI DISCOVERY EXAMPLES GO COLUMNS OUTPUT

OPENAPI holds the OpenAPI v3 documents that Kubernetes publishes, one a group-version. DISCOVERY is a JSON object from path to the legacy
discovery document that a running server answered there, and decides what is served. EXAMPLES holds objects of each kind in JSON, each
field set, as Kubernetes publishes them for its round-trip test, and gives fields the order in which the server writes them. GO holds the
Go types, `**/GROUP/VERSION/types*.go`, and tells which fields are pointers: the server leaves a zero value out of its answer unless it
stands behind a pointer. COLUMNS is a JSON object from a resource's path to the columns of its table. OUTPUT is the root of the package.

Only facts are carried over (names, types, keys, defaults), in a notation of this project's own; no text is.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

JSONObject = dict[str, Any]
ABBREVIATIONS = {
    "io.k8s.apimachinery.pkg.apis.meta.": "meta.",
    "io.k8s.apimachinery.pkg.": "",
    "io.k8s.apiextensions-apiserver.pkg.apis.": "",
    "io.k8s.kube-aggregator.pkg.apis.": "",
    "io.k8s.api.": "",
}
ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
REFERENCE = "#/components/schemas/"


def short(name: str) -> str:
    for prefix, abbreviation in ABBREVIATIONS.items():
        if name.startswith(prefix):
            return abbreviation + name.removeprefix(prefix)
    return name


def reference(schema: JSONObject) -> str:
    inner = schema["allOf"][0] if "allOf" in schema else schema
    return str(inner["$ref"]).removeprefix(REFERENCE) if "$ref" in inner else ""


def type_of(schema: JSONObject) -> str:
    if name := reference(schema):
        return short(name)
    if "oneOf" in schema:
        return "int-or-string"
    kind = schema.get("type", "any")
    if kind == "array":
        return "[]" + type_of(schema["items"])
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return "{}" + type_of(schema["additionalProperties"])
    return f"{kind}({schema['format']})" if "format" in schema else str(kind)


def notes(schema: JSONObject) -> list[str]:
    found = []
    for key, label in (
        ("x-kubernetes-list-type", "list"),
        ("x-kubernetes-list-map-keys", "keys"),
        ("x-kubernetes-map-type", "map"),
        ("x-kubernetes-patch-strategy", "patch"),
        ("x-kubernetes-patch-merge-key", "merge-key"),
    ):
        if key in schema:
            value = schema[key]
            found.append(f"{label}={','.join(value) if isinstance(value, list) else value}")
    if "default" in schema:
        found.append("default=" + json.dumps(schema["default"], separators=(",", ":")))
    return found


def references_in(schema: JSONObject) -> set[str]:
    found = {reference(schema)} - {""}
    for child in (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(child, dict):
            found |= references_in(child)
    return found


def read_pointers(go: Path) -> set[tuple[str, str]]:
    """The (type, field) pairs of pointer fields, those of embedded types among them."""
    pointers: set[tuple[str, str]] = set()
    embedded: list[tuple[str, str]] = []
    for file in go.glob("**/types*.go"):
        package = f"{file.parent.parent.name}.{file.parent.name}"
        inside = ""
        for line in file.read_text().splitlines():
            if begins := re.match(r"type (\w+) struct", line):
                inside = f"{package}.{begins[1]}"
            elif line.startswith("}"):
                inside = ""
            elif inside and (field := re.match(r'\s+\w+\s+(\*?)\S+\s+`.*json:"(\w+)', line)):
                if field[1]:
                    pointers.add((inside, field[2]))
            elif inside and (field := re.match(r'\s+(\w+)\s+`json:",inline"', line)):
                embedded.append((inside, f"{package}.{field[1]}"))
    return pointers | {(outer, key) for outer, inner in embedded for name, key in pointers if name == inner}


class Types:
    def __init__(self, openapi: Path, examples: Path, go: Path, served: set[str]) -> None:
        self.pointers = read_pointers(go)
        self.schemas: dict[str, JSONObject] = {}
        self.by_kind: dict[tuple[str, str, str], str] = {}
        self.order: dict[str, list[str]] = {}
        self.deletes: dict[str, str] = {}
        wanted: set[str] = set()
        for file in sorted(openapi.glob("*_openapi.json")):
            document = json.loads(file.read_text())
            group_version = file.name.removesuffix("_openapi.json").replace("__", "/")
            schemas = document.get("components", {}).get("schemas", {})
            self.schemas |= schemas
            if "/" + group_version in served:
                wanted |= schemas.keys()
                self._read_deletes(document["paths"])
        self.schemas = {name: self.schemas[name] for name in self._closure(wanted)}
        for name, schema in self.schemas.items():
            if not name.startswith("io.k8s.apimachinery"):
                for kind in schema.get("x-kubernetes-group-version-kind", []):
                    self.by_kind[kind["group"], kind["version"], kind["kind"]] = name
        for file in sorted(examples.glob("*.json")):
            example = json.loads(file.read_text())
            if "kind" in example and "apiVersion" in example:
                group, _, version = example["apiVersion"].rpartition("/")
                known = self.by_kind.get((group, version, example["kind"]))
                if known is not None:
                    self._learn_order(known, example)

    def _closure(self, wanted: set[str]) -> list[str]:
        seen: set[str] = set()
        todo = list(wanted)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo.extend(references_in(self.schemas[name]))
        return sorted(seen, key=short)

    def _read_deletes(self, paths: JSONObject) -> None:
        for path, item in paths.items():
            if path.endswith("{name}") and "delete" in item:
                answer = item["delete"]["responses"]["200"]["content"]["application/json"]["schema"]
                self.deletes[path.replace("/namespaces/{namespace}", "").removesuffix("/{name}")] = reference(answer)

    def _learn_order(self, name: str, example: object) -> None:
        schema = self.schemas.get(name, {})
        if isinstance(example, dict) and "properties" in schema:
            known = self.order.setdefault(name, [])
            for key, value in example.items():
                if key in schema["properties"]:
                    if key not in known:
                        known.append(key)
                    self._follow(schema["properties"][key], value)

    def _follow(self, schema: JSONObject, value: object) -> None:
        if name := reference(schema):
            self._learn_order(name, value)
        elif isinstance(value, list) and "items" in schema:
            for item in value:
                self._follow(schema["items"], item)
        elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            for item in value.values():
                self._follow(schema["additionalProperties"], item)

    def lines(self) -> list[str]:
        lines = []
        for name, schema in self.schemas.items():
            lines.append(" ".join([short(name), type_of(schema), *notes(schema)]))
            required = set(schema.get("required", ()))
            properties = schema.get("properties", {})
            learned = self.order.get(name, [])
            for key in [*learned, *(key for key in sorted(properties) if key not in learned)]:
                field = properties[key]
                pointer = ["pointer"] if (short(name), key) in self.pointers and not reference(field) else []
                lines.append(" ".join([" " + key + "*" * (key in required), type_of(field), *pointer, *notes(field)]))
        return lines


def resource_lines(documents: JSONObject, types: Types) -> list[str]:
    lines = []
    order = ["v1"]
    order += [version["groupVersion"] for group in documents["/apis"]["groups"] for version in group["versions"]]
    for group_version in order:
        path = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
        group, _, version = group_version.rpartition("/")
        lines.append(group_version)
        for resource in documents[path]["resources"]:
            name, _, subresource = resource["name"].partition("/")
            kind_at = (resource.get("group", group), resource.get("version", version), resource["kind"])
            words = []
            if subresource:
                words.append(f"  /{subresource}")
            else:
                words.append(f" {name} {resource['singularName']}")
            words.append(resource["kind"])
            if "group" in resource or "version" in resource:
                words.append(f"in={kind_at[0]}/{kind_at[1]}")
            if not subresource and not resource["namespaced"]:
                words.append("cluster")
            if resource["verbs"] != ALL_VERBS:
                words.append("verbs=" + ",".join(resource["verbs"]))
            for key, label in (("shortNames", "short"), ("categories", "categories")):
                if resource.get(key):
                    words.append(f"{label}={','.join(resource[key])}")
            if "storageVersionHash" in resource:
                words.append("stored")
            if not subresource and types.deletes.get(f"{path}/{name}") == types.by_kind.get(kind_at, "-"):
                words.append("deleted=object")
            lines.append(" ".join(words))
    return lines


def column_lines(columns: JSONObject) -> list[str]:
    lines = []
    for path, definitions in columns.items():
        lines.append(path)
        lines += [
            "\t".join([" " + column["name"], column["type"], column["format"], str(column["priority"])]).rstrip()
            for column in definitions
        ]
    return lines


def main() -> None:
    openapi, discovery, examples, go, columns, output = map(Path, sys.argv[1:])
    documents = json.loads(discovery.read_text())
    types = Types(openapi, examples, go, set(documents))
    for file, lines in (
        (output / "registry/facts/types.txt", types.lines()),
        (output / "registry/facts/resources.txt", resource_lines(documents, types)),
        (output / "tables/columns.txt", column_lines(json.loads(columns.read_text()))),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
