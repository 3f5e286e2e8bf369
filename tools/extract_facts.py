"""Write the tables of the resources that the simulated kube-apiserver serves and of the columns of their tables.

    python tools/extract_facts.py OPENAPI DISCOVERY COLUMNS OUTPUT

OPENAPI holds the OpenAPI v3 documents that Kubernetes publishes, one for each group-version. DISCOVERY is a JSON object from path to the
legacy discovery document that a running server answered there, and decides what is served. COLUMNS is a JSON object from a resource's path
to the columns of its table. OUTPUT is the root of the package.

Only facts are carried over (names, kinds, verbs), in a notation of this project's own; no text is.
"""

import json
import sys
from pathlib import Path
from typing import Any

JSONObject = dict[str, Any]
ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
REFERENCE = "#/components/schemas/"


class Deletes:
    """What a delete answers, according to the published documents of the served group-versions."""

    def __init__(self, openapi: Path, served: set[str]) -> None:
        self._schemas: dict[str, str] = {}
        self._kinds: dict[tuple[str, str, str], str] = {}
        for file in sorted(openapi.glob("*_openapi.json")):
            document = json.loads(file.read_text())
            if "/" + file.name.removesuffix("_openapi.json").replace("__", "/") in served:
                self._read(document)

    def _read(self, document: JSONObject) -> None:
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            if not name.startswith("io.k8s.apimachinery"):
                for kind in schema.get("x-kubernetes-group-version-kind", []):
                    self._kinds[kind["group"], kind["version"], kind["kind"]] = name
        for path, item in document["paths"].items():
            if path.endswith("{name}") and "delete" in item:
                answer = item["delete"]["responses"]["200"]["content"]["application/json"]["schema"]
                collection = path.replace("/namespaces/{namespace}", "").removesuffix("/{name}")
                self._schemas[collection] = answer["$ref"].removeprefix(REFERENCE)

    def return_object(self, collection: str, kind: tuple[str, str, str]) -> bool:
        """Whether deleting an object of `kind` below the path `collection` answers the object."""
        return self._schemas.get(collection) == self._kinds.get(kind, "-")


def resource_lines(documents: JSONObject, deletes: Deletes) -> list[str]:
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
            if not subresource and deletes.return_object(f"{path}/{name}", kind_at):
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
    openapi, discovery, columns, output = map(Path, sys.argv[1:])
    documents = json.loads(discovery.read_text())
    for file, lines in (
        (output / "resources/facts/resources.txt", resource_lines(documents, Deletes(openapi, set(documents)))),
        (output / "tables/columns.txt", column_lines(json.loads(columns.read_text()))),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
