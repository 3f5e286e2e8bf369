"""The fields of a JSON request.

Names are read in snake_case and camelCase, 64-bit integers as numbers and strings, enums by name and number, null as
absent; fields that are not asked for are ignored. Each reader raises GatewayError for a value of the wrong type.
"""

from functools import cache
from typing import Any

import orjson
from pybase64 import b64decode

from rootspan_apiserver.embedded_etcd.errors import INVALID_ARGUMENT, GatewayError

Document = dict[str, Any]


def document(body: bytes) -> Document:
    """Raises GatewayError unless `body` is a JSON object, or nothing."""
    if not body:
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise GatewayError(INVALID_ARGUMENT, str(exc)) from exc
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _mistyped(found, "an object")
    return found


def _mistyped(found: object, wanted: str) -> GatewayError:
    return GatewayError(INVALID_ARGUMENT, f"json: cannot unmarshal {type(found).__name__} into {wanted}")


def field(source: Document, name: str) -> Any:
    """Return the field as it stands; `name` is in snake_case."""
    found = source.get(name)
    return source.get(_camel_case(name)) if found is None else found


@cache
def _camel_case(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(map(str.capitalize, tail))


def integer(source: Document, name: str) -> int:
    """Return a 64-bit integer, 0 if it is absent."""
    found = field(source, name)
    if found is None:
        return 0
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise _mistyped(found, "int64")
    try:
        number = int(found)
    except ValueError as exc:
        raise GatewayError(INVALID_ARGUMENT, f"invalid character in int64 {name}") from exc
    if number.bit_length() > 63:
        raise GatewayError(INVALID_ARGUMENT, f"int64 {name} is out of range")
    return number


def boolean(source: Document, name: str) -> bool:
    """Return a boolean, False if it is absent."""
    found = field(source, name)
    if found is None:
        return False
    if not isinstance(found, bool):
        raise _mistyped(found, "bool")
    return found


def octets(source: Document, name: str) -> bytes:
    """Return bytes, b'' if they are absent."""
    found = field(source, name)
    if found is None:
        return b""
    if not isinstance(found, str):
        raise _mistyped(found, "[]uint8")
    try:
        return b64decode(found, validate=True)
    except ValueError as exc:
        raise GatewayError(INVALID_ARGUMENT, "illegal base64 data at input byte 0") from exc


def message(source: Document, name: str) -> Document | None:
    """Return an object, None if it is absent."""
    found = field(source, name)
    if found is not None and not isinstance(found, dict):
        raise _mistyped(found, "an object")
    return found


def messages(source: Document, name: str) -> list[Document]:
    """Return a list of objects, empty if it is absent."""
    found = field(source, name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise _mistyped(found, "an array")
    for item in found:
        if not isinstance(item, dict):
            raise _mistyped(item, "an object")
    return found


def enumerated(source: Document, name: str, values: tuple[str, ...]) -> str:
    """One of `values`, of which the first is the default."""
    found = field(source, name)
    if found is None:
        return values[0]
    if isinstance(found, int) and 0 <= found < len(values):
        return values[found]
    if found in values:
        return str(found)
    raise GatewayError(INVALID_ARGUMENT, f"unknown value {orjson.dumps(found).decode()} for enum {name}")
