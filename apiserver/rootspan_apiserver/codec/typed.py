"""JSON into a built-in type: what remains of an object that was read into its Go struct and written again.

Reading drops what the type does not know (and says so), refuses what does not fit, and puts quantities, times and durations into their
canonical form. Structs that Go writes even when nothing is in them appear, empty scalars marked omitempty disappear, null counts as
absent.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.codec import times
from rootspan_apiserver.codec.problems import NotDecodableError, Problems
from rootspan_apiserver.codec.quantity import canonical as canonical_quantity
from rootspan_apiserver.codec.types import Field, Message, Type

JSONObject = dict[str, Any]

_ZERO: Mapping[str, Any] = {"s": "", "b": False, "i": 0, "l": 0, "f": 0, "q": "0", "d": "0s", "n": 0}
_INTEGERS = {"i": (-(1 << 31), (1 << 31) - 1), "l": (-(1 << 63), (1 << 63) - 1)}


class DuplicateKeys(dict[str, Any]):
    """A JSON object in which keys occurred more than once; the last value of each counts."""

    __slots__ = ("repeated",)
    repeated: tuple[str, ...]


def read(value: Any, message: Message, problems: Problems) -> JSONObject:
    """The object as its type reads it.

    Raises:
        NotDecodableError: a value does not fit its field.
    """
    if not isinstance(value, dict):
        raise NotDecodableError(f"json: cannot unmarshal {kind_of(value)} into Go value of type {go_name(message)}")
    return _struct(value, message, "", "", problems)


def go_name(message: Message) -> str:
    """The type's name in Go's errors: `v1.Pod`."""
    return Type("M", name=message.name).go_name


def _struct(value: JSONObject, message: Message, at: str, fields: str, problems: Problems) -> JSONObject:
    """`at` is the path with indices, for problems; `fields` the one without, for type errors."""
    known = message.json
    out: JSONObject = {}
    for key, item in value.items():
        field = known.get(key)
        if field is None:
            if at or key not in {"kind", "apiVersion"}:
                problems.add("unknown", f"{at}.{key}" if at else key)
            elif item is not None:
                if not isinstance(item, str):
                    raise _mismatch(item, "string", "TypeMeta", key)
                out[key] = item
        elif item is not None:
            kind = field.type
            code = kind.code
            if code == "s":
                if item.__class__ is not str:
                    raise _mismatch(item, "string", message.go_name, f"{fields}{key}")
                if item or kind.pointer or not field.omit_empty:
                    out[key] = item
                continue
            path = f"{at}.{key}" if at else key
            item = _value(item, kind, message, path, f"{fields}{key}", problems)
            if not (field.omit_empty and is_empty(item, kind)):
                out[key] = item
    if isinstance(value, DuplicateKeys):
        for key in value.repeated:
            problems.add("duplicate", f"{at}.{key}" if at else key)
    complete(out, message)
    return out


def complete(value: JSONObject, message: Message) -> None:
    """Adds the fields that Go writes even when nothing was set, save those it writes as null."""
    for key, field in _standing(message).items():
        if key not in value:
            value[key] = zero(field.type)


def _value(value: Any, kind: Type, owner: Message, at: str, fields: str, problems: Problems) -> Any:
    match kind.code:
        case "M":
            if not isinstance(value, dict):
                raise _mismatch(value, kind.go_name, owner.go_name, fields)
            return _struct(value, kind.message, at, fields + ".", problems)
        case "s" | "b" | "i" | "l" | "f":
            return _scalar(value, kind, owner, fields)
        case "[" | "x":
            return _list(value, kind, owner, at, fields, problems)
        case "{":
            if not isinstance(value, dict):
                raise _mismatch(value, kind.go_name, owner.go_name, fields)
            if isinstance(value, DuplicateKeys):
                for key in value.repeated:
                    problems.add("duplicate", f"{at}.{key}")
            of = kind.of
            if of.code == "s":
                return {key: _scalar(item, of, owner, fields) for key, item in value.items()}
            return {
                key: zero(of) if item is None else _value(item, of, owner, f"{at}.{key}", fields, problems)
                for key, item in value.items()
            }
        case "B" | "A" | "S":
            return _union(value, kind, owner, at, fields, problems)
        case "r" | "j" | "v":
            return value
        case _:
            return _well_known(value, kind, owner, fields)


def _scalar(value: Any, kind: Type, owner: Message, fields: str) -> Any:
    code = kind.code
    if value is None:
        return _ZERO[code]
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
        raise _mismatch(value, kind.go_name, owner.go_name, fields, f"number {value}")
    elif value.__class__ is float:
        if code == "f":
            return plain(value)
        raise _mismatch(value, kind.go_name, owner.go_name, fields, f"number {value!r}")
    raise _mismatch(value, kind.go_name, owner.go_name, fields)


def _list(value: Any, kind: Type, owner: Message, at: str, fields: str, problems: Problems) -> list[Any]:
    if not isinstance(value, list):
        raise _mismatch(value, kind.go_name, owner.go_name, fields)
    of = kind.element or Type("s")
    if of.code in "sbilf":
        return [_scalar(item, of, owner, fields) for item in value]
    return [
        zero(of) if item is None else _value(item, of, owner, f"{at}[{index}]", fields, problems)
        for index, item in enumerate(value)
    ]


def _union(value: Any, kind: Type, owner: Message, at: str, fields: str, problems: Problems) -> Any:
    if isinstance(value, dict):
        return _struct(value, kind.message, at, fields + ".", problems)
    if kind.code == "B" and isinstance(value, bool):
        return value
    if kind.code == "A" and isinstance(value, list):
        return _list(value, Type("[", element=Type("M", name=kind.name)), owner, at, fields, problems)
    if kind.code == "S" and isinstance(value, list):
        return _list(value, Type("x"), owner, at, fields, problems)
    wanted = {"B": "boolean JSON value", "A": "array or JSON object", "S": "array of strings or JSON object"}[kind.code]
    raise NotDecodableError(f"{wanted} expected")


def _well_known(value: Any, kind: Type, owner: Message, fields: str) -> Any:
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
                return times.duration(times.duration_nanoseconds(value))
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
    raise _mismatch(value, wanted, owner.go_name, fields)


def _first_illegal(text: str) -> int:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return next((index for index, letter in enumerate(text) if letter not in letters), len(text) // 4 * 4)


def _mismatch(value: Any, wanted: str, struct: str, fields: str, shown: str = "") -> NotDecodableError:
    text = f"json: cannot unmarshal {shown or kind_of(value)} into Go struct field {struct}.{fields} of type {wanted}"
    return NotDecodableError(text)


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


def search_duplicates(value: Any, at: str, problems: Problems) -> None:
    """Tells of the keys given twice anywhere in a value of no known type."""
    if isinstance(value, dict):
        for key, item in value.items():
            search_duplicates(item, f"{at}.{key}" if at else key, problems)
        if isinstance(value, DuplicateKeys):
            for key in value.repeated:
                problems.add("duplicate", f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            search_duplicates(item, f"{at}[{index}]", problems)


def is_empty(value: Any, kind: Type) -> bool:
    """Whether `omitempty` leaves the value out: a pointer or a struct is never empty."""
    return not kind.pointer and kind.code in "sbilf[{yx" and not value


_STANDING: dict[str, dict[str, Field]] = {}


def _standing(message: Message) -> dict[str, Field]:
    """The fields that Go writes even when nothing was set, those left out that it writes as null."""
    found = _STANDING.get(message.name)
    if found is None:
        found = {
            name: field
            for name, field in message.json.items()
            if always_written(field) and zero(field.type) is not None
        }
        _STANDING[message.name] = found
    return found


def always_written(field: Field) -> bool:
    """Whether Go writes the field even when nothing was set: it cannot be omitted, or is a struct and no pointer."""
    if field.omit_zero:
        return False
    return not field.omit_empty or (field.type.code in "Mnq" and not field.type.pointer)


def zero(kind: Type) -> Any:
    """What Go writes for a value that nobody set."""
    if kind.pointer:
        return None
    if kind.code == "M":
        return {name: zero(field.type) for name, field in _standing(kind.message).items()}
    return _ZERO.get(kind.code)
