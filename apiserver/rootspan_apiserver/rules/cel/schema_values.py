"""Values of JSON as a structural schema declares them: objects with escaped names, lists that are sets or maps.

Objects are views that convert a field when it is first selected. What a schema declares without a type stays the JSON that it is.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/valuesunstructured.go
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from rootspan_apiserver.rules.cel.equality import EqualityValue, equal, equal_items, find, is_map
from rootspan_apiserver.rules.cel.escaping import escape, unescape
from rootspan_apiserver.rules.cel.schema_scalars import (
    FORMATS,
    SCALARS,
    Conversion,
    int_or_string,
    misfit,
    string,
    unchanged,
)
from rootspan_apiserver.rules.cel.values import MISSING, FieldsValue, no_such_overload
from rootspan_apiserver.types.schema import Schema

_NO_OBJECT = "invalid data, expected a map for the provided schema with type=object"
_STRING = Schema(type="string")
_METADATA = Schema(type="object", properties={"name": _STRING, "generateName": _STRING})


class ObjectShape:
    """The fields of a type of objects, by their names in expressions."""

    def __init__(self, properties: Mapping[str, Schema]) -> None:
        self.identifiers = {name: escape(name) or name for name in properties}
        self._properties = properties
        self._conversions: dict[str, tuple[str, Conversion]] = {}

    def field(self, identifier: str) -> tuple[str, Conversion] | None:
        """Return the name of a field in the object and its conversion, None if there is no such field."""
        found = self._conversions.get(identifier)
        if found is None:
            name = unescape(identifier)
            if name is None or name not in self._properties:
                return None
            found = self._conversions[identifier] = (name, conversion(self._properties[name]))
        return found


class ObjectValue(FieldsValue, EqualityValue):
    """An object with declared fields. Fields that are null count as absent."""

    __slots__ = ("_found", "_shape", "raw")

    def __init__(self, raw: dict[str, Any], shape: ObjectShape) -> None:
        self.raw = raw
        self._shape = shape
        self._found: dict[str, Any] = {}

    def find(self, key: str) -> Any:
        """Return the value of a field, MISSING if it is absent or not declared."""
        if key in self._found:
            return self._found[key]
        field = self._shape.field(key)
        if field is None:
            return MISSING
        name, convert = field
        raw = self.raw.get(name)
        value = MISSING if raw is None else convert(raw)
        self._found[key] = value
        return value

    def keys(self) -> Iterable[str]:
        """Return the names of the declared fields that are in the object."""
        return [self._shape.identifiers[name] for name in self.raw if name in self._shape.identifiers]

    def __len__(self) -> int:
        return len(self.raw)

    def equals(self, other: Any) -> bool:
        """Return whether an object has equal fields; those that are not declared count only where both have them."""
        if not is_map(other):
            raise no_such_overload()
        if len(self) != len(other):
            return False
        for name, raw in self.raw.items():
            identifier = self._shape.identifiers.get(name)
            if identifier is None:
                if isinstance(other, ObjectValue) and name in other.raw and other.raw[name] != raw:
                    return False
                continue
            value, there = self.find(identifier), find(other, identifier)
            if (value is MISSING) != (there is MISSING) or (value is not MISSING and not equal(value, there)):
                return False
        return True


class DeclaredMap(dict[str, Any], EqualityValue):
    """A map with any keys that a schema declares."""

    __slots__ = ()

    def equals(self, other: Any) -> bool:
        """Return whether another map has the same keys with equal values."""
        if not is_map(other):
            raise no_such_overload()
        return equal_items(self, other)


class DeclaredList(list[Any], EqualityValue):
    """A list that a schema declares. Unlike other values it cannot be compared with what is no list."""

    __slots__ = ()

    def has_size_of(self, other: Any) -> bool:
        """Return whether another list is as long. Raises CELEvaluationError if it is none."""
        if not isinstance(other, list):
            raise no_such_overload()
        return len(self) == len(other)

    def equals(self, other: Any) -> bool:
        """Return whether another list has equal elements in the same order."""
        return self.has_size_of(other) and all(map(equal, self, other))


class SetList(DeclaredList):
    """A list that is a set: the order does not count, and `+` unites."""

    __slots__ = ()

    def equals(self, other: Any) -> bool:
        """Return whether another list has the same elements."""
        if not self.has_size_of(other):
            return False
        known = {*map(_typed, self)}
        return all(_typed(value) in known for value in other)

    def cel_add(self, other: list[Any]) -> "SetList":
        """Return the elements of this list, and then those of `other` that are not in it."""
        united = SetList(self)
        known = {*map(_typed, self)}
        for value in other:
            if _typed(value) not in known:
                known.add(_typed(value))
                united.append(value)
        return united


class MapList(DeclaredList):
    """A list of objects that is a map by the values of some fields: the order does not count, and `+` merges."""

    __slots__ = ("_names",)

    def __init__(self, values: Iterable[Any], names: tuple[str, ...]) -> None:
        super().__init__(values)
        self._names = names

    def equals(self, other: Any) -> bool:
        """Return whether another list has equal elements under the same keys."""
        if not self.has_size_of(other):
            return False
        known = {self._key(value): value for value in self}
        return all(self._key(value) in known and equal(known[self._key(value)], value) for value in other)

    def cel_add(self, other: list[Any]) -> "MapList":
        """Return the elements of this list, each replaced by that of `other` with the same key, and then the others of `other`."""
        merged = {self._key(value): value for value in self}
        merged.update((self._key(value), value) for value in other)
        return MapList(merged.values(), self._names)

    def _key(self, element: Any) -> object:
        # What is no object of the schema has a key of its own.
        return tuple(map(element.raw.get, self._names)) if isinstance(element, ObjectValue) else object()


def _typed(value: Any) -> tuple[type, Any]:
    """Return a key that only values of the same type share: Python takes 1 and true for one."""
    return value.__class__, value


def conversion(schema: Schema, *, is_resource: bool = False) -> Conversion:
    """Return what makes values of a schema. `is_resource` declares `apiVersion`, `kind` and the names in the metadata."""
    convert: Conversion
    if schema.int_or_string:
        convert = int_or_string
    elif schema.type == "object":
        convert = _objects(schema, is_resource=is_resource or schema.embedded_resource)
    elif schema.type == "array":
        convert = _lists(schema)
    elif schema.type == "string":
        convert = FORMATS.get(schema.format, string)
    elif schema.type in SCALARS:
        convert = SCALARS[schema.type]
    elif schema.preserve_unknown_fields:
        convert = unchanged
    else:
        convert = partial(_wrong_schema, schema.type)
    return partial(_nullable, convert) if schema.nullable else convert


def _nullable(convert: Conversion, value: Any) -> Any:
    return None if value is None else convert(value)


def _objects(schema: Schema, *, is_resource: bool) -> Conversion:
    properties = _with_metadata(schema.properties) if is_resource else schema.properties
    additional = schema.additional
    if (
        not properties
        and additional is not None
        and (additional.type or additional.int_or_string or additional.preserve_unknown_fields)
    ):
        return partial(_map, conversion(additional))
    return partial(_object, ObjectShape(properties))


def _with_metadata(properties: Mapping[str, Schema]) -> Mapping[str, Schema]:
    """Return the fields of a resource: what the schema says of its metadata counts only if it has both names."""
    metadata = properties.get("metadata")
    declared = {name for name in ("kind", "apiVersion") if name in properties and properties[name].type == "string"}
    if len(declared) == 2 and metadata is not None and metadata.type == "object":
        names = [metadata.properties.get(name) for name in ("name", "generateName")]
        if all(name is not None and name.type == "string" for name in names):
            return properties
    return {**properties, "kind": _STRING, "apiVersion": _STRING, "metadata": _METADATA}


def _object(shape: ObjectShape, value: Any) -> ObjectValue:
    if value.__class__ is not dict:
        raise misfit(value, _NO_OBJECT)
    return ObjectValue(value, shape)


def _map(convert: Conversion, value: Any) -> DeclaredMap:
    if value.__class__ is not dict:
        raise misfit(value, _NO_OBJECT)
    return DeclaredMap((key, convert(each)) for key, each in value.items())


def _lists(schema: Schema) -> Conversion:
    if schema.items is None:
        return partial(_wrong_list, "invalid array type, expected Items with a non-empty Schema")
    convert = conversion(schema.items)
    keys = tuple(escape(name) or name for name in schema.list_map_keys)
    return partial(_list, convert, schema.list_type, keys)


def _list(convert: Conversion, list_type: str, keys: tuple[str, ...], value: Any) -> list[Any]:
    if value.__class__ is not list:
        raise misfit(value, "invalid data, expected an array for the provided schema with type=array")
    elements = [convert(each) for each in value]
    if list_type == "map":
        return MapList(elements, keys)
    return SetList(elements) if list_type == "set" else DeclaredList(elements)


def _wrong_list(text: str, value: Any) -> Any:
    raise misfit(value, text)


def _wrong_schema(kind: str, value: Any) -> Any:
    raise misfit(
        value,
        "invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or "
        f"x-kubernetes-preserve-unknown-fields is true, got {kind}",
    )
