"""Objects into `application/vnd.kubernetes.protobuf`, byte for byte as Go writes them: fields by number, all that are no pointers."""

import base64
from collections.abc import Iterator
from typing import Any

import orjson

from rootspan_apiserver.codec import wire
from rootspan_apiserver.codec.protobuf import MAGIC
from rootspan_apiserver.codec.types import Message, Type, message_of
from rootspan_apiserver.kube import times
from rootspan_apiserver.kube.go_durations import parse_duration
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject


def encode(obj: JSONObject, kind: GroupVersionKind) -> bytes | None:
    """The object in its envelope; None for a kind that has no protobuf, as custom resources.

    The envelope names the version that the object names, which discovery leaves out below `/api`.
    """
    message = message_of(kind)
    if message is None or not (message.by_number or not message.fields):
        return None
    type_meta = wire.bytes_field(1, obj.get("apiVersion", "").encode()) + wire.bytes_field(2, kind.kind.encode())
    body = b"".join(_fields(obj, message))
    return (
        MAGIC
        + wire.bytes_field(1, type_meta)
        + wire.bytes_field(2, body)
        + wire.bytes_field(3, b"")
        + wire.bytes_field(4, b"")
    )


def _fields(obj: JSONObject, message: Message) -> Iterator[bytes]:
    for number, field in sorted(message.by_number.items()):
        kind = field.type
        if not field.name:
            yield wire.bytes_field(number, b"".join(_fields(obj, kind.message)))
            continue
        value = obj.get(field.name)
        if kind.code == "[":
            for item in value or ():
                yield _field(number, item, kind.of)
        elif kind.code == "{":
            for key in sorted(value or ()):
                entry = wire.bytes_field(1, key.encode()) + _field(2, (value or {})[key], kind.of)
                yield wire.bytes_field(number, entry)
        elif value is not None or not (kind.pointer or kind.code in "yx"):
            yield _field(number, value, kind)


def _field(number: int, value: Any, kind: Type) -> bytes:
    match kind.code:
        case "b" | "i" | "l":
            return wire.integer_field(number, int(value or 0))
        case "f":
            return wire.double_field(number, value or 0)
        case "s":
            return wire.bytes_field(number, (value or "").encode())
        case "M":
            return wire.bytes_field(number, b"".join(_fields(value or {}, kind.message)))
        case _:
            return wire.bytes_field(number, _special(value, kind))


def _special(value: Any, kind: Type) -> bytes:
    match kind.code:
        case "y":
            return base64.b64decode(value or "")
        case "q":
            return wire.bytes_field(1, (value or "0").encode())
        case "t" | "m":
            return b"" if value is None else _time(value)
        case "d":
            return wire.integer_field(1, parse_duration(value or "0"))
        case "n":
            text = value if isinstance(value, str) else ""
            integer = 0 if isinstance(value, str) else value or 0
            return (
                wire.integer_field(1, int(isinstance(value, str)))
                + wire.integer_field(2, integer)
                + wire.bytes_field(3, text.encode())
            )
        case "x":
            return b"".join(wire.bytes_field(1, item.encode()) for item in value or ())
        case "B" | "A" | "S":
            return _union(value, kind)
        case _:
            return b"" if value is None else wire.bytes_field(1, orjson.dumps(value))


def _time(text: str) -> bytes:
    seconds, nanoseconds = times.to_seconds(text)
    return wire.integer_field(1, seconds) + wire.integer_field(2, nanoseconds)


def _union(value: Any, kind: Type) -> bytes:
    schema = b"".join(_fields(value, kind.message)) if isinstance(value, dict) else None
    if kind.code == "B":
        allows = wire.integer_field(1, int(schema is not None or bool(value)))
        return allows if schema is None else allows + wire.bytes_field(2, schema)
    if schema is not None:
        return wire.bytes_field(1, schema)
    items = value or ()
    if kind.code == "S":
        return b"".join(wire.bytes_field(2, item.encode()) for item in items)
    return b"".join(wire.bytes_field(2, b"".join(_fields(item, kind.message))) for item in items)
