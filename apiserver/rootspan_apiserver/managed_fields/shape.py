"""The granularity of ownership: as a whole or field by field, by the schema, or by the value where there is no schema.

Upstream: sigs.k8s.io/structured-merge-diff/v6/typed/helpers.go
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.schema import Schema, schema_named

ABSENT: Final = object()
ATOMIC: Final = Schema(map_type="atomic", nullable=True)
UNTYPED: Final = Schema(preserve_unknown_fields=True, nullable=True)


class SchemaMismatchError(Exception):
    """A value does not have the shape its schema gives it."""


def is_granular_map(value: Any, schema: Schema) -> bool:
    """Return whether the value is a map (or null where one belongs) whose fields are owned one by one."""
    return schema.map_type != "atomic" and (
        isinstance(value, dict) or (value is None and schema.type in {"object", ""})
    )


def is_associative_list(value: Any, schema: Schema) -> bool:
    """Return whether the value is a list (or null where one belongs) whose items are owned one by one."""
    return schema.list_type in {"map", "set"} and (isinstance(value, list) or value is None)


def field_schema(schema: Schema, name: str) -> Schema:
    """Return the schema of a map's field."""
    if name == "metadata" and schema.embedded_resource:
        return schema_named("meta/v1.ObjectMeta")
    known = schema.properties.get(name)
    if known is not None:
        return known
    if schema.additional is not None:
        return schema.additional
    return ATOMIC if schema.type == "object" and not schema.preserve_unknown_fields else UNTYPED


def item_schema(schema: Schema) -> Schema:
    """Return the schema of a list's items."""
    return schema.items or UNTYPED


def element(item: Any, schema: Schema) -> str:
    """Return the path element of an item of an associative list.

    Raises:
        SchemaMismatchError: the item has no key.
    """
    if schema.list_type == "set":
        if isinstance(item, dict):
            raise SchemaMismatchError("associative list without keys has an element that's a map type")
        if isinstance(item, list):
            raise SchemaMismatchError("not supported: associative list with lists as elements")
        if item is None:
            raise SchemaMismatchError("associative list without keys has an element that's an explicit null")
        return "v:" + orjson.dumps(item).decode()
    if item is None:
        raise SchemaMismatchError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise SchemaMismatchError("associative list with keys may not have non-map elements")
    found = {}
    names = schema.list_map_keys
    for name in sorted(names) if len(names) > 1 else names:
        value = item.get(name, ABSENT)
        if value is ABSENT:
            known = item_schema(schema).properties.get(name)
            value = plain(known.default) if known is not None else None
            if value is None:
                continue
        found[name] = value
    if not found:
        shown = "[" + " ".join(orjson.dumps(name).decode() for name in names) + "]"
        text = f"associative list with keys has an element that omits all key fields {shown}"
        raise SchemaMismatchError(f"{text} (and doesn't have default values for any key fields)")
    return "k:" + orjson.dumps(found).decode()


def by_element(items: Sequence[Any] | None, schema: Schema) -> dict[str, list[Any]]:
    """Return the items of an associative list under their path elements; several under one are duplicates.

    Raises:
        SchemaMismatchError: an item has no key.
    """
    found: dict[str, list[Any]] = {}
    for index, item in enumerate(items or ()):
        try:
            found.setdefault(element(item, schema), []).append(item)
        except SchemaMismatchError as error:
            raise SchemaMismatchError(f"element {index}: {error}") from error
    return found
