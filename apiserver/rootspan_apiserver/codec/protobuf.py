"""`application/vnd.kubernetes.protobuf`: four bytes of magic, then an envelope with kind, apiVersion and the object's own message.

Go's encoder writes every field that is not a pointer, zero or not. The decoder therefore leaves out zero values as the JSON tags tell,
so that an object is the same whichever way it came.
"""

import base64
from typing import Any

import orjson

from rootspan_apiserver.codec import wire
from rootspan_apiserver.codec.json_body import MAXIMUM_DEPTH, check_depth
from rootspan_apiserver.codec.problems import NotDecodableError
from rootspan_apiserver.codec.scalars import plain
from rootspan_apiserver.codec.types import Field, Message, Type, message_of
from rootspan_apiserver.codec.zero_values import complete, is_empty, zero
from rootspan_apiserver.kube import quantity, times
from rootspan_apiserver.kube.go_durations import format_duration
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject

MAGIC = b"k8s\x00"
_MAXIMUM_DEPTH = 100
_PACKABLE = frozenset("ilb")


def decode(body: bytes, expected: GroupVersionKind) -> tuple[JSONObject, GroupVersionKind]:
    """The object of an enveloped message, without kind and apiVersion, and what it says it is.

    Raises:
        NotDecodableError: no such message, or of a kind other than the expected.
    """
    if not body.startswith(MAGIC):
        raise NotDecodableError(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    api_version = kind = content_type = ""
    raw = memoryview(b"")
    for number, wire_type, value in wire.fields(memoryview(body)[len(MAGIC) :]):
        content = _bytes(value, wire_type, number)
        if number == 1:
            for inner, inner_type, text in wire.fields(content):
                if inner == 1:
                    api_version = _text(_bytes(text, inner_type, inner))
                elif inner == 2:
                    kind = _text(_bytes(text, inner_type, inner))
        elif number == 2:
            raw = content
        elif number == 4:
            content_type = _text(content)
    group, _, version = api_version.rpartition("/")
    actual = GroupVersionKind(group, version, kind) if api_version else expected
    actual = actual if kind else GroupVersionKind(actual.group, actual.version, expected.kind)
    message = message_of(actual)
    if message is None or actual.kind != expected.kind:
        raise NotDecodableError(f'no kind "{actual.kind}" is registered for version "{actual.api_version}"')
    if content_type not in {"", "application/vnd.kubernetes.protobuf"}:
        raise NotDecodableError(f"encoded content type {content_type!r} is not supported inside the envelope")
    return read(raw, message), actual


def read(data: memoryview, message: Message, depth: int = 0) -> JSONObject:
    """A message as JSON, in the form that reading its JSON would have given.

    Raises:
        NotDecodableError: not of this type.
    """
    found: JSONObject = {}
    _fill(found, data, message, depth)
    out: JSONObject = {}
    for name, field in message.json.items():
        value = found.get(name)
        if value is not None and not (field.omit_empty and is_empty(value, field.type)):
            out[name] = value
    complete(out, message)
    return out


def _fill(found: JSONObject, data: memoryview, message: Message, depth: int) -> None:
    if depth > _MAXIMUM_DEPTH:
        raise NotDecodableError("exceeded max depth")
    for number, wire_type, value in wire.fields(data):
        field = message.by_number.get(number)
        if field is None:
            continue
        kind = field.type
        if not field.name:
            _fill(found, _bytes(value, wire_type, number), kind.message, depth + 1)
        elif kind.code == "[":
            items = found.setdefault(field.name, [])
            if wire_type == wire.BYTES and kind.of.code in _PACKABLE:
                items.extend(
                    _value(item, wire.VARINT, kind.of, field, depth) for item in wire.varints(_bytes(value, 2, number))
                )
            else:
                items.append(_value(value, wire_type, kind.of, field, depth))
        elif kind.code == "{":
            key, item = _entry(_bytes(value, wire_type, number), kind.of, field, depth)
            found.setdefault(field.name, {})[key] = item
        else:
            found[field.name] = _value(value, wire_type, kind, field, depth)


def _entry(data: memoryview, of: Type, field: Field, depth: int) -> tuple[str, Any]:
    key: str = ""
    item: Any = zero(of)
    for number, wire_type, value in wire.fields(data):
        if number == 1:
            key = _text(_bytes(value, wire_type, number))
        elif number == 2:
            item = _value(value, wire_type, of, field, depth)
    return key, item


def _value(value: int | memoryview, wire_type: int, kind: Type, field: Field, depth: int) -> Any:
    code = kind.code
    if code in "ilb":
        if not isinstance(value, int):
            raise _wrong_wire_type(wire_type, field.number)
        return bool(value) if code == "b" else wire.signed(value)
    data = _bytes(value, wire_type, field.number, double=code == "f")
    match code:
        case "s":
            return _text(data)
        case "M":
            return read(data, kind.message, depth + 1)
        case "f":
            return plain(wire.double(data))
        case "y":
            return base64.b64encode(data).decode()
        case "B" | "A" | "S":
            return _union(data, kind, field, depth)
        case "x":
            return [_text(_bytes(item, inner, number)) for number, inner, item in wire.fields(data) if number == 1]
        case "r" | "j" | "v":
            return _embedded(data)
        case _:
            return _well_known(data, code)


def _well_known(data: memoryview, code: str) -> Any:
    parts = {number: value for number, _, value in wire.fields(data)}
    numbers = {number: wire.signed(value) for number, value in parts.items() if isinstance(value, int)}
    texts = {number: _text(value) for number, value in parts.items() if isinstance(value, memoryview)}
    try:
        match code:
            case "q":
                return quantity.canonical(texts[1]) if texts.get(1) else "0"
            case "n":
                return texts.get(3, "") if numbers.get(1) else numbers.get(2, 0)
            case "d":
                return format_duration(numbers.get(1, 0))
            case _:
                return times.from_seconds(numbers.get(1, 0), numbers.get(2, 0), micro=code == "m") if parts else None
    except ValueError as error:
        raise NotDecodableError(str(error)) from error


def _union(data: memoryview, kind: Type, field: Field, depth: int) -> Any:
    schema: JSONObject | None = None
    items: list[Any] = []
    allows = False
    for number, wire_type, value in wire.fields(data):
        if kind.code == "B" and number == 1:
            allows = bool(value)
        elif number == (2 if kind.code == "B" else 1):
            schema = read(_bytes(value, wire_type, number), kind.message, depth + 1)
        elif number == 2:
            content = _bytes(value, wire_type, number)
            items.append(_text(content) if kind.code == "S" else read(content, kind.message, depth + 1))
    if kind.code == "B":
        return allows if schema is None else schema
    return items if items or schema is None else schema


def _embedded(data: memoryview) -> Any:
    raw = b""
    for number, wire_type, value in wire.fields(data):
        if number == 1:
            raw = bytes(_bytes(value, wire_type, number))
    if not raw:
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotDecodableError(f"embedded object is not JSON: {error}") from error
    check_depth(value, MAXIMUM_DEPTH - _MAXIMUM_DEPTH)
    return value


def _bytes(value: int | memoryview, wire_type: int, number: int, *, double: bool = False) -> memoryview:
    if isinstance(value, int) or wire_type != (wire.FIXED64 if double else wire.BYTES):
        raise _wrong_wire_type(wire_type, number)
    return value


def _wrong_wire_type(wire_type: int, number: int) -> NotDecodableError:
    return NotDecodableError(f"proto: wrong wireType = {wire_type} for field {number}")


def _text(data: memoryview) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise NotDecodableError("proto: string field contains invalid UTF-8") from error
