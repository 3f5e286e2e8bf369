"""An OpenAPI v3 document in protocol buffers, by the messages of gnostic's `openapi.v3` that kubectl reads.

Each message is one function that names its fields by number.

Upstream: github.com/google/gnostic-models/openapiv3/OpenAPIv3.proto
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types.wire import bytes_field, integer_field

_METHODS = MappingProxyType({"get": 4, "put": 5, "post": 6, "delete": 7, "options": 8, "head": 9, "patch": 10})
_INTEGERS = MappingProxyType(
    {"maxLength": 15, "minLength": 16, "maxItems": 18, "minItems": 19, "maxProperties": 21, "minProperties": 22}
)
_NUMBERS = MappingProxyType({"multipleOf": 10, "maximum": 11, "minimum": 13})
_FLAGS = MappingProxyType({"nullable": 1, "exclusiveMaximum": 12, "exclusiveMinimum": 14, "uniqueItems": 20})
_TEXTS = MappingProxyType({"title": 9, "pattern": 17, "type": 25, "description": 34, "format": 35})
_UNIONS = MappingProxyType({"allOf": 26, "oneOf": 27, "anyOf": 28})


def encode_document(content: JSONObject) -> bytes:
    """Return the message `Document`."""
    components = content["components"]
    schemas = _named(components.get("schemas", {}), _schema_or_reference)
    security = _named(components["securitySchemes"], lambda scheme: bytes_field(1, _security_scheme(scheme)))
    return b"".join(
        (
            _text(1, content["openapi"]),
            bytes_field(2, _text(1, content["info"]["title"]) + _text(6, content["info"]["version"])),
            bytes_field(4, _named(content["paths"], _path_item)),
            bytes_field(5, (bytes_field(1, schemas) if schemas else b"") + bytes_field(7, security)),
        )
    )


def _text(number: int, value: object) -> bytes:
    return bytes_field(number, str(value).encode()) if value else b""


def _each(number: int, values: Iterable[bytes]) -> bytes:
    return b"".join(bytes_field(number, value) for value in values)


def _named(values: Mapping[str, Any], encode: Callable[[Any], bytes]) -> bytes:
    """Return the entries of a mapping, each a message of a name and a value."""
    return _each(1, (_text(1, name) + bytes_field(2, encode(value)) for name, value in values.items()))


def _any(value: object) -> bytes:
    """JSON is YAML."""
    return bytes_field(2, orjson.dumps(value) + b"\n")


def _extensions(number: int, item: JSONObject) -> bytes:
    own = ((key, value) for key, value in item.items() if key.startswith("x-"))
    return _each(number, (_text(1, key) + bytes_field(2, _any(value)) for key, value in own))


def _security_scheme(scheme: JSONObject) -> bytes:
    numbers = {"type": 1, "description": 2, "name": 3, "in": 4}
    return b"".join(_text(number, scheme.get(key)) for key, number in numbers.items())


def _path_item(item: JSONObject) -> bytes:
    methods = (bytes_field(_METHODS[key], _operation(item[key])) for key in _METHODS if key in item)
    return b"".join(methods) + _each(13, (bytes_field(1, _parameter(each)) for each in item.get("parameters", ())))


def _operation(operation: JSONObject) -> bytes:
    body = operation.get("requestBody")
    responses = {code: bytes_field(1, _response(code, each)) for code, each in operation["responses"].items()}
    named = _each(2, (_text(1, code) + bytes_field(2, each) for code, each in responses.items()))
    return b"".join(
        (
            _each(1, (tag.encode() for tag in operation["tags"])),
            _text(3, operation.get("description")),
            _text(5, operation["operationId"]),
            _each(6, (bytes_field(1, _parameter(each)) for each in operation.get("parameters", ()))),
            bytes_field(7, bytes_field(1, _request_body(body))) if body else b"",
            bytes_field(8, named),
            _extensions(13, operation),
        )
    )


def _response(code: str, response: JSONObject) -> bytes:
    described = {"200": "OK", "201": "Created", "202": "Accepted", "401": "Unauthorized"}
    content = response.get("content")
    text = _text(1, response.get("description") or described.get(code))
    return text + (bytes_field(3, _media_types(content)) if content else b"")


def _request_body(body: JSONObject) -> bytes:
    return bytes_field(2, _media_types(body["content"])) + (integer_field(3, 1) if body.get("required") else b"")


def _media_types(content: JSONObject) -> bytes:
    return _named(content, lambda each: bytes_field(1, _schema_or_reference(each["schema"])))


def _parameter(parameter: JSONObject) -> bytes:
    return b"".join(
        (
            _text(1, parameter["name"]),
            _text(2, parameter["in"]),
            _text(3, parameter.get("description")),
            integer_field(4, 1) if parameter.get("required") else b"",
            bytes_field(10, _schema_or_reference(parameter["schema"])),
        )
    )


def _schema_or_reference(schema: JSONObject) -> bytes:
    if "$ref" in schema:
        return bytes_field(2, _text(1, schema["$ref"]))
    return bytes_field(1, _schema(schema))


def _schema(schema: JSONObject) -> bytes:
    parts = [_text(number, schema.get(key)) for key, number in _TEXTS.items()]
    parts += [integer_field(number, 1) for key, number in _FLAGS.items() if schema.get(key)]
    parts += [integer_field(number, schema[key]) for key, number in _INTEGERS.items() if key in schema]
    parts += [_double(number, schema[key]) for key, number in _NUMBERS.items() if key in schema]
    parts.append(_each(23, (name.encode() for name in schema.get("required") or ())))
    parts.append(_each(24, map(_any, schema.get("enum") or ())))
    for key, number in _UNIONS.items():
        parts.append(_each(number, map(_schema_or_reference, schema.get(key) or ())))
    if isinstance(schema.get("not"), dict):
        parts.append(bytes_field(29, _schema(schema["not"])))
    if isinstance(schema.get("items"), dict):
        parts.append(bytes_field(30, bytes_field(1, _schema_or_reference(schema["items"]))))
    if "properties" in schema:
        parts.append(bytes_field(31, _named(schema["properties"], _schema_or_reference)))
    parts.append(_additional(schema.get("additionalProperties")))
    parts.append(_default(schema.get("default")))
    return b"".join((*parts, _extensions(36, schema)))


def _additional(value: object) -> bytes:
    if isinstance(value, dict):
        return bytes_field(32, bytes_field(1, _schema_or_reference(value)))
    return bytes_field(32, integer_field(2, int(value))) if isinstance(value, bool) else b""


def _default(value: object) -> bytes:
    """Return the message `DefaultType`, which has no objects and no lists."""
    if isinstance(value, bool):
        return bytes_field(33, integer_field(2, int(value)))
    if isinstance(value, int | float):
        return bytes_field(33, _double(1, value))
    return bytes_field(33, bytes_field(3, value.encode())) if isinstance(value, str) else b""


def _double(number: int, value: float) -> bytes:
    return bytes([number << 3 | 1]) + struct.pack("<d", value)
