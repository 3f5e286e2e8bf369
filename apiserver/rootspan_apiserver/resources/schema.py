"""The shape of a type: what merging, applying, defaulting, pruning and validating need to know of each field.

One value serves the built-in types (read from the facts) and custom resources (read from their structural schemas).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JUNCTORS = ("allOf", "anyOf", "oneOf")


@dataclass(slots=True, eq=False)
class Schema:
    """A node of the tree of types; recursive types point back to themselves, so compare by identity.

    `type` is an OpenAPI type, or "" where anything may stand. `properties` are an object's known fields, `additional` the schema of a
    map's values, `items` that of an array's elements. `list_type`, `list_map_keys` and `map_type` steer server-side apply,
    `patch_strategies` and `patch_merge_key` the strategic merge patch (x-kubernetes-* extensions of the published OpenAPI). `pointer`
    tells of a built-in type's optional scalar that its zero value is kept; without it the server leaves zero values out.
    """

    type: Literal["object", "array", "string", "integer", "number", "boolean", ""] = ""
    format: str = ""
    properties: Mapping[str, "Schema"] = field(default_factory=dict)
    additional: "Schema | None" = None
    items: "Schema | None" = None
    required: frozenset[str] = frozenset()
    default: Any = None
    enum: tuple[Any, ...] = ()
    nullable: bool = False
    int_or_string: bool = False
    preserve_unknown_fields: bool = False
    embedded_resource: bool = False
    list_type: Literal["atomic", "set", "map", ""] = ""
    list_map_keys: tuple[str, ...] = ()
    map_type: Literal["atomic", "granular", ""] = ""
    patch_strategies: frozenset[str] = frozenset()
    patch_merge_key: str = ""
    pointer: bool = False
    constraints: Mapping[str, Any] = field(default_factory=dict)
