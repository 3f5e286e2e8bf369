"""`/openapi/v2`: everything in one document, as clients before v1.27 want it, and kubectl still for a `List`.

It says what the documents of OpenAPI v3 say. What Swagger 2 cannot express (`oneOf`, `nullable`) is left out of the schemas of custom
resources, so that a client never refuses what the server accepts.

Upstream: k8s.io/kube-openapi/pkg/builder/openapi.go
"""

import orjson

from rootspan_apiserver.documents.openapi.components import components
from rootspan_apiserver.documents.openapi.documents import SECURITY, OpenAPIDocument, named_in, tagged
from rootspan_apiserver.documents.openapi.endpoints import VERSION_INFO, VERSION_SCHEMA, endpoint_paths
from rootspan_apiserver.documents.openapi.paths import paths_of
from rootspan_apiserver.documents.openapi.swagger_protobuf import encode_document
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.release import MAJOR, MINOR
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.per_revision import once_per_revision

PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
NOT_IN_SWAGGER_2 = {"oneOf", "anyOf", "not", "nullable", "allOf", "x-kubernetes-unions"}


@once_per_revision
def swagger(registry: Registry, *, protobuf: bool = False) -> OpenAPIDocument:
    """Return the document in JSON, or in the protocol buffers of gnostic (media type `PROTOBUF_V2`)."""
    content = _content(registry)
    return tagged(encode_document(content) if protobuf else orjson.dumps(content))


def _content(registry: Registry) -> JSONObject:
    resources = list(registry.resources())
    paths: JSONObject = {}
    for own in endpoint_paths(registry).values():
        paths |= own
    for resource in resources:
        paths |= paths_of(resource)
    schemas = {**components(resources, named_in(paths) - {VERSION_INFO}, v2=True), VERSION_INFO: VERSION_SCHEMA}
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": f"{MAJOR}.{MINOR}"},
        "paths": {path: _item(paths[path]) for path in sorted(paths)},
        "definitions": {name: _schema(schema) for name, schema in schemas.items()},
        "securityDefinitions": dict(SECURITY),
        "security": [{name: [] for name in SECURITY}],
    }


def _item(item: JSONObject) -> JSONObject:
    methods = {key: _operation(value) for key, value in item.items() if key != "parameters"}
    shared = [_parameter(each) for each in item.get("parameters", ())]
    return {**methods, "parameters": shared} if shared else methods


def _parameter(parameter: JSONObject) -> JSONObject:
    return {**{key: value for key, value in parameter.items() if key != "schema"}, **parameter["schema"]}


def _operation(operation: JSONObject) -> JSONObject:
    parameters = [_parameter(each) for each in operation.get("parameters", ())]
    consumes = ["*/*"]
    if (body := operation.get("requestBody")) is not None:
        consumes = list(body["content"])
        schema = _schema(next(iter(body["content"].values()))["schema"])
        own = {"in": "body", "name": "body", "schema": schema}
        parameters.insert(0, {**own, "required": True} if body.get("required") else own)
    answers = operation["responses"]
    found: JSONObject = {
        "operationId": operation["operationId"],
        "tags": operation["tags"],
        "consumes": consumes,
        "produces": list(answers["200"].get("content", ())),
        "responses": {code: _response(code, answer) for code, answer in answers.items()},
    }
    if parameters:
        found["parameters"] = parameters
    return found | {key: value for key, value in operation.items() if key.startswith("x-")}


def _response(code: str, answer: JSONObject) -> JSONObject:
    described = {"200": "OK", "201": "Created", "202": "Accepted", "401": "Unauthorized"}[code]
    for shown in answer.get("content", {}).values():
        return {"description": described, "schema": _schema(shown["schema"])}
    return {"description": described}


def _schema(schema: JSONObject) -> JSONObject:
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
    alone = schema.get("allOf")
    if alone and len(alone) == 1 and "$ref" in alone[0]:
        kept = {key: value for key, value in schema.items() if key == "description" or key.startswith("x-")}
        return {**_schema(alone[0]), **kept}
    if schema.get("oneOf") == [{"type": "string"}, {"type": "integer"}]:
        return {"type": "string", "format": "int-or-string"}
    found: JSONObject = {}
    for key, value in schema.items():
        if key in NOT_IN_SWAGGER_2:
            continue
        if key == "properties":
            found[key] = {name: _schema(child) for name, child in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = _schema(value)
        else:
            found[key] = value
    return found
