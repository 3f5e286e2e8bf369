"""Strings, booleans, numbers and bytes."""

import base64
from typing import Any

from rootspan_apiserver.types import wire
from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.model import Type
from rootspan_apiserver.types.problems import Base64Error
from rootspan_apiserver.types.reading import Reading

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class StringType(Type):
    """`string`."""

    go_kind = "string"
    openapi_type = "string"
    literal = str

    def zero(self) -> str:
        return ""

    def read(self, value: Any, reading: Reading) -> Any:
        if isinstance(value, str):
            return value
        raise reading.mismatch(value, self.go_name, self.go_kind)

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, value.encode() if value else b"")

    def decode(self, value: int | memoryview, depth: int) -> str:
        return wire.text(value)


class BooleanType(Type):
    """`bool`."""

    go_kind = "bool"
    openapi_type = "boolean"
    literal = bool
    wire_type = wire.VARINT

    def zero(self) -> bool:
        return False

    def read(self, value: Any, reading: Reading) -> Any:
        if isinstance(value, bool):
            return value
        raise reading.mismatch(value, self.go_name, self.go_kind)

    def encode(self, tag: bytes, value: Any) -> bytes:
        return tag + (b"\1" if value else b"\0")

    def decode(self, value: int | memoryview, depth: int) -> bool:
        return bool(value)


class IntegerType(Type):
    """A signed integer of `bits` bits; smaller and unsigned ones are not checked more closely than the API needs."""

    openapi_type = "integer"
    wire_type = wire.VARINT

    def __init__(self, go_name: str, go_kind: str, bits: int) -> None:
        super().__init__(go_name)
        self.go_kind = go_kind
        self.openapi_format = f"int{bits}"
        self._low, self._high = -(1 << bits - 1), (1 << bits - 1) - 1

    def zero(self) -> int:
        return 0

    def read(self, value: Any, reading: Reading) -> Any:
        if value.__class__ is int:
            if self._low <= value <= self._high:
                return value
            if reading.converts:
                return self._wrapped(value)
            raise reading.mismatch(value, self.go_name, self.go_kind, f"number {value}")
        if value.__class__ is float:
            if reading.converts and value.is_integer():
                return self._wrapped(int(value))
            raise reading.mismatch(value, self.go_name, self.go_kind, f"number {value!r}")
        raise reading.mismatch(value, self.go_name, self.go_kind)

    def _wrapped(self, value: int) -> int:
        """Return the lowest bits of a value, as Go's conversions do."""
        return (value - self._low) % (self._high - self._low + 1) + self._low

    def encode(self, tag: bytes, value: Any) -> bytes:
        return tag + wire.varint(value or 0)

    def decode(self, value: int | memoryview, depth: int) -> int:
        assert isinstance(value, int)
        return wire.signed(value)


class FloatType(Type):
    """`float64`."""

    go_kind = "float64"
    openapi_type = "number"
    openapi_format = "double"
    wire_type = wire.FIXED64

    def zero(self) -> int:
        return 0

    def read(self, value: Any, reading: Reading) -> Any:
        if value.__class__ is int:
            return value
        if value.__class__ is float:
            return plain(value)
        raise reading.mismatch(value, self.go_name, self.go_kind)

    def encode(self, tag: bytes, value: Any) -> bytes:
        return tag + wire.double_bytes(value or 0)

    def decode(self, value: int | memoryview, depth: int) -> Any:
        return plain(wire.double(wire.octets(value)))


class BytesType(Type):
    """`[]byte`, base64 in JSON."""

    go_kind = "slice"
    openapi_type = "string"
    openapi_format = "byte"
    nil_in_protobuf = True

    def null_item(self) -> str:
        return ""

    def zero(self) -> None:
        return None

    def read(self, value: Any, reading: Reading) -> Any:
        if isinstance(value, list):
            return base64.b64encode(bytes(_byte(item, reading) for item in value)).decode()
        if not isinstance(value, str):
            raise reading.mismatch(value, self.go_name, self.go_kind)
        try:
            data = base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
        except ValueError as error:
            raise Base64Error(f"illegal base64 data at input byte {_first_illegal(value)}") from error
        return base64.b64encode(data).decode()

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, base64.b64decode(value or ""))

    def decode(self, value: int | memoryview, depth: int) -> str:
        return base64.b64encode(wire.octets(value)).decode()


def _byte(value: Any, reading: Reading) -> int:
    """Return an element of a list of bytes, which JSON may have in place of base64."""
    if value is None:
        return 0
    if value.__class__ is int and 0 <= value < 256:
        return int(value)
    raise reading.mismatch(value, "uint8", "uint8", f"number {value!r}" if isinstance(value, int | float) else "")


def _first_illegal(text: str) -> int:
    """Return the byte offset at which Go's decoder gives up on a text that is not base64."""
    data = text.encode(errors="replace")
    digits = ((index, chr(byte)) for index, byte in enumerate(data) if byte not in b"\r\n")
    position = 0
    for index, digit in digits:
        if digit in _BASE64:
            position = (position + 1) % 4
        elif digit != "=" or position < 2:
            return index
        elif position == 2:
            following, digit = next(digits, (len(data), "="))
            return following - 1 if digit != "=" else next(digits, (len(data), ""))[0]
        else:
            return next(digits, (len(data), ""))[0]
    return len(data) - position
