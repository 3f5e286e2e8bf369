"""The values that are no objects: how Go reads numbers, texts, quantities, times and bytes, and what it says when it cannot."""

import base64
import binascii
from typing import Any

from rootspan_apiserver.codec.problems import MismatchError, NotDecodableError
from rootspan_apiserver.codec.types import Message, Type
from rootspan_apiserver.codec.zero_values import zero
from rootspan_apiserver.kube import times
from rootspan_apiserver.kube.go_durations import format_duration, parse_duration
from rootspan_apiserver.kube.quantity import canonical as canonical_quantity

_INTEGERS = {"i": (-(1 << 31), (1 << 31) - 1), "l": (-(1 << 63), (1 << 63) - 1)}


def scalar(value: Any, kind: Type, owner: Message, fields: str) -> Any:
    """A text, number or boolean as the field of `owner` at the path `fields` reads it.

    Raises:
        NotDecodableError: of another kind, or out of range.
    """
    code = kind.code
    if value is None:
        return zero(kind)
    if code == "s":
        if value.__class__ is str:
            return value
    elif code == "b":
        if value.__class__ is bool:
            return value
    elif value.__class__ is int:
        if code == "f":
            return value
        low, high = _INTEGERS[code]
        if low <= value <= high:
            return value
        raise mismatch(value, kind.go_name, owner.go_name, fields, f"number {value}")
    elif value.__class__ is float:
        if code == "f":
            return plain(value)
        raise mismatch(value, kind.go_name, owner.go_name, fields, f"number {value!r}")
    raise mismatch(value, kind.go_name, owner.go_name, fields)


def well_known(value: Any, kind: Type, owner: Message, fields: str) -> Any:
    """A quantity, int-or-string, time, duration or bytes, in its canonical form.

    Raises:
        NotDecodableError: it is none.
    """
    try:
        match kind.code:
            case "q":
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    return canonical_quantity(value.strip() if isinstance(value, str) else str(plain(value)))
                return canonical_quantity("")
            case "n":
                low, high = _INTEGERS["i"]
                if isinstance(value, str) or (value.__class__ is int and low <= value <= high):
                    return value
            case "t" if isinstance(value, str):
                return times.canonical_time(value)
            case "m" if isinstance(value, str):
                return times.canonical_micro_time(value)
            case "d" if isinstance(value, str):
                return format_duration(parse_duration(value))
            case "y" if isinstance(value, str):
                return base64.b64encode(
                    base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
                ).decode()
    except binascii.Error as error:
        raise NotDecodableError(f"illegal base64 data at input byte {_first_illegal(value)}") from error
    except ValueError as error:
        raise NotDecodableError(str(error)) from error
    wanted = {"n": "int32", "t": "string", "m": "string", "d": "string"}.get(kind.code, kind.go_name)
    if kind.code in "tmdn":
        shown = f"number {value}" if kind_of(value) == "number" and kind.code == "n" else kind_of(value)
        raise NotDecodableError(f"json: cannot unmarshal {shown} into Go value of type {wanted}")
    raise mismatch(value, wanted, owner.go_name, fields)


def _first_illegal(text: str) -> int:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return next((index for index, letter in enumerate(text) if letter not in letters), len(text) // 4 * 4)


def mismatch(value: Any, wanted: str, struct: str, fields: str, shown: str = "") -> NotDecodableError:
    """What Go's decoder says of a value that its field cannot take."""
    text = f"json: cannot unmarshal {shown or kind_of(value)} into Go struct field {struct}.{fields} of type {wanted}"
    return MismatchError(text, value, wanted)


def kind_of(value: Any) -> str:
    """Go's name for the kind of a JSON value."""
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"


def plain(value: Any) -> Any:
    """A value of no known type as Go reads and writes it: a float without a fraction comes back as an integer."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value.__class__ is float and abs(value) < 1e21 and value.is_integer():
        return int(value)
    if value.__class__ is int and not -(1 << 63) <= value < 1 << 63:
        return float(value)
    return value
