"""The unions of apiextensions' JSONSchemaProps: a schema, or a boolean, a list of schemas or a list of strings in its place.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/marshal.go
"""

from typing import Any, ClassVar

from rootspan_apiserver.types import wire
from rootspan_apiserver.types.containers import ListType
from rootspan_apiserver.types.model import Type
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import Reading
from rootspan_apiserver.types.scalars import StringType
from rootspan_apiserver.types.structs import StructType


class SchemaUnion(Type):
    """A JSONSchemaProps, or something else in its place. It decodes itself, so nobody hears of unknown fields in it."""

    go_kind = "struct"
    omittable = False
    schema_number: ClassVar[int] = 1

    def __init__(self, go_name: str, schema: StructType) -> None:
        super().__init__(go_name)
        self.schema = schema

    def zero(self) -> Any:
        return None

    def read(self, value: Any, reading: Reading) -> Any:
        heard, reading.problems = reading.problems, Problems()
        try:
            return self.schema.read(value, reading) if isinstance(value, dict) else self.read_other(value, reading)
        finally:
            reading.problems = heard

    def read_other(self, value: Any, reading: Reading) -> Any:
        """Return what remains of a value that is not a schema. Raises NotDecodableError."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        return self.schema.write(value) if isinstance(value, dict) else value

    def normalise(self, value: Any) -> None:
        self.schema.normalise(value)

    def encode(self, tag: bytes, value: Any) -> bytes:
        if isinstance(value, dict):
            return wire.length_prefixed(tag, wire.bytes_field(self.schema_number, self.schema.encode_fields(value)))
        return wire.length_prefixed(tag, self.encode_other(value))

    def encode_other(self, value: Any) -> bytes:
        """Return the message of a value that is not a schema."""
        raise NotImplementedError


class SchemaOrList(SchemaUnion):
    """Args:
    items: the list that may stand in the schema's place.
    """

    def __init__(self, go_name: str, schema: StructType, items: ListType) -> None:
        super().__init__(go_name, schema)
        self._items = items

    def read_other(self, value: Any, reading: Reading) -> Any:
        return self._items.read(value, reading) if isinstance(value, list) else []

    def write(self, value: Any) -> Any:
        return self._items.write(value) if isinstance(value, list) else super().write(value)

    def normalise(self, value: Any) -> None:
        self._items.normalise(value)
        super().normalise(value)

    def encode_other(self, value: Any) -> bytes:
        return self._items.encode(wire.varint(2 << 3 | wire.BYTES), value or ())

    def decode(self, value: int | memoryview, depth: int) -> Any:
        schema, items = None, None
        for number, wire_type, content in wire.fields(wire.octets(value)):
            if number == 1:
                schema = self.schema.accumulate(None, content, (number, wire_type), depth)
            elif number == 2:
                items = self._items.accumulate(items, content, (number, wire_type), depth)
        return items or ([] if schema is None else schema)


class SchemaOrSchemas(SchemaOrList):
    """`JSONSchemaPropsOrArray`."""

    def __init__(self, go_name: str, schema: StructType) -> None:
        super().__init__(go_name, schema, ListType(f"[]{schema.go_name}", schema))


class SchemaOrStrings(SchemaOrList):
    """`JSONSchemaPropsOrStringArray`."""

    def __init__(self, go_name: str, schema: StructType) -> None:
        super().__init__(go_name, schema, ListType("[]string", StringType("string")))


class SchemaOrBool(SchemaUnion):
    """`JSONSchemaPropsOrBool`."""

    schema_number = 2

    def read_other(self, value: Any, reading: Reading) -> Any:
        if isinstance(value, bool):
            return value
        raise NotDecodableError("boolean or JSON schema expected")

    def encode(self, tag: bytes, value: Any) -> bytes:
        if not isinstance(value, dict):
            return super().encode(tag, value)
        schema = wire.bytes_field(self.schema_number, self.schema.encode_fields(value))
        return wire.length_prefixed(tag, wire.integer_field(1, 1) + schema)

    def encode_other(self, value: Any) -> bytes:
        return wire.integer_field(1, bool(value))

    def decode(self, value: int | memoryview, depth: int) -> Any:
        schema, allows = None, False
        for number, wire_type, content in wire.fields(wire.octets(value)):
            if number == 1:
                allows = bool(content)
            elif number == 2:
                schema = self.schema.accumulate(None, content, (number, wire_type), depth)
        return allows if schema is None else schema
