"""JSON into a built-in type: what remains of an object that was read into its Go struct and written again.

Reading drops what the type does not know (and says so), refuses what does not fit, and puts quantities, times and durations into their
canonical form. Structs that Go writes even when nothing is in them appear, empty scalars marked omitempty disappear, null counts as
absent.
"""

from typing import Any

from rootspan_apiserver.codec.problems import NotDecodableError, Problems
from rootspan_apiserver.codec.scalars import kind_of, mismatch, scalar, well_known
from rootspan_apiserver.codec.types import Message, Type
from rootspan_apiserver.codec.zero_values import complete, is_empty, zero
from rootspan_apiserver.kube.meta import JSONObject

__all__ = ["DuplicateKeys", "go_name", "kind_of", "read", "search_duplicates"]


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
            if key not in {"kind", "apiVersion"} or (at and not message.is_kind):
                problems.add("unknown", f"{at}.{key}" if at else key)
            elif item is not None:
                if not isinstance(item, str):
                    raise mismatch(item, "string", "TypeMeta", key)
                out[key] = item
        elif item is not None:
            kind = field.type
            code = kind.code
            if code == "s":
                if item.__class__ is not str:
                    raise mismatch(item, "string", message.go_name, f"{fields}{key}")
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


def _value(value: Any, kind: Type, owner: Message, at: str, fields: str, problems: Problems) -> Any:
    match kind.code:
        case "M":
            if not isinstance(value, dict):
                raise mismatch(value, kind.go_name, owner.go_name, fields)
            return _struct(value, kind.message, at, fields + ".", problems)
        case "s" | "b" | "i" | "l" | "f":
            return scalar(value, kind, owner, fields)
        case "[" | "x":
            return _list(value, kind, owner, at, fields, problems)
        case "{":
            if not isinstance(value, dict):
                raise mismatch(value, kind.go_name, owner.go_name, fields)
            if isinstance(value, DuplicateKeys):
                for key in value.repeated:
                    problems.add("duplicate", f"{at}.{key}")
            of = kind.of
            if of.code == "s":
                return {key: scalar(item, of, owner, fields) for key, item in value.items()}
            return {
                key: zero(of) if item is None else _value(item, of, owner, f"{at}.{key}", fields, problems)
                for key, item in value.items()
            }
        case "B" | "A" | "S":
            return _union(value, kind, owner, at, fields, problems)
        case "r" | "j" | "v":
            return value
        case _:
            return well_known(value, kind, owner, fields)


def _list(value: Any, kind: Type, owner: Message, at: str, fields: str, problems: Problems) -> list[Any]:
    if not isinstance(value, list):
        raise mismatch(value, kind.go_name, owner.go_name, fields)
    of = kind.element or Type("s")
    if of.code in "sbilf":
        return [scalar(item, of, owner, fields) for item in value]
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
