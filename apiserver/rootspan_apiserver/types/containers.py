"""Lists and maps."""

from typing import Any

from rootspan_apiserver.kube.comparison import EmptyMap
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.json_values import DuplicateKeys
from rootspan_apiserver.types.model import Type
from rootspan_apiserver.types.reading import Reading


class ListType(Type):
    """A list, in protobuf a repeated field."""

    go_kind = "slice"
    nillable = True
    nil_in_protobuf = True

    def __init__(self, go_name: str, element: Type) -> None:
        super().__init__(go_name)
        self.element = element
        self.wire_type = element.wire_type

    def zero(self) -> None:
        return None

    def read(self, value: Any, reading: Reading) -> Any:
        if not isinstance(value, list):
            raise reading.mismatch(value, self.go_name, self.go_kind)
        element = self.element
        literal = element.literal
        path = reading.path
        path.append(0)
        out = []
        for index, item in enumerate(value):
            if item.__class__ is not literal:
                if item is None:
                    item = element.zero()
                else:
                    path[-1] = index
                    item = element.read(item, reading)
            out.append(item)
        path.pop()
        return out

    def write(self, value: Any) -> Any:
        element = self.element
        if element.literal is not None:
            return value
        return [element.zero() if item is None else element.write(item) for item in value]

    def normalise(self, value: Any) -> None:
        if isinstance(value, list) and self.element.literal is None:
            for item in value:
                self.element.normalise(item)

    def forget_empty(self, value: Any) -> None:
        if isinstance(value, list) and self.element.literal is None:
            for item in value:
                self.element.forget_empty(item)

    def encode(self, tag: bytes, value: Any) -> bytes:
        encode = self.element.encode
        return b"".join([encode(tag, item) for item in value])

    def decode(self, value: int | memoryview, depth: int) -> Any:
        return [self.element.decode(value, depth)]

    def accumulate(self, before: Any, value: int | memoryview, field: tuple[int, int], depth: int) -> Any:
        out = [] if before is None else before
        if field[1] == wire.BYTES and self.element.wire_type == wire.VARINT:
            out.extend(self.element.decode(item, depth) for item in wire.varints(wire.octets(value)))
        else:
            out.append(self.element.accumulate(None, value, field, depth))
        return out


class MessageListType(ListType):
    """A list of strings that protobuf carries as a message of its own, so that nil and empty lists differ (`Verbs`, `ExtraValue`)."""

    empty_is_nil_in_protobuf = False

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, b"".join([wire.bytes_field(1, item.encode()) for item in value or ()]))

    def decode(self, value: int | memoryview, depth: int) -> Any:
        out = []
        for number, wire_type, item in wire.fields(wire.octets(value)):
            if number == 1:
                out.append(self.element.accumulate(None, item, (number, wire_type), depth))
        return out

    def accumulate(self, before: Any, value: int | memoryview, field: tuple[int, int], depth: int) -> Any:
        return Type.accumulate(self, before, value, field, depth)


class MapType(Type):
    """A map whose keys are strings."""

    go_kind = "map"
    nillable = True
    nil_in_protobuf = True

    def __init__(self, go_name: str, element: Type) -> None:
        super().__init__(go_name)
        self.element = element

    def zero(self) -> None:
        return None

    def read(self, value: Any, reading: Reading) -> Any:
        if not isinstance(value, dict):
            raise reading.mismatch(value, self.go_name, self.go_kind)
        element = self.element
        literal = element.literal
        path = reading.path
        path.append("")
        if isinstance(value, DuplicateKeys):
            for key in value.repeated:
                reading.report("duplicate", key)
        out: JSONObject = {} if value else EmptyMap()
        for key, item in value.items():
            if item.__class__ is not literal:
                if item is None:
                    item = element.null_item()
                else:
                    path[-1] = key
                    item = element.read(item, reading)
            out[key] = item
        path.pop()
        return out

    def write(self, value: Any) -> Any:
        element = self.element
        if element.literal is not None:
            return {key: value[key] for key in sorted(value)}
        return {key: element.zero() if (item := value[key]) is None else element.write(item) for key in sorted(value)}

    def normalise(self, value: Any) -> None:
        if isinstance(value, dict) and self.element.literal is None:
            for item in value.values():
                self.element.normalise(item)

    def forget_empty(self, value: Any) -> None:
        if isinstance(value, dict) and self.element.literal is None:
            for item in value.values():
                self.element.forget_empty(item)

    def encode(self, tag: bytes, value: Any) -> bytes:
        out = []
        item_tag = wire.varint(2 << 3 | self.element.wire_type)
        for key in sorted(value):
            entry = wire.bytes_field(1, key.encode()) + self.element.encode(item_tag, value[key])
            out.append(wire.length_prefixed(tag, entry))
        return b"".join(out)

    def decode(self, value: int | memoryview, depth: int) -> JSONObject:
        key, item = "", self.element.zero()
        for number, wire_type, content in wire.fields(wire.octets(value)):
            if number == 1:
                if wire_type != wire.BYTES:
                    raise wire.wrong_wire_type(wire_type, number)
                key = wire.text(content)
            elif number == 2:
                item = self.element.accumulate(None, content, (number, wire_type), depth)
        return {key: item}

    def accumulate(self, before: Any, value: int | memoryview, field: tuple[int, int], depth: int) -> Any:
        self.check_wire_type(field)
        out = {} if before is None else before
        out.update(self.decode(value, depth))
        return out
