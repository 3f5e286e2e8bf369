"""Values of JSON as a structural schema declares them: objects with escaped names, lists that are sets or maps, dates and durations.

Objects are views that convert a field when it is first selected. What a schema declares without a type stays the JSON that it is.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/common/valuesunstructured.go
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from rootspan_apiserver.kube.go_values import go_type
from rootspan_apiserver.kube.string_formats import parse_schema_duration
from rootspan_apiserver.rules.cel.equality import EqualityValue, equal, find, is_map
from rootspan_apiserver.rules.cel.errors import CELEvaluationError
from rootspan_apiserver.rules.cel.escaping import escape, unescape
from rootspan_apiserver.rules.cel.implementations.moments import read_timestamp
from rootspan_apiserver.rules.cel.values import MISSING, Duration, FieldsValue, Timestamp, no_such_overload
from rootspan_apiserver.types.schema import Schema

Conversion = Callable[[Any], Any]
"""Makes a value of JSON. Raises CELEvaluationError if it does not fit the schema."""

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
        return self.has_size_of(other) and all(value in self for value in other)

    def cel_add(self, other: list[Any]) -> "SetList":
        """Return the elements of this list, and then those of `other` that are not in it."""
        united = SetList(self)
        known = set(self)
        for value in other:
            if value not in known:
                known.add(value)
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

    def _key(self, element: Any) -> tuple[Any, ...]:
        raw = element.raw if isinstance(element, ObjectValue) else element
        return tuple(raw.get(name) for name in self._names)


def conversion(schema: Schema, *, is_resource: bool = False) -> Conversion:
    """Return what makes values of a schema. `is_resource` declares `apiVersion`, `kind` and the names in the metadata."""
    convert: Conversion
    if schema.int_or_string:
        convert = _int_or_string
    elif schema.type == "object":
        convert = _objects(schema, is_resource=is_resource or schema.embedded_resource)
    elif schema.type == "array":
        convert = _lists(schema)
    elif schema.type == "string":
        convert = _FORMATS.get(schema.format, _string)
    elif schema.type in _SCALARS:
        convert = _SCALARS[schema.type]
    elif schema.preserve_unknown_fields:
        convert = _unchanged
    else:
        convert = partial(_wrong_schema, schema.type)
    return partial(_nullable, convert) if schema.nullable else convert


def _nullable(convert: Conversion, value: Any) -> Any:
    return None if value is None else convert(value)


def _misfit(value: Any, message: str) -> CELEvaluationError:
    """Return the error of a value that does not fit its schema."""
    return CELEvaluationError("invalid data, got null for schema with nullable=false" if value is None else message)


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
        raise _misfit(value, _NO_OBJECT)
    return ObjectValue(value, shape)


def _map(convert: Conversion, value: Any) -> dict[str, Any]:
    if value.__class__ is not dict:
        raise _misfit(value, _NO_OBJECT)
    return {key: convert(each) for key, each in value.items()}


def _lists(schema: Schema) -> Conversion:
    if schema.items is None:
        return partial(_wrong_list, "invalid array type, expected Items with a non-empty Schema")
    convert = conversion(schema.items)
    keys = tuple(escape(name) or name for name in schema.list_map_keys)
    return partial(_list, convert, schema.list_type, keys)


def _list(convert: Conversion, list_type: str, keys: tuple[str, ...], value: Any) -> list[Any]:
    if value.__class__ is not list:
        raise _misfit(value, "invalid data, expected an array for the provided schema with type=array")
    elements = [convert(each) for each in value]
    if list_type == "map":
        return MapList(elements, keys)
    return SetList(elements) if list_type == "set" else DeclaredList(elements)


def _wrong_list(text: str, value: Any) -> Any:
    raise _misfit(value, text)


def _wrong_schema(kind: str, value: Any) -> Any:
    raise _misfit(
        value,
        "invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or "
        f"x-kubernetes-preserve-unknown-fields is true, got {kind}",
    )


def _int_or_string(value: Any) -> Any:
    if value.__class__ in (str, int):
        return value
    raise _misfit(value, "invalid data, expected XIntOrString value to be either a string or integer")


def _expected(what: str, value: Any) -> CELEvaluationError:
    return _misfit(value, f"invalid data, expected {what}, got {go_type(value)}")


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _expected("string", value)


def _integer(value: Any) -> int:
    if value.__class__ is int:
        return int(value)
    raise _expected("int", value)


def _number(value: Any) -> float:
    if value.__class__ in (int, float):
        return float(value)
    raise _expected("float", value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _expected("bool", value)


def _unchanged(value: Any) -> Any:
    if value is None:
        raise _misfit(value, "")
    return value


def _duration(value: Any) -> Duration:
    try:
        return Duration(parse_schema_duration(_string(value)))
    except ValueError as error:
        raise CELEvaluationError(f"Invalid duration {value}: {error}") from None


def _date(value: Any) -> Timestamp:
    try:
        return read_timestamp(f"{_string(value)}T00:00:00Z")
    except ValueError as error:
        raise CELEvaluationError(f"Invalid date formatted string {value}: {error}") from None


def _date_time(value: Any) -> Timestamp:
    text = _string(value)
    try:
        return read_timestamp(text) if text[19:] else read_timestamp(f"{text}Z")
    except ValueError as error:
        raise CELEvaluationError(f"Invalid date-time formatted string {value}: {error}") from None


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_string(value), validate=True)
    except binascii.Error as error:
        raise CELEvaluationError(f"Invalid byte formatted string {value}: {error}") from None


_FORMATS: Mapping[str, Conversion] = {"duration": _duration, "date": _date, "date-time": _date_time, "byte": _bytes}
_SCALARS: Mapping[str, Conversion] = {"number": _number, "integer": _integer, "boolean": _boolean}
