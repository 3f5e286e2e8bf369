"""Merge an applied configuration into an object, and remove fields from an object.

Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go, remove.go
"""

from typing import Any

from rootspan_apiserver.managed_fields.field_set import MEMBER, FieldSet, is_member
from rootspan_apiserver.managed_fields.shape import (
    ABSENT,
    by_element,
    element,
    field_schema,
    is_associative_list,
    is_granular_map,
    item_schema,
)
from rootspan_apiserver.types.schema import Schema


def merge(live: Any, applied: Any, schema: Schema) -> Any:
    """Return the live value with the applied one laid over it. Nothing is removed; associative lists take the
    applied order where it speaks.

    Raises:
        SchemaMismatchError: an item of a list has no key.
    """
    if applied is ABSENT or live is ABSENT or (not live and not applied):
        return live if applied is ABSENT else applied
    if is_granular_map(live, schema) and is_granular_map(applied, schema):
        before, after = live or {}, applied or {}
        return {
            name: merge(before.get(name, ABSENT), after.get(name, ABSENT), field_schema(schema, name))
            for name in before | after
        }
    if is_associative_list(live, schema) and is_associative_list(applied, schema):
        return _merge_lists(live or [], applied or [], schema)
    return applied


def _merge_lists(live: list[Any], applied: list[Any], schema: Schema) -> list[Any]:
    of = item_schema(schema)
    theirs = {key: items[0] for key, items in by_element(applied, schema).items()}
    ours = [(element(item, schema), item) for item in live]
    unique = {key: items[0] if len(items) == 1 else ABSENT for key, items in by_element(live, schema).items()}
    order = list(theirs)
    shared = [key for key in order if key in unique]
    out: list[Any] = []
    left = right = following = 0
    while left < len(ours) or right < len(order):
        if left < len(ours):
            key, item = ours[left]
            if key not in theirs:
                out.append(item)
                left += 1
                continue
            if right < len(order) and order[right] == key:
                out.append(merge(unique[key], theirs[key], of))
                left, right, following = left + 1, right + 1, following + 1
                continue
            if following >= len(shared) or shared[following] != key:
                left += 1
                continue
        key = order[right]
        out.append(merge(unique.get(key, ABSENT), theirs[key], of))
        right += 1
        if following < len(shared) and shared[following] == key:
            following += 1
    return out


def field_set(value: Any, schema: Schema) -> FieldSet:
    """Return the fields an applied configuration speaks of: leaves, items of lists, and keys of maps."""
    if isinstance(value, dict) and schema.map_type != "atomic":
        out: FieldSet = {}
        for name, item in value.items():
            node = _node(item, field_schema(schema, name))
            if node and name not in schema.properties:
                node = {".": MEMBER, **node}
            if node is not None:
                out["f:" + name] = node
        return out
    if isinstance(value, list) and schema.list_type in {"map", "set"}:
        of = item_schema(schema)
        return {
            key: {".": MEMBER, **children} if len(items) == 1 and (children := field_set(items[0], of)) else MEMBER
            for key, items in by_element(value, schema).items()
        }
    return {}


def _node(value: Any, schema: Schema) -> FieldSet | None:
    if value and isinstance(value, dict) and schema.map_type != "atomic":
        return field_set(value, schema) or None
    if isinstance(value, list) and schema.list_type in {"map", "set"}:
        return field_set(value, schema) or None
    return MEMBER


def named_fields_as_members(fields: FieldSet, schema: Schema) -> FieldSet:
    """The set in which the fields a struct declares are members wherever one below them is."""
    out: FieldSet = {}
    for key, node in fields.items():
        if not node or key == ".":
            out[key] = node
        elif key.startswith("f:"):
            name = key[2:]
            below = named_fields_as_members(node, field_schema(schema, name))
            out[key] = {".": MEMBER, **below} if name in schema.properties else below
        else:
            out[key] = named_fields_as_members(node, item_schema(schema))
    return out


def remove(value: Any, fields: FieldSet, schema: Schema) -> Any:
    """Return the value without the members of the set; what becomes empty by it is null."""
    if not value:
        return None if isinstance(value, dict | list) else value
    if isinstance(value, dict):
        if schema.map_type == "atomic":
            return None
        kept = {}
        for name, item in value.items():
            node = fields.get("f:" + name)
            if node is None:
                kept[name] = item
            elif not is_member(node):
                kept[name] = remove(item, node, field_schema(schema, name))
        return kept or None
    if isinstance(value, list):
        if schema.list_type not in {"map", "set"}:
            return None
        of = item_schema(schema)
        items = []
        for item in value:
            node = fields.get(element(item, schema))
            if node is None:
                items.append(item)
            elif not is_member(node):
                items.append(remove(item, node, of))
        return items or None
    return value


def without_nulls(value: Any, schema: Schema) -> Any:
    """The value without the fields that are null and may not be."""
    if isinstance(value, dict):
        fields = ((name, item, field_schema(schema, name)) for name, item in value.items())
        return {name: without_nulls(item, known) for name, item, known in fields if item is not None or known.nullable}
    if isinstance(value, list):
        return [without_nulls(item, item_schema(schema)) for item in value]
    return value
