"""Sets of fields, in the form in which `managedFields` carries them (FieldsV1).

A node is a dict. Its keys are path elements: `f:name` a field, `k:{"name":"c"}` the item of a list with these keys, `v:"x"` the item of a
set. A node that is empty is a member of the set; one with children is a member only if it holds the key `.`. The set itself is the root
node, of which membership says nothing. Nodes are never changed once made; the functions share what they can.

Upstream: sigs.k8s.io/structured-merge-diff/v6/fieldpath/set.go, serialize.go
"""

from collections.abc import Iterator
from typing import Any, cast

import orjson

FieldSet = dict[str, Any]

MEMBER: FieldSet = {}


def is_member(node: FieldSet) -> bool:
    """Return whether a node is itself a member of the set."""
    return not node or "." in node


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return what is in either set."""
    return _union(one, other) if one and other else one or other


def _union(one: FieldSet, other: FieldSet) -> FieldSet:
    out = dict(one)
    for key, node in other.items():
        mine = out.get(key)
        if mine is None:
            out[key] = node
        elif key != "." and mine is not node:
            merged = _union(mine, node)
            if merged and (is_member(mine) or is_member(node)):
                merged["."] = MEMBER
            out[key] = merged
    return out


def _put(out: FieldSet, key: str, member: bool, children: FieldSet) -> None:
    """Put into `out` what is left of a node; nothing if it is neither a member nor has any below it."""
    if member:
        out[key] = {".": MEMBER, **children} if children else MEMBER
    elif children:
        out[key] = children


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """The members of one that are not members of the other."""
    out: FieldSet = {}
    for key, node in one.items():
        if key == ".":
            continue
        taken = other.get(key)
        if taken is None:
            out[key] = node
            continue
        _put(out, key, is_member(node) and not is_member(taken), difference(node, taken))
    return out


def without(one: FieldSet, other: FieldSet) -> FieldSet:
    """The members of one that are neither members of the other nor below one."""
    out: FieldSet = {}
    for key, node in one.items():
        if key == ".":
            continue
        taken = other.get(key)
        if taken is None:
            out[key] = node
        elif not is_member(taken):
            _put(out, key, is_member(node), without(node, taken))
    return out


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """Return what is in both sets."""
    out: FieldSet = {}
    for key, node in one.items():
        theirs = other.get(key)
        if theirs is None or key == ".":
            continue
        _put(out, key, is_member(node) and is_member(theirs), intersection(node, theirs))
    return out


def paths(fields: FieldSet, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the members' paths: those of a node first, then those below it."""
    keys = [key for key in _in_order(fields) if key != "."]
    for key in keys:
        if is_member(fields[key]):
            yield (*prefix, key)
    for key in keys:
        yield from paths(fields[key], (*prefix, key))


def path_text(path: tuple[str, ...]) -> str:
    """Return a path as messages show it: `.spec.containers[name="c"].image`."""
    return "".join(map(_element_text, path))


def _element_text(element: str) -> str:
    kind, _, text = element.partition(":")
    if kind == "f":
        return f".{text}"
    if kind == "k":
        return "[" + ",".join(f"{name}={_shown(value)}" for name, value in orjson.loads(text).items()) + "]"
    return f"[{text}]" if kind == "i" else f"[={text}]"


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()


def ordered(fields: FieldSet) -> FieldSet:
    """Return the set with the keys of each node in the order in which the real server writes them."""
    if len(fields) == 1:
        key, node = next(iter(fields.items()))
        return {key: ordered(node)} if node else fields
    return {key: ordered(node) if (node := fields[key]) else node for key in _in_order(fields)}


def _in_order(fields: FieldSet) -> list[str]:
    keys = sorted(fields)
    if len(keys) > 1 and keys[-1][0] != "f":
        keys.sort(key=_order)
    return keys


def _order(element: str) -> tuple[Any, ...]:
    kind, _, text = element.partition(":")
    if kind == "k":
        values = cast("dict[str, Any]", orjson.loads(text))
        return (2, tuple((name, _value_order(value)) for name, value in values.items()))
    if kind == "v":
        return (3, _value_order(orjson.loads(text)))
    return (1 if kind == "f" else 0, text)


def _value_order(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, int | float):
        return (0, value)
    return (1, value) if isinstance(value, str) else (3, _shown(value))
