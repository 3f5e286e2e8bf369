"""Structs: how Go reads and writes an object, field by field.

Upstream: Go's src/encoding/json/decode.go, encode.go
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.json_values import DuplicateKeys
from rootspan_apiserver.types.model import Field, Type
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.reading import Reading

_MAXIMUM_DEPTH = 100


class StructType(Type):
    """A struct. Its fields are read from the table when they are first asked for.

    Args:
        name: the name in the table, e.g. `core/v1.Pod`.
        declare: returns the fields in the order of declaration.
        map_type: `atomic` where server-side apply owns the struct as one value.
    """

    go_kind = "struct"
    omittable = False

    def __init__(self, name: str, declare: Callable[[], tuple[Field, ...]], map_type: str) -> None:
        package, _, own = name.rpartition(".")
        super().__init__(f"{package.rpartition('/')[2]}.{own}")
        self.name = name
        self.map_type = map_type
        self._declare = declare

    @cached_property
    def declared(self) -> tuple[Field, ...]:
        """The fields as declared, embedded structs among them."""
        return self._declare()

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields by JSON name in the order in which Go writes them, those of embedded structs in their place."""
        found: dict[str, Field] = {}
        own = self.name.rpartition(".")[2]
        for field in self.declared:
            if field.name:
                found[field.name] = field
            else:
                assert isinstance(field.type, StructType)
                embedded = field.type.name.rpartition(".")[2]
                found |= {name: inner.promoted(own, embedded) for name, inner in field.type.fields.items()}
        return found

    @cached_property
    def _by_number(self) -> dict[int, Field]:
        return {field.number: field for field in sorted(self.declared, key=lambda each: each.number) if field.number}

    @cached_property
    def has_protobuf(self) -> bool:
        """Whether protobuf carries the struct: it has field numbers, or no fields at all."""
        return bool(self._by_number) or not self.declared

    @cached_property
    def _zeros(self) -> tuple[tuple[str, Field], ...]:
        """The fields that Go writes even when they were not set, without those that it writes as null."""
        always = ((name, field) for name, field in self.fields.items() if field.always_written)
        return tuple((name, field) for name, field in always if field.zero() is not None)

    def zero(self) -> JSONObject:
        return {name: field.zero() for name, field in self._zeros}

    def read_object(self, value: Any, problems: Problems, *path: str, converts: bool = False) -> JSONObject:
        """Return an object as its type reads it; unknown and repeated fields are added to `problems`.

        `path` leads to the object, if it is read on its own but is a part of another: problems are reported with it. `converts` is as
        in `Reading`.

        Raises:
            NotDecodableError: a value does not fit its field.
        """
        return self.read(value, Reading(problems, *path, converts=converts))

    def read(self, value: Any, reading: Reading) -> JSONObject:
        if not isinstance(value, dict):
            raise reading.mismatch(value, self.go_name, self.go_kind)
        fields = self.fields
        path = reading.path
        path.append("")
        out: JSONObject = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                reading.report("unknown", key)
            elif item is not None:
                if item.__class__ is not field.type.literal:
                    path[-1] = field.path_name
                    item = field.type.read(item, reading)
                if item or not field.absent_when_zero:
                    out[key] = item
        if isinstance(value, DuplicateKeys):
            for key in value.repeated:
                reading.report("duplicate", key)
        path.pop()
        return self._completed(out)

    def _completed(self, out: JSONObject) -> JSONObject:
        for name, field in self._zeros:
            if name not in out:
                out[name] = field.zero()
        return out

    def write(self, value: Any) -> JSONObject:
        """Return the fields in order, with null for nil lists and maps that Go does not leave out; unknown fields are dropped."""
        out: JSONObject = {}
        get = value.get
        for name, field in self.fields.items():
            item = get(name)
            if item is None:
                if field.always_written:
                    of = field.type
                    out[name] = of.write({}) if isinstance(of, StructType) and not field.pointer else field.zero()
            elif item or not field.left_out_when_empty:
                out[name] = item if field.type.literal is not None else field.type.write(item)
        return out

    def normalise(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        nested = self._nested
        for key, item in list(value.items()):
            if not item and (item is None or key in self._absent_when_zero):
                del value[key]
            elif key in nested:
                nested[key].normalise(item)
        for name, field in self._filled:
            if name not in value:
                value[name] = _default(field)

    @cached_property
    def _absent_when_zero(self) -> frozenset[str]:
        return frozenset(name for name, field in self.fields.items() if field.absent_when_zero)

    def forget_empty(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        nested = self._nested
        for key, item in list(value.items()):
            if not item and key in self._nil_in_protobuf:
                del value[key]
            elif key in nested:
                nested[key].forget_empty(item)

    @cached_property
    def _nil_in_protobuf(self) -> frozenset[str]:
        """The lists and maps whose empty value protobuf does not carry."""
        return frozenset(
            name
            for name, field in self.fields.items()
            if field.type.nillable and field.type.empty_is_nil_in_protobuf and not field.pointer
        )

    @cached_property
    def _nested(self) -> dict[str, Type]:
        return {name: field.type for name, field in self.fields.items() if field.type.literal is None}

    @cached_property
    def _filled(self) -> tuple[tuple[str, Field], ...]:
        """The fields that have a value even when they were not set: always written, or with a declared default."""
        return tuple(
            (name, field)
            for name, field in self.fields.items()
            if field.always_written
            or field.published.default
            or (field.pointer and field.published.default is not None)
        )

    def unset(self, name: str) -> Any:
        """Return the value of a field that was not set, with declared defaults; None for null and for an unknown field."""
        field = self.fields.get(name)
        return None if field is None else _default(field)

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, self.encode_fields(value or {}))

    def encode_fields(self, value: JSONObject) -> bytes:
        """Return the message: fields by number, all that Go's encoder writes whether they were set or not."""
        out = []
        for field in self._by_number.values():
            if not field.name:
                out.append(field.type.encode(field.tag, value))
                continue
            item = value.get(field.name)
            if item is not None or not field.nil_in_protobuf:
                out.append(field.type.encode(field.tag, item))
        return b"".join(out)

    def decode(self, value: int | memoryview, depth: int = 0) -> JSONObject:
        """Return a message as JSON, in the form that reading its JSON would have given.

        Go's encoder writes every field that is not a pointer, so zero values are left out here as their JSON tags say.
        """
        found: JSONObject = {}
        self._collect(found, wire.octets(value), depth)
        out: JSONObject = {}
        for name, field in self.fields.items():
            item = found.get(name)
            if item is not None and (item or not field.left_out_when_empty):
                out[name] = item
        return self._completed(out)

    def _collect(self, found: JSONObject, data: memoryview, depth: int) -> None:
        if depth > _MAXIMUM_DEPTH:
            raise NotDecodableError("exceeded max depth")
        for number, wire_type, value in wire.fields(data):
            field = self._by_number.get(number)
            if field is None:
                continue
            if field.name:
                before = found.get(field.name)
                found[field.name] = field.type.accumulate(before, value, (number, wire_type), depth + 1)
            else:
                field.type.check_wire_type((number, wire_type))
                assert isinstance(field.type, StructType)
                field.type._collect(found, wire.octets(value), depth + 1)


def _default(field: Field) -> Any:
    """Return what the field holds where it was not set: its declared default, or its zero value with the defaults in it."""
    if field.published.default is not None:
        return field.published.default
    value = field.zero()
    if isinstance(field.type, StructType):
        field.type.normalise(value)
    return value
