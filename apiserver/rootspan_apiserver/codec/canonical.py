"""The form in which Go writes an object of a built-in type: the order of its fields, what stands though empty, what is null."""

from typing import Any

from rootspan_apiserver.codec.types import Message, Type, message_of
from rootspan_apiserver.codec.zero_values import always_written, is_empty, zero
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject


def canonical(value: JSONObject, kind: GroupVersionKind) -> JSONObject:
    """The object as the real server writes it: kind and apiVersion first, fields in order of declaration, map keys sorted, nil lists and
    maps as null where they are not left out. Values are taken as they are; unknown fields are dropped.

    An object of a kind that is not built in has its keys sorted, as the real server writes custom resources.
    """
    message = message_of(kind)
    if message is None:
        return {key: _sorted(value[key]) for key in sorted(value)}
    return _ordered(value, message)


def empty_object(kind: GroupVersionKind) -> JSONObject:
    """A built-in object in which nothing was set, as Go writes it (`{"metadata": {}, "spec": {"containers": None}, …}`); {} for a
    kind that is not built in."""
    message = message_of(kind)
    return _ordered({}, message) if message else {}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _ordered(value: JSONObject, message: Message) -> JSONObject:
    out: JSONObject = {key: value[key] for key in ("kind", "apiVersion") if key in value} if message.is_kind else {}
    get = value.get
    for name, field in message.json.items():
        item = get(name)
        kind = field.type
        code = kind.code
        if item is None:
            if always_written(field):
                out[name] = _ordered({}, kind.message) if code == "M" and not kind.pointer else zero(kind)
        elif code == "M":
            out[name] = _ordered(item, kind.message)
        elif not (field.omit_empty and is_empty(item, kind)):
            out[name] = _items(item, kind) if code in "[{" else _sorted(item) if code in "vr" else item
    return out


def _items(value: Any, kind: Type) -> Any:
    of = kind.of
    if kind.code == "[":
        return [_item(item, of) for item in value] if of.code in "M[{" else value
    return {key: _item(value[key], of) for key in sorted(value)}


def _item(value: Any, kind: Type) -> Any:
    if kind.code == "M":
        return _ordered(value or {}, kind.message)
    return _items(value, kind) if kind.code in "[{" and value is not None else value
