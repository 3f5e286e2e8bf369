"""Compare two objects field by field.

Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go
"""

from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.managed_fields.field_set import MEMBER, FieldSet
from rootspan_apiserver.managed_fields.shape import (
    ABSENT,
    by_element,
    field_schema,
    is_associative_list,
    is_granular_map,
    item_schema,
)
from rootspan_apiserver.types.schema import Schema


@dataclass(frozen=True, slots=True)
class Comparison:
    """The fields that the second object lacks, has with another value, and has in addition; no field is in two of them."""

    removed: FieldSet
    modified: FieldSet
    added: FieldSet


def compare(old: Any, new: Any, schema: Schema) -> Comparison:
    """Return the changes from `old` to `new`, two objects of one schema.

    Raises:
        SchemaMismatchError: an item of a list has no key.
    """
    comparison = Comparison({}, {}, {})
    _both(old, new, schema, comparison)
    return comparison


def whole(value: Any, schema: Schema) -> FieldSet:
    """The node of a value that was not there before, or is there no more: itself and all below it.

    Raises:
        SchemaMismatchError: an item of a list has no key.
    """
    if not value or not isinstance(value, dict | list):
        return MEMBER
    if isinstance(value, dict):
        if schema.map_type == "atomic":
            return MEMBER
        properties = schema.properties
        out: FieldSet = {".": MEMBER}
        for name, item in value.items():
            if isinstance(item, dict | list) and item:
                out["f:" + name] = whole(item, properties.get(name) or field_schema(schema, name))
            else:
                out["f:" + name] = MEMBER
        return out
    if schema.list_type not in {"map", "set"}:
        return MEMBER
    of = item_schema(schema)
    items = by_element(value, schema)
    return {".": MEMBER} | {key: whole(same[0], of) if len(same) == 1 else MEMBER for key, same in items.items()}


def _child(old: Any, new: Any, schema: Schema, key: str, out: Comparison) -> None:
    if old is ABSENT:
        out.added[key] = whole(new, schema)
    elif new is ABSENT:
        out.removed[key] = whole(old, schema)
    elif old != new:
        if _is_leaf(old, new, schema):
            out.modified[key] = MEMBER
            for value, other, changes in ((old, new, out.removed), (new, old, out.added)):
                if isinstance(value, dict) and not isinstance(other, dict) and value and schema.map_type != "atomic":
                    changes[key] = {name: node for name, node in whole(value, schema).items() if name != "."}
            return
        below = Comparison({}, {}, {})
        _both(old, new, schema, below)
        if below.removed:
            out.removed[key] = below.removed
        if below.modified:
            out.modified[key] = below.modified
        if below.added:
            out.added[key] = below.added


def _is_leaf(old: Any, new: Any, schema: Schema) -> bool:
    if not old and not new:
        return True
    return not (
        (is_granular_map(old, schema) and is_granular_map(new, schema))
        or (is_associative_list(old, schema) and is_associative_list(new, schema))
    )


def _both(old: Any, new: Any, schema: Schema, out: Comparison) -> None:
    if isinstance(old, dict) or isinstance(new, dict):
        before, after = old or {}, new or {}
        for name, item in after.items():
            _child(before.get(name, ABSENT), item, field_schema(schema, name), "f:" + name, out)
        for name, item in before.items():
            if name not in after:
                out.removed["f:" + name] = whole(item, field_schema(schema, name))
    else:
        _lists(old, new, schema, out)


def _lists(old: Any, new: Any, schema: Schema, out: Comparison) -> None:
    of = item_schema(schema)
    before, after = by_element(old, schema), by_element(new, schema)
    for key in before | after:
        left, right = before.get(key, []), after.get(key, [])
        if len(left) <= 1 and len(right) <= 1:
            _child(left[0] if left else ABSENT, right[0] if right else ABSENT, of, key, out)
        elif len(left) > 1 and len(right) > 1:
            if left != right:
                out.modified[key] = MEMBER
        elif len(left) > 1:
            if right:
                out.added[key] = whole(right[0], of)
            out.removed[key] = MEMBER
        else:
            if left:
                out.removed[key] = whole(left[0], of)
            out.added[key] = MEMBER
