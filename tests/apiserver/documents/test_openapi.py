"""The OpenAPI v3 index and documents."""

from collections.abc import Iterator

import orjson

from rootspan_apiserver.documents.openapi import document, index, swagger
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.resources.custom.serving import ServedDefinitions
from tests.apiserver.resources.definitions import a_definition

META = "io.k8s.apimachinery.pkg.apis.meta.v1"


def content(path: str, registry: Registry | None = None) -> JSONObject:
    found = document(registry or builtin_registry(), path)
    assert found is not None
    decoded: JSONObject = orjson.loads(found.body)
    return decoded


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {str(value["$ref"])} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(child) for child in value.values()))
    return set[str]().union(*(references(child) for child in value)) if isinstance(value, list) else set()


def test_index_names_each_document_with_its_hash() -> None:
    """Every group, group-version and single path has a document, and the hash in the index is the document's."""
    registry = builtin_registry()
    paths = orjson.loads(index(registry))["paths"]
    assert {"api", "apis", "apis/apps", "apis/apps/v1", "version", "openid/v1/jwks"} <= paths.keys()
    assert len(paths) == 47
    for path, entry in paths.items():
        found = document(registry, path)
        assert found is not None
        assert entry == {"serverRelativeURL": f"/openapi/v3/{path}?hash={found.hash}"}
    assert document(registry, "apis/apps/v2") is None


def test_every_reference_leads_somewhere() -> None:
    """No document refers to a schema that it does not hold."""
    registry = builtin_registry()
    for path in orjson.loads(index(registry))["paths"]:
        described = content(path, registry)
        held = {f"#/components/schemas/{name}" for name in described["components"].get("schemas", ())}
        assert references(described) <= held


def test_patch_is_described_with_parameters_and_bodies() -> None:
    """kubectl looks here whether a server validates fields and takes strategic merge patches."""
    item = content("apis/apps/v1")["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    patch = item["patch"]
    assert [each["name"] for each in patch["parameters"]] == ["dryRun", "fieldManager", "fieldValidation", "force"]
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert patch["operationId"] == "patchAppsV1NamespacedDeployment"
    assert patch["x-kubernetes-action"] == "patch"
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "kind": "Deployment", "version": "v1"}
    assert set(item) == {"delete", "get", "parameters", "patch", "put"}


def test_delete_is_described_with_its_responses() -> None:
    """Clients choose how to read the answer by this."""
    paths = content("api/v1")["paths"]

    def answer(path: str) -> str:
        schema = paths[path]["delete"]["responses"]["200"]["content"]["application/json"]["schema"]
        return str(schema["$ref"]).rpartition("/")[2]

    assert answer("/api/v1/namespaces/{namespace}/pods/{name}") == "io.k8s.api.core.v1.Pod"
    assert answer("/api/v1/namespaces/{namespace}/configmaps/{name}") == f"{META}.Status"


