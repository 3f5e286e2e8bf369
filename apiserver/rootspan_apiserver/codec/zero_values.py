"""What Go writes for what nobody set: fields left out, empty structs, zeros, nulls."""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.codec.types import Field, Message, Type
from rootspan_apiserver.kube.meta import JSONObject

_ZERO: Mapping[str, Any] = {"s": "", "b": False, "i": 0, "l": 0, "f": 0, "q": "0", "d": "0s", "n": 0}


def complete(value: JSONObject, message: Message) -> None:
    """Adds the fields that Go writes even when nothing was set, save those it writes as null."""
    for key, field in _standing(message).items():
        if key not in value:
            value[key] = zero(field.type)


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
