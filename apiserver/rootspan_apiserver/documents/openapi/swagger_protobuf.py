"""An OpenAPI v2 document in protocol buffers, by the messages of gnostic's `openapi.v2` that kubectl reads.

Each message is one function that names its fields by number; what clients have no use for is left out.

Upstream: github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto
"""

from collections.abc import Iterable

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.wire import bytes_field, integer_field

METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}


def _field(number: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return bytes_field(number, data)


def _true(number: int, value: object) -> bytes:
    return integer_field(number, 1) if value else b""


def _text(number: int, value: object) -> bytes:
    return _field(number, str(value)) if value else b""


def _each(number: int, values: Iterable[bytes | str]) -> bytes:
    return b"".join(_field(number, value) for value in values)


def _named(name: str, value: bytes) -> bytes:
    return _field(1, name) + _field(2, value)


def _any(value: object) -> bytes:
    """JSON is YAML."""
    return _field(2, orjson.dumps(value))


def _extensions(number: int, item: JSONObject) -> bytes:
    return _each(number, (_named(key, _any(value)) for key, value in item.items() if key.startswith("x-")))


def encode_document(content: JSONObject) -> bytes:
    """Return the message `Document`."""
    info = _field(1, content["info"]["title"]) + _field(2, content["info"]["version"])
    paths = _each(2, (_named(path, _path_item(item)) for path, item in content["paths"].items()))
    definitions = _each(1, (_named(name, _schema(schema)) for name, schema in content["definitions"].items()))
    return _field(1, content["swagger"]) + _field(2, info) + _field(8, paths) + _field(9, definitions)


def _path_item(item: JSONObject) -> bytes:
    methods = (_field(METHODS[key], _operation(value)) for key, value in item.items() if key in METHODS)
    return b"".join(methods) + _each(9, map(_parameter, item.get("parameters", ())))


def _operation(operation: JSONObject) -> bytes:
    responses = (_named(code, _field(1, _response(each))) for code, each in operation["responses"].items())
    return b"".join(
        (
            _each(1, operation["tags"]),
            _field(5, operation["operationId"]),
            _each(6, operation["produces"]),
            _each(7, operation["consumes"]),
            _each(8, map(_parameter, operation.get("parameters", ()))),
            _field(9, _each(1, responses)),
            _extensions(13, operation),
        )
    )


def _response(response: JSONObject) -> bytes:
    schema = response.get("schema")
    return _field(1, response["description"]) + (_field(2, _field(1, _schema(schema))) if schema else b"")


def _parameter(parameter: JSONObject) -> bytes:
    where, name = parameter["in"], parameter["name"]
    required = _true(4 if where == "body" else 1, parameter.get("required"))
    if where == "body":
        body = _field(2, name) + _field(3, where) + required + _field(5, _schema(parameter["schema"]))
        return _field(1, _field(1, body))
    head = required + _field(2, where) + _field(4, name)
    if where == "path":
        simple = _field(4, head + _field(5, parameter["type"]) + _true(19, parameter.get("uniqueItems")))
    else:
        simple = _field(3, head + _field(6, parameter["type"]) + _true(20, parameter.get("uniqueItems")))
    return _field(1, _field(2, simple))


def _schema(schema: JSONObject) -> bytes:
    parts = [_text(1, schema.get("$ref")), _text(2, schema.get("format")), _text(4, schema.get("description"))]
    if "default" in schema:
        parts.append(_field(5, _any(schema["default"])))
    parts.append(_each(19, schema.get("required") or ()))
    parts.append(_each(20, map(_any, schema.get("enum") or ())))
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        parts.append(_field(21, _field(1, _schema(additional))))
    elif additional is True:
        parts.append(_field(21, _true(2, additional)))
    if schema.get("type"):
        parts.append(_field(22, _field(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(_field(23, _field(1, _schema(schema["items"]))))
    if "properties" in schema:
        properties = (_named(name, _schema(child)) for name, child in schema["properties"].items())
        parts.append(_field(25, _each(1, properties)))
    return b"".join((*parts, _extensions(31, schema)))