def test_schemas_carry_kinds_and_merge_keys() -> None:
    """`kubectl explain` finds a type by its kind; merging clients by its keys."""
    schemas = content("apis/apps/v1")["components"]["schemas"]
    deployment = schemas["io.k8s.api.apps.v1.Deployment"]
    kind = {"group": "apps", "kind": "Deployment", "version": "v1"}
    assert deployment["x-kubernetes-group-version-kind"] == [kind]
    assert deployment["properties"]["spec"]["default"] == {}
    ports = schemas["io.k8s.api.core.v1.Container"]["properties"]["ports"]
    assert ports["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]
    assert ports["x-kubernetes-patch-merge-key"] == "containerPort"


def test_custom_resources_are_described() -> None:
    """A definition brings a document of its own, with its schema as given and without the patch type it does not take."""
    registry = builtin_registry()
    served = ServedDefinitions(registry)
    served.put(a_definition())
    described = content("apis/example.com/v1", registry)
    widget = described["components"]["schemas"]["com.example.v1.Widget"]
    assert widget["properties"]["spec"]["properties"]["size"] == {"type": "integer", "default": 1}
    assert widget["x-kubernetes-group-version-kind"] == [{"group": "example.com", "kind": "Widget", "version": "v1"}]
    patch = described["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    first = document(registry, "apis/example.com/v1")
    served.put(a_definition({"type": "object"}))
    second = document(registry, "apis/example.com/v1")
    assert first is not None
    assert second is not None
    assert first.hash != second.hash
    served.remove("widgets.example.com")
    assert document(registry, "apis/example.com/v1") is None


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protocol buffer, by number."""
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(data):
        key = varint()
        length = varint()
        if key & 7 == 2:
            yield key >> 3, data[at : at + length]
            at += length


def inside(data: bytes, *numbers: int) -> list[bytes]:
    """The values at a path of field numbers."""
    found = [data]
    for number in numbers:
        found = [value for each in found for key, value in fields(each) if key == number]
    return found


def test_swagger_describes_all_groups_in_one_document() -> None:
    """OpenAPI v2: every kind by its definition, references within the document, bodies as parameters."""
    registry = builtin_registry()
    described = orjson.loads(swagger(registry).body)
    assert references(described) <= {f"#/definitions/{name}" for name in described["definitions"]}
    patch = described["paths"]["/api/v1/namespaces/{name}"]["patch"]
    assert [each["name"] for each in patch["parameters"]] == [
        "body",
        "dryRun",
        "fieldManager",
        "fieldValidation",
        "force",
    ]
    assert "application/strategic-merge-patch+json" in patch["consumes"]
    port = described["definitions"]["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    assert port == {"type": "string", "format": "int-or-string"}


def test_swagger_in_protobuf_equals_json() -> None:
    """The message that kubectl reads holds each path and each definition, kinds included."""
    registry = builtin_registry()
    described = orjson.loads(swagger(registry).body)
    encoded = swagger(registry, protobuf=True).body
    paths = {name.decode() for name in inside(encoded, 8, 2, 1)}
    definitions = {name.decode() for name in inside(encoded, 9, 1, 1)}
    assert (paths, definitions) == (set(described["paths"]), set(described["definitions"]))
    named = dict(zip(inside(encoded, 9, 1, 1), inside(encoded, 9, 1, 2), strict=True))
    (kind,) = inside(named[b"io.k8s.api.apps.v1.Deployment"], 31, 2, 2)
    assert orjson.loads(kind) == [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    assert inside(named[b"io.k8s.api.apps.v1.Deployment"], 25, 1, 1) == [
        b"apiVersion",
        b"kind",
        b"metadata",
        b"spec",
        b"status",
    ]


def test_swagger_leaves_out_what_it_cannot_express() -> None:
    """A client that validates by it refuses nothing that the server takes."""
    registry = builtin_registry()
    choice = {
        "type": "object",
        "properties": {"a": {"type": "string", "nullable": True}},
        "oneOf": [{"required": ["a"]}],
    }
    ServedDefinitions(registry).put(a_definition({"type": "object", "properties": {"spec": choice}}))
    widget = orjson.loads(swagger(registry).body)["definitions"]["com.example.v1.Widget"]
    assert widget["properties"]["spec"] == {"type": "object", "properties": {"a": {}}}


def test_document_of_protobuf_has_the_paths_and_schemas_of_json() -> None:
    """The message `Document` names what the JSON names, under the same hash."""
    registry = builtin_registry()
    binary = document(registry, "apis/batch/v1", protobuf=True)
    text = document(registry, "apis/batch/v1")
    assert binary is not None
    assert text is not None
    assert binary.hash == text.hash
    described = orjson.loads(text.body)
    fields = dict(read_fields(binary.body))
    assert fields[1] == b"3.0.0"
    assert [dict(read_fields(each))[1].decode() for _, each in read_fields(fields[4])] == list(described["paths"])
    schemas = dict(read_fields(fields[5]))[1]
    named = {name[1].decode(): name[2] for name in (dict(read_fields(each)) for _, each in read_fields(schemas))}
    assert named.keys() == described["components"]["schemas"].keys()
    job = dict(read_fields(dict(read_fields(named["io.k8s.api.batch.v1.Job"]))[1]))
    assert job[25] == b"object"
    assert [dict(read_fields(each))[1].decode() for _, each in read_fields(job[31])] == list(
        described["components"]["schemas"]["io.k8s.api.batch.v1.Job"]["properties"]
    )


def read_fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a message that have a length."""
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        key = varint()
        match key & 7:
            case 0:
                varint()
            case 1:
                position += 8
            case 2:
                size = varint()
                yield key >> 3, message[position : position + size]
                position += size
            case kind:
                raise AssertionError(f"no such wire type: {kind}")
