"""The types that expressions see in the schemas of objects.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/schemas.go, pkg/cel/types.go, limits.go
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from rootspan_apiserver.rules.cel.escaping import escape
from rootspan_apiserver.rules.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
    SchemaField,
    SchemaType,
    list_of,
    map_of,
    object_type,
)

Schema = Mapping[str, Any]
"""As in the OpenAPI document, or of a CustomResourceDefinition."""
LARGEST_REQUEST = 3 * 1024 * 1024
"""In bytes."""
_LONGEST_TEXT = LARGEST_REQUEST - 2
_TIMES = MappingProxyType(
    {"duration": (DURATION, 32, 3), "date": (TIMESTAMP, 12, 12), "date-time": (TIMESTAMP, 32, 21)}
)
"""The types of strings by their format, with their greatest and least length in JSON."""
_SIMPLE = MappingProxyType(
    {
        "boolean": SchemaType(type=BOOL, min_serialized_size=4),
        "number": SchemaType(type=DOUBLE, min_serialized_size=1),
        "integer": SchemaType(type=INT, min_serialized_size=1),
    }
)
_KEY = SchemaType(type=STRING, min_serialized_size=2)
_NAMED = MappingProxyType(
    {cel_type.name: SchemaType(type=cel_type) for cel_type in (BOOL, BYTES, DOUBLE, INT, NULL, STRING, UINT)}
    | {"duration": SchemaType(type=DURATION), "timestamp": SchemaType(type=TIMESTAMP)}
    | {"list": SchemaType(type=list_of(DYN)), "map": SchemaType(type=map_of(DYN, DYN))}
)
_TEXT = MappingProxyType({"type": "string"})
_METADATA = MappingProxyType({"type": "object", "properties": {"name": _TEXT, "generateName": _TEXT}})


class DeclaredTypes:
    """The types of the objects that a schema contains, by name."""

    def __init__(self, *roots: SchemaType) -> None:
        self._types = {declared.type.name: declared for root in roots for declared in _objects(root)}

    def find(self, name: str) -> SchemaType | None:
        """Return the declared type of an object, None if there is none of that name."""
        return self._types.get(name) or _NAMED.get(name)


def schema_type(schema: Schema, name: str, is_resource_root: bool = False) -> SchemaType | None:
    """Return the type of the values of a schema, None if expressions do not see them.

    Args:
        schema: The schema.
        name: The name that the type gets if it is an object; the names of the objects in it start with it.
        is_resource_root: Whether the values are whole objects, which have a kind, a version and metadata.
    """
    if schema.get("x-kubernetes-int-or-string"):
        longest = schema.get("maxLength")
        return SchemaType(
            type=DYN, max_elements=_LONGEST_TEXT if longest is None else 4 * max(longest, 0), min_serialized_size=1
        )
    if is_resource_root:
        schema = _with_type_and_metadata(schema)
    match schema.get("type"):
        case "array":
            return _list_type(schema, name)
        case "object":
            return (
                _map_type(schema, name)
                if isinstance(schema.get("additionalProperties"), Mapping)
                else _object_type(schema, name)
            )
        case "string":
            return _string_type(schema)
    return _SIMPLE.get(schema.get("type", ""))


def _with_type_and_metadata(schema: Schema) -> Schema:
    properties = schema.get("properties") or {}
    names = (properties.get("metadata") or {}).get("properties") or {}
    texts = (properties.get("kind"), properties.get("apiVersion"), names.get("name"), names.get("generateName"))
    is_object = (properties.get("metadata") or {}).get("type") == "object"
    if is_object and all((text or {}).get("type") == "string" for text in texts):
        return schema
    return {**schema, "properties": {**properties, "kind": _TEXT, "apiVersion": _TEXT, "metadata": _METADATA}}


def _list_type(schema: Schema, name: str) -> SchemaType | None:
    items = schema.get("items")
    if not isinstance(items, Mapping):
        return None
    element = schema_type(items, f"{name}.@idx", bool(items.get("x-kubernetes-embedded-resource")))
    if element is None:
        return None
    most = schema.get("maxItems")
    most = _LONGEST_TEXT // (element.min_serialized_size + 1) if most is None else max(most, 0)
    return SchemaType(type=list_of(element.type), max_elements=most, min_serialized_size=2, element=element)


def _map_type(schema: Schema, name: str) -> SchemaType | None:
    values = schema["additionalProperties"]
    element = schema_type(values, f"{name}.@elem", bool(values.get("x-kubernetes-embedded-resource")))
    if element is None:
        return None
    most = schema.get("maxProperties")
    most = _LONGEST_TEXT // (element.min_serialized_size + 6) if most is None else max(most, 0)
    mapped = map_of(STRING, element.type)
    return SchemaType(type=mapped, max_elements=most, min_serialized_size=2, element=element, key=_KEY)


def _object_type(schema: Schema, name: str) -> SchemaType:
    required = schema.get("required") or ()
    fields = {}
    size = 2
    for field, property_schema in (schema.get("properties") or {}).items():
        escaped = escape(field)
        is_resource = bool(property_schema.get("x-kubernetes-embedded-resource"))
        declared = schema_type(property_schema, f"{name}.{escaped}", is_resource)
        if declared is None:
            continue
        if escaped is not None:
            fields[escaped] = SchemaField(name=field, type=declared, required=field in required)
        if field in required and property_schema.get("default") is None:
            size += len(field.encode()) + declared.min_serialized_size + 4
    return SchemaType(type=object_type(name), min_serialized_size=size, fields=fields)


def _string_type(schema: Schema) -> SchemaType:
    longest = schema.get("maxLength")
    if schema.get("format") in _TIMES:
        cel_type, greatest, least = _TIMES[schema["format"]]
        return SchemaType(type=cel_type, max_elements=greatest, min_serialized_size=least)
    is_bytes = schema.get("format") == "byte"
    if longest is not None:
        # A character has at most four bytes.
        greatest = max(longest, 0) * (1 if is_bytes else 4)
    elif schema.get("enum") and not is_bytes:
        greatest = max((len(value.encode()) for value in schema["enum"] if isinstance(value, str)), default=0)
    else:
        greatest = _LONGEST_TEXT
    return SchemaType(type=BYTES if is_bytes else STRING, max_elements=greatest, min_serialized_size=2)


def _objects(declared: SchemaType) -> Iterator[SchemaType]:
    if declared.type.kind is Kind.OBJECT:
        yield declared
    for field in declared.fields.values():
        yield from _objects(field.type)
    if declared.element is not None:
        yield from _objects(declared.element)
