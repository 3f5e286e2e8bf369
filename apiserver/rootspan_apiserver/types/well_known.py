"""The structs that read and write themselves: quantities, times, ints or strings, and embedded JSON.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go, pkg/apis/meta/v1/{time,micro_time,fields_proto}.go,
pkg/util/intstr/intstr.go, pkg/runtime/extension.go
"""

from typing import Any, ClassVar

import orjson

from rootspan_apiserver.kube import quantity, times
from rootspan_apiserver.kube.go_values import json_type
from rootspan_apiserver.types import wire
from rootspan_apiserver.types.json_values import MAXIMUM_DEPTH, check_depth, plain, sorted_keys
from rootspan_apiserver.types.model import Type
from rootspan_apiserver.types.problems import NotDecodableError
from rootspan_apiserver.types.reading import Reading

_PROTOBUF_DEPTH = 100


class QuantityType(Type):
    """`resource.Quantity`, in its canonical form."""

    go_kind = "struct"
    int_or_string = True
    omittable = False

    def zero(self) -> str:
        return "0"

    def read(self, value: Any, reading: Reading) -> str:
        if isinstance(value, str):
            return self._canonical(value.strip())
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return self._canonical(str(plain(value)) if is_number else "")

    @staticmethod
    def _canonical(text: str) -> str:
        try:
            return quantity.canonical(text)
        except ValueError as error:
            raise NotDecodableError(str(error)) from error

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, wire.bytes_field(1, (value or "0").encode()))

    def decode(self, value: int | memoryview, depth: int) -> str:
        text = _texts(value).get(1)
        return self._canonical(text) if text else "0"


class TimeType(Type):
    """A time, to the second or, if `micro`, to the microsecond."""

    go_kind = "struct"
    openapi_type = "string"
    openapi_format = "date-time"
    omittable = False

    def __init__(self, go_name: str, *, micro: bool) -> None:
        super().__init__(go_name)
        self._micro = micro
        self._canonical = times.canonical_micro_time if micro else times.canonical_time

    def zero(self) -> None:
        return None

    def read(self, value: Any, reading: Reading) -> str:
        if not isinstance(value, str):
            raise reading.mismatch(value, "string", "")
        try:
            return self._canonical(value)
        except ValueError as error:
            raise NotDecodableError(str(error)) from error

    def encode(self, tag: bytes, value: Any) -> bytes:
        if value is None:
            return wire.length_prefixed(tag, b"")
        seconds, nanoseconds = times.to_seconds(value)
        return wire.length_prefixed(tag, wire.integer_field(1, seconds) + wire.integer_field(2, nanoseconds))

    def decode(self, value: int | memoryview, depth: int) -> str | None:
        numbers = _numbers(value)
        if not numbers:
            return None
        try:
            return times.from_seconds(numbers.get(1, 0), numbers.get(2, 0), micro=self._micro)
        except ValueError as error:
            raise NotDecodableError(str(error)) from error


class IntOrStringType(Type):
    """`intstr.IntOrString`: an int32 or a string."""

    go_kind = "struct"
    int_or_string = True
    omittable = False

    def zero(self) -> int:
        return 0

    def read(self, value: Any, reading: Reading) -> Any:
        if isinstance(value, str) or (value.__class__ is int and -(1 << 31) <= value < 1 << 31):
            return value
        raise reading.mismatch(value, "int32", "", f"number {value}" if json_type(value) == "number" else "")

    def encode(self, tag: bytes, value: Any) -> bytes:
        is_text = isinstance(value, str)
        text, integer = (value, 0) if is_text else ("", value or 0)
        parts = wire.integer_field(1, is_text) + wire.integer_field(2, integer) + wire.bytes_field(3, text.encode())
        return wire.length_prefixed(tag, parts)

    def decode(self, value: int | memoryview, depth: int) -> int | str:
        numbers = _numbers(value)
        return _texts(value).get(3, "") if numbers.get(1) else numbers.get(2, 0)


class JSONType(Type):
    """Any JSON value (`apiextensions.k8s.io/v1.JSON`), kept as it is."""

    go_kind = "struct"
    omittable = False
    sorts_keys: ClassVar[bool] = False

    def zero(self) -> None:
        return None

    def read(self, value: Any, reading: Reading) -> Any:
        return value

    def write(self, value: Any) -> Any:
        return sorted_keys(value) if self.sorts_keys else value

    def encode(self, tag: bytes, value: Any) -> bytes:
        return wire.length_prefixed(tag, b"" if value is None else wire.bytes_field(1, orjson.dumps(value)))

    def decode(self, value: int | memoryview, depth: int) -> Any:
        raw = b""
        for number, wire_type, content in wire.fields(wire.octets(value)):
            if number == 1:
                if wire_type != wire.BYTES:
                    raise wire.wrong_wire_type(wire_type, number)
                raw = bytes(wire.octets(content))
        if not raw:
            return None
        try:
            decoded = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise NotDecodableError(f"embedded object is not JSON: {error}") from error
        check_depth(decoded, MAXIMUM_DEPTH - _PROTOBUF_DEPTH)
        return decoded


class ObjectType(JSONType):
    """An object of any type (`runtime.RawExtension`, `FieldsV1`)."""

    openapi_type = "object"
    sorts_keys = True


def _numbers(message: int | memoryview) -> dict[int, int]:
    found = wire.fields(wire.octets(message))
    return {number: wire.signed(value) for number, _, value in found if isinstance(value, int)}


def _texts(message: int | memoryview) -> dict[int, str]:
    found = wire.fields(wire.octets(message))
    return {number: wire.text(value) for number, _, value in found if not isinstance(value, int)}
